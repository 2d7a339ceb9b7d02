"""The action for GitHub: its schema, and its second step as a job runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
VENV = Path(sys.executable).parents[1]


def test_it_follows_githubs_schema(tmp_path: Path) -> None:
    """And the check sees a key that is misspelt."""
    tool = Path(sys.executable).with_name("check-jsonschema")
    if not tool.exists():
        pytest.skip("check-jsonschema is not in this environment")
    wrong = tmp_path / "action.yml"
    wrong.write_text(ACTION.read_text().replace("using: composite", "use: composite"))
    for file, fails in ((ACTION, False), (wrong, True)):
        words = [str(tool), "--builtin-schema", "vendor.github-actions", str(file)]
        done = subprocess.run(words, capture_output=True, check=False, timeout=60)
        assert bool(done.returncode) == fails, done.stdout


def test_no_text_of_the_caller_is_pasted_into_a_script() -> None:
    """It could be more than words; variables hold it."""
    scripts = re.split(r"^ +run: ", ACTION.read_text(), flags=re.MULTILINE)[1:]
    scripts = [re.split(r"^    - ", one, flags=re.MULTILINE)[0] for one in scripts]
    assert len(scripts) == 2
    assert not any("${{" in one for one in scripts)


@pytest.fixture
def job(folder: Path) -> dict[str, str]:
    """A job that has checked out a repository with the programs in a folder `svc`."""
    (folder / "svc").mkdir()
    for file in folder.glob("*.py"):
        file.rename(folder / "svc" / file.name)
    (folder / "own").mkdir()
    (folder / "own" / "venv").symlink_to(VENV)
    files = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    return {**os.environ, **files, "GITHUB_WORKSPACE": str(folder), "OWN": str(folder / "own")}


def step(job: dict[str, str], options: str, command: str) -> subprocess.CompletedProcess[str]:
    bash = shutil.which("bash")
    if bash is None or not (VENV / "bin" / "exitmatrix").exists():
        pytest.skip("no bash, or no command exitmatrix, is here")
    return subprocess.run(
        [bash, ROOT / ".github" / "action.sh"],
        env={**job, "OPTIONS": options, "COMMAND": command},
        cwd=Path(job["GITHUB_WORKSPACE"]) / "svc",
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def script_of(step: str) -> str:
    """What the shell is given in a step of the action, as GitHub takes it from the file."""
    after = ACTION.read_text().split(f"- id: {step}\n")[1]
    block = re.search(r"^      run: \|\n((?:        .*\n|\n)+)", after, re.MULTILINE)
    assert block
    return textwrap.dedent(block[1])


STUB = """\
#!/bin/sh
printf '%s\\n' "$0 $*" >>"$LOG"
[ "$2" != venv ] || { mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; }
"""


def test_the_first_step_makes_an_environment_beside_the_programs_own(
    job: dict[str, str], tmp_path: Path
) -> None:
    """Its lines as they stand in the file, with a Python that takes down what it is asked for."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash is here")
    runner = tmp_path / "temporary files"
    runner.mkdir()
    python = tmp_path / "a python"
    python.write_text(STUB)
    python.chmod(0o700)
    told = {"ACTION": "/the action", "PYTHON": str(python), "RUNNER_TEMP": str(runner)}
    log = tmp_path / "log"
    words = [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of("install")]
    env = job | told | {"LOG": str(log)}
    subprocess.run(words, env=env, check=True, timeout=60)
    name, _, folder = Path(job["GITHUB_OUTPUT"]).read_text().strip().partition("=")
    assert (name, Path(folder).parent) == ("folder", runner)
    assert log.read_text().splitlines() == [
        f"{python} -m venv {folder}/venv",
        f"{folder}/venv/bin/python -m pip install --quiet --disable-pip-version-check /the action",
    ]


@pytest.mark.real
def test_a_handler_that_does_not_run_fails_the_job_at_its_line(job: dict[str, str]) -> None:
    """The line is named from the repository on; page and records are the job's."""
    options = "--ending deploy --trials 1 --expect deploy:ran=all"
    done = step(job, options, f"'{sys.executable}' plain.py 'two words' \"$HOME\"")
    assert done.returncode == 1, done.stderr
    assert "::error file=svc/plain.py,line=3,title=deploy%3A ran=all::__main__:bye" in done.stdout
    assert "'two words' '$HOME'" in done.stdout  # nothing is replaced
    assert "✗ none" in Path(job["GITHUB_STEP_SUMMARY"]).read_text()
    name, _, file = Path(job["GITHUB_OUTPUT"]).read_text().strip().partition("=")
    assert name == "records"
    assert Path(file).read_text().count("\n") == 1


@pytest.mark.real
def test_without_a_command_the_projects_own_file_is_read(job: dict[str, str]) -> None:
    """And where everything is as expected, the job goes on, without an annotation."""
    svc = Path(job["GITHUB_WORKSPACE"]) / "svc"
    (svc / "exitmatrix.toml").write_text(
        f"[app]\ncommand = ['{sys.executable}', 'graceful.py']\n[expect.deploy]\nran = 'all'\n"
    )
    done = step(job, "", "")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::error" not in done.stdout
    assert "✓ deploy: ran=all" in done.stdout
