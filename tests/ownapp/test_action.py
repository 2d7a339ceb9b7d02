"""The action for GitHub: its schema, and its steps as a job runs them."""

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
    """Its lines are run as in the file, with a fake Python that records its arguments."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash is here")
    runner = tmp_path / "temporary files"
    runner.mkdir()
    python = tmp_path / "a python"
    python.write_text(STUB)
    python.chmod(0o700)
    variables = {"ACTION": "/the action", "PYTHON": str(python), "RUNNER_TEMP": str(runner)}
    log = tmp_path / "log"
    words = [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of("install")]
    env = job | variables | {"LOG": str(log)}
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
    """If everything is as expected, the job goes on without annotations."""
    svc = Path(job["GITHUB_WORKSPACE"]) / "svc"
    (svc / "exitmatrix.toml").write_text(
        f"[app]\ncommand = ['{sys.executable}', 'graceful.py']\n[expect.deploy]\nran = 'all'\n"
    )
    done = step(job, "", "")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::error" not in done.stdout
    assert "✓ deploy: ran=all" in done.stdout


EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


def run_action(inputs: dict[str, str], workspace: Path, runner: Path) -> tuple[int, str, str]:
    """Do what a runner does with a composite action; its status, what was written, its records.

    GitHub, Metadata syntax, runs.steps; Workflow syntax, jobs.<job_id>.steps[*].shell: bash is
    called with --noprofile --norc -eo pipefail, and the script is a file.
    """
    yaml = pytest.importorskip("ruamel.yaml", reason="ruamel.yaml is not in this environment")
    about = yaml.YAML(typ="safe").load(ACTION)
    known = {"github.action_path": str(ROOT)}
    known |= {f"inputs.{name}": one["default"] for name, one in about["inputs"].items()}
    known |= {f"inputs.{name}": text for name, text in inputs.items()}
    runner.mkdir()
    # What it needs to be built and run comes from here: the tests ask no network for it.
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    offline = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    offline |= {"PYTHONPATH": os.pathsep.join(libraries)}
    written, status = "", 0
    for step in about["runs"]["steps"]:
        files = {name: runner / f"{step['id']}.{name}" for name in ("OUTPUT", "STEP_SUMMARY")}
        script = runner / f"{step['id']}.sh"
        script.write_text(step["run"])
        own = {name: fill(text, known) for name, text in step["env"].items()}
        own |= {f"GITHUB_{name}": str(file) for name, file in files.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=workspace / fill(step.get("working-directory", "."), known),
            env={
                **os.environ,
                **(offline if step["id"] == "install" else {}),
                "RUNNER_TEMP": str(runner),
                "GITHUB_WORKSPACE": str(workspace),
                **own,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        written, status = written + done.stdout, done.returncode
        output = files["OUTPUT"].read_text() if files["OUTPUT"].exists() else ""
        for line in output.splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        if status:
            break
        for site in runner.glob("*/venv/lib/python*/site-packages"):
            (site / "libraries.pth").write_text("\n".join(libraries))
    return status, written, fill(about["outputs"]["records"]["value"], known)


def fill(text: str, known: dict[str, str]) -> str:
    """A text with its expressions replaced; a name that is none is no text at all."""
    return EXPRESSION.sub(lambda found: known[found[1]], text)


@pytest.mark.real
def test_a_job_that_uses_the_action_is_told(folder: Path, tmp_path: Path) -> None:
    """Both steps run, from the inputs to the outputs: install, run, and pass or fail."""
    if shutil.which("bash") is None:
        pytest.skip("no bash is here")
    inputs = {
        "command": f"'{sys.executable}' plain.py",
        "options": "--ending deploy --trials 1 --expect deploy:ran=all",
        "python": sys.executable,
    }
    got, written, records = run_action(inputs, folder, tmp_path / "temporary files")
    assert got == 1, written
    assert "::error file=plain.py,line=3," in written
    assert '"scenario":' in Path(records).read_text()
