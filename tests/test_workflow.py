"""The workflows: what is pinned, what is measured, and that it can be had."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.committed import records

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "tests.yml"
TEXT = WORKFLOW.read_text()
ALL = {file.name: file.read_text() for file in sorted(WORKFLOW.parent.glob("*.yml"))}
NEWEST = ALL["newest.yml"]
SCRIPT = ROOT / ".github" / "newest.sh"

MEASURED = re.findall(r"^ +- ((?:cpython|pypy)-[\d.]+)$", TEXT, re.MULTILINE)
ON_RECORD = {record.interpreter_id for record in records()}
OLDEST = (3, 8)
"""Of those before, no runner and no installer has any."""


def checked(*files: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("check-jsonschema")
    if not tool.exists():
        pytest.skip("check-jsonschema is not in this environment")
    return subprocess.run(
        [tool, "--builtin-schema", "vendor.github-workflows", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_they_follow_githubs_schema(tmp_path: Path) -> None:
    """And the check sees a key that is misspelt, in each of them."""
    assert checked(*(WORKFLOW.with_name(name) for name in ALL)).returncode == 0
    for name, text in ALL.items():
        (tmp_path / name).write_text(text.replace("runs-on:", "run-on:", 1))
    done = checked(*(tmp_path / name for name in ALL))
    assert done.returncode == 1
    assert all(str(tmp_path / name) in done.stdout for name in ALL)


def test_actions_are_pinned_by_their_commit() -> None:
    """A tag can be moved; the version stands beside the hash, for people."""
    used = [one for text in ALL.values() for one in re.findall(r"uses: (.*)", text)]
    assert len(used) > 5
    for one in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_one_action_has_one_version() -> None:
    """The same everywhere."""
    text = "\n".join(ALL.values())
    pairs = {tuple(one.split("@")) for one in re.findall(r"uses: (\S+)", text)}
    assert len(pairs) == len({name for name, _ in pairs})


def test_the_site_is_made_by_the_target_that_people_use() -> None:
    """And what is published is the folder that was written; no step may write to the repository."""
    text = ALL["pages.yml"]
    assert re.search(r"run: make site PYTHON=python ARGS='--to (\w+)'", text)
    assert "path: site" in text
    assert "contents: write" not in text


@pytest.mark.parametrize("interpreter", MEASURED)
def test_what_is_measured_is_on_record(interpreter: str) -> None:
    """Else `diff` would have nothing to compare it with, and pass."""
    assert any(id == interpreter or id.startswith(f"{interpreter}-") for id in ON_RECORD)


def test_every_release_on_record_is_measured() -> None:
    """One interpreter of each minor version, of CPython and of the newest PyPy."""

    def minor(id: str) -> tuple[str, tuple[int, ...]]:
        family, version = id.split("-")[:2]
        return family, tuple(int(part) for part in re.findall(r"\d+", version)[:2])

    there = {minor(id) for id in MEASURED}
    wanted = {one for one in map(minor, ON_RECORD) if one[0] == "cpython" and one[1] >= OLDEST}
    assert {one for one in there if one[0] == "cpython"} == wanted
    pypys = [minor(id) for id in ON_RECORD if id.startswith("pypy")]
    assert not pypys or max(pypys) in there


def test_uv_has_every_interpreter_that_is_measured() -> None:
    """The list of what can be installed is part of uv: no network is asked."""
    uv = Path(sys.executable).with_name("uv")
    listed = subprocess.run(
        [
            uv, "python", "list", "--all-versions", "--only-downloads", "--offline", "--no-config",
            "--output-format", "json",
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )  # fmt: skip
    names = {
        f"{one['implementation']}-{one['version']}"
        for one in json.loads(listed.stdout)
        if (one["os"], one["arch"], one["libc"]) == ("linux", "x86_64", "gnu")
    }
    assert set(MEASURED) <= names


def test_the_host_pythons_are_those_that_are_supported() -> None:
    """From the oldest that pyproject.toml asks for."""
    hosts = re.search(r"python: \[(.*)\]", TEXT)
    assert hosts
    versions = [version.strip(' "') for version in hosts[1].split(",")]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_every_part_is_measured_and_has_files_of_its_own() -> None:
    """Of so many parts as the command names; two of one name would overwrite each other."""
    numbers = re.search(r"shard: \[(.*)\]", TEXT)
    of = re.search(r'--shard "\$SHARD/(\d+)"', TEXT)
    assert numbers
    assert of
    assert numbers[1].split(", ") == [str(one + 1) for one in range(int(of[1]))]
    assert ".shard-$SHARD.jsonl" in TEXT
    assert "observations-${{ matrix.interpreter }}-${{ matrix.shard }}" in TEXT


def test_the_newest_releases_are_looked_at_every_week_on_pythons_that_are_on_record() -> None:
    """As the Makefile's command does; a Python that is not on record has nothing to differ from."""
    assert re.search(r'cron: "\d+ \d+ \* \* \d"', NEWEST)
    command = "exitmatrix check --newest --pre"
    assert command in (ROOT / "Makefile").read_text()
    assert command in SCRIPT.read_text()
    interpreters = re.search(r"interpreter: \[(.*)\]", NEWEST)
    assert interpreters
    assert set(interpreters[1].split(", ")) <= ON_RECORD & set(MEASURED)


def test_what_may_write_to_the_repository_is_the_job_that_proposes() -> None:
    """It runs nothing but git and the platform's own command: no package, no action of others."""
    others, _, proposing = NEWEST.partition("\n  propose:\n")
    assert "write" not in others.replace("permissions:\n  contents: read", "")
    assert re.findall(r"^      (\S+): write$", proposing, re.MULTILINE) == [
        "contents",
        "pull-requests",
    ]
    assert re.findall(r"run: (.*)", proposing) == [
        "gh auth setup-git",
        ".github/newest.sh propose newest",
    ]


# ------------------------------------------------------- the script, with what it calls made up


def fake(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)


def newest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *words],
        cwd=folder,
        env={"PATH": f"{folder}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


TOLD = """echo "$@" >>called
if [ "$1" = bisect ]; then echo "since 2.0"; exit 0; fi
echo "# 1 of 2 cells differs"
echo "since which release: exitmatrix bisect bent 1.0 2.0 a/b/c/SIGTERM@main" >&2
exit %d"""


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (1, "# 1 of 2 cells differs\n\n## Since which release\n\n```\nsince 2.0\n```\n"),
        (0, None),
        (3, None),
    ],
    ids=["differs", "agrees", "fails"],
)
def test_a_page_is_made_where_something_differs(
    status: int, page: str | None, tmp_path: Path
) -> None:
    """The page has bisect's answer; if nothing could be compared, the job fails without a page."""
    fake(tmp_path / ".venv/bin/exitmatrix", TOLD % status)
    done = newest(tmp_path, "stacks", "/a/python", "newest/it.md")
    assert done.returncode == (status if status > 1 else 0), done.stderr
    file = tmp_path / "newest/it.md"
    assert (file.read_text() if file.exists() else None) == page
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0].startswith("check --newest --pre --python /a/python ")
    assert called[1:] == (["bisect bent 1.0 2.0 a/b/c/SIGTERM@main"] if page else [])


def test_a_python_that_is_on_record_is_not_measured_again(tmp_path: Path) -> None:
    """Another Python is measured, and its records are added."""
    fake(tmp_path / ".venv/bin/exitmatrix", 'echo "$@" >>called')
    fake(tmp_path / "python", "echo 3.13.9")
    record = tmp_path / "reports/observations/linux-x86_64/cpython-3.13.9.jsonl"
    assert newest(tmp_path, "python", str(tmp_path / "python")).returncode == 0
    assert "matrix --python" in (tmp_path / "called").read_text()
    (tmp_path / "called").unlink()
    record.parent.mkdir(parents=True)
    record.touch()
    assert newest(tmp_path, "python", str(tmp_path / "python")).returncode == 0
    assert not (tmp_path / "called").exists()


def test_a_difference_is_proposed_once_and_agreement_takes_it_back(tmp_path: Path) -> None:
    """A branch of its own, and a pull request where none is open."""

    def git(*words: str) -> str:
        asked = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words]
        return subprocess.run(
            asked, cwd=work, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    work = tmp_path / "work"
    work.mkdir()
    git("init", "--quiet", "--bare", "../origin")
    git("init", "--quiet", "--initial-branch", "main")
    git("remote", "add", "origin", "../origin")
    (work / "reports").mkdir()
    (work / "reports/matrix.md").write_text("as it is\n")
    git("add", "reports")
    git("commit", "--quiet", "--message", "before")
    opened = 'if [ "$2" = list ]; then cat ../open; else echo "$@" >>../called; echo 1 >../open; fi'
    fake(work / "bin/gh", opened)
    (tmp_path / "open").write_text("0\n")
    assert "nothing to propose" in newest(work, "propose", "found").stdout
    assert not (tmp_path / "called").exists()
    (work / "found").mkdir()
    (work / "found/it.md").write_text("differs\n")
    for _ in range(2):
        git("switch", "--quiet", "main")
        done = newest(work, "propose", "found")
        assert done.returncode == 0, done.stderr
    (created,) = (tmp_path / "called").read_text().splitlines()
    assert created.startswith("pr create --head newest --title What the newest releases do")
    assert git("show", "origin/newest:reports/newest/it.md") == "differs\n"
    assert git("diff", "--stat", "main", "origin/newest").count("|") == 1
    git("switch", "--quiet", "newest")
    (work / "found/it.md").unlink()
    assert newest(work, "propose", "found").returncode == 0
    assert "it.md" not in git("ls-tree", "-r", "--name-only", "origin/newest")
