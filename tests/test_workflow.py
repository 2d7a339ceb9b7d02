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

MEASURED = re.findall(r"^ +- ((?:cpython|pypy)-[\d.]+)$", TEXT, re.MULTILINE)
ON_RECORD = {record.interpreter_id for record in records()}
OLDEST = (3, 8)
"""Of those before, no runner and no installer has any."""


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("check-jsonschema")
    if not tool.exists():
        pytest.skip("check-jsonschema is not in this environment")
    return subprocess.run(
        [tool, "--builtin-schema", "vendor.github-workflows", file],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", ALL)
def test_it_follows_githubs_schema(name: str, tmp_path: Path) -> None:
    """And the check sees a key that is misspelt."""
    assert checked(WORKFLOW.with_name(name)).returncode == 0
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(ALL[name].replace("runs-on:", "run-on:", 1))
    assert checked(wrong).returncode == 1


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
    """By the command of the Makefile; a Python that is not on record has nothing to differ from."""
    assert re.search(r'cron: "\d+ \d+ \* \* \d"', NEWEST)
    assert "make newest" in NEWEST
    interpreters = re.search(r"interpreter: \[(.*)\]", NEWEST)
    assert interpreters
    assert set(interpreters[1].split(", ")) <= ON_RECORD & set(MEASURED)
