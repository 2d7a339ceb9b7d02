"""The commands: clear words for bad input, the same bytes for the same behaviour."""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from exitmatrix.cli.bench import endings_of
from exitmatrix.cli.errors import INTERRUPTED, Failure, Interrupted, stopping_cleanly, uninterrupted
from exitmatrix.cli.main import COMMANDS, main
from exitmatrix.cli.restart import BENDING
from exitmatrix.declare.terminations import CATALOGUE
from exitmatrix.machine.interpreters.found import Found
from exitmatrix.machine.interpreters.selection import select
from exitmatrix.machine.run.app.session import callers_environment
from exitmatrix.machine.run.aside import put_aside

from tests.conftest import FOUND, LOADED, NEWEST, newest_flask, note_exercised
from tests.support import values
from tests.support.command import COMMAND, measure, run, tree
from tests.support.part import every

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--scenario", "plane"], ["plane", "plain"]),
        (["--termination", "SIGTREM"], ["SIGTREM", "SIGTERM"]),
        (["--target", "parrent"], ["parrent", "parent"]),
        (["--stack", "flusk-1.1"], ["flusk-1.1", "flask-1.1"]),
        (["--python", "cpython-9.99"], ["cpython-9.99", "cpython-3"]),
        (["--python", "/no/such/python"], ["/no/such/python"]),
        (
            ["--scenario", "plain", "--target", "child"],
            ["nothing to run: `plain` has no process `child`, only `main`"],
        ),
        (["--trials", "0"], ["trials"]),
        (["--progress", "loud"], ["loud", "plain"]),
    ],
)
def test_bad_input(words: list[str], says: list[str], tmp_path: Path) -> None:
    """Bad input gets a line that names it and what is near, status 2, and nothing written."""
    output = tmp_path / "reports"
    done = run("matrix", "--output", str(output), *words)
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    for word in says:
        assert word in last
    assert done.stdout == ""
    assert not output.exists()


def test_one_line_for_a_wrong_name(tmp_path: Path) -> None:
    """A name that does not exist is told in one line and nothing else."""
    done = run("matrix", "--output", str(tmp_path / "reports"), "--scenario", "plane")
    (line,) = done.stderr.splitlines()
    assert line.startswith("exitmatrix: no scenario matches 'plane'; nearest: plain")


@pytest.mark.parametrize(
    "words",
    [
        ("diff", "NAME", "x"),
        ("explain", "--records", "NAME", "plain/return@main"),
        ("site", "--to", "NAME"),
    ],
)
def test_one_line_for_a_name_that_is_too_long(words: tuple[str, ...]) -> None:
    """This holds for each thing that can be named, and for each command that looks for it."""
    done = run(*("x" * 5000 if one == "NAME" else one for one in words))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith(": file name too long")


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    """An output folder that cannot be written is named, with status 2."""
    file = tmp_path / "reports"
    file.write_text("a file")
    done = run("matrix", "--python", NEWEST, "--output", str(file / "below"))
    assert done.returncode == 2
    assert str(file) in done.stderr
    assert file.read_text() == "a file"


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    """A second run, whatever the caller's environment, leaves every byte as it was."""
    words = ["--scenario", "plain", "--termination", "SIGINT*", "--termination", "return"]
    output = tmp_path / "one"
    first = measure(output, *words)
    assert first.returncode == 0, first.stderr
    before = tree(output)
    assert any(name.startswith("observations/") for name in before)
    startup = tmp_path / "startup.py"
    startup.write_text("raise SystemExit('PYTHONSTARTUP was run')")
    poison = tmp_path / "poison"
    poison.mkdir()
    (poison / "unused.py").write_text("")
    caller = {
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(poison), *sys.path]),
        "PYTHONSTARTUP": str(startup),
    }
    second = measure(output, *words, env=caller, ignore_sigint=True)
    assert second.returncode == 0, second.stderr
    assert tree(output) == before

    # From nothing as well, so that no record could have been kept unseen.
    fresh = measure(tmp_path / "two", *words, env=caller, ignore_sigint=True)
    assert fresh.returncode == 0, fresh.stderr
    assert tree(tmp_path / "two") == before


def test_interrupted(tmp_path: Path) -> None:
    """A run that Ctrl-C stops keeps what it measured, and the next one goes on from there."""
    output = tmp_path / "reports"
    words = [*COMMAND, "matrix", "--python", NEWEST, "--scenario", "plain", "--jobs", "1"]
    words += ["--termination", "S*"]
    words += ["--output", str(output), "--progress", "plain"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr
    while process.poll() is None and not any(
        file.stat().st_size for file in output.rglob("observations/*/*.jsonl")
    ):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "the same command goes on" in rest
    kept = sum(len(f.read_bytes().splitlines()) for f in output.rglob("observations/*/*.jsonl"))
    assert kept > 0
    done = run(*words[len(COMMAND) :])
    assert done.returncode == 0, done.stderr
    assert f"{kept} cells are already measured" in done.stderr


def test_carried_over(tmp_path: Path) -> None:
    """Records of interpreters that are not here stay as they are, and are named."""
    output = tmp_path / "reports"
    words = ["--scenario", "plain", "--termination", "return"]
    assert measure(output, *words).returncode == 0
    (file,) = output.rglob("observations/*/*.jsonl")
    elsewhere = file.with_name("cpython-3.99.0.jsonl")
    elsewhere.write_bytes(file.read_bytes().replace(NEWEST.encode(), b"cpython-3.99.0"))
    before = elsewhere.read_bytes()
    done = measure(output, *words)
    assert done.returncode == 0, done.stderr
    assert "carried over" in done.stderr
    assert "cpython-3.99.0" in done.stderr
    assert elsewhere.read_bytes() == before


def test_broken_scenario(tmp_path: Path) -> None:
    """A scenario in error is named with file and key, the others run, and the status is 3."""
    import exitmatrix

    package = Path(exitmatrix.__file__).parent
    copy = tmp_path / "checkout"
    shutil.copytree(
        package, copy / "harness" / "exitmatrix", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(package.parents[1] / "scenarios", copy / "scenarios")
    bad = copy / "scenarios" / "plain-bad.py"
    text = (copy / "scenarios" / "plain.py").read_text()
    bad.write_text(text.replace("# title =", "# titel ="))
    path = {"PYTHONPATH": os.pathsep.join([str(copy / "harness"), *sys.path])}
    words = ["--scenario", "plain", "--termination", "return"]
    done = subprocess.run(
        [*COMMAND, "matrix", "--python", NEWEST, "--output", str(tmp_path / "r"), *words],
        capture_output=True,
        text=True,
        env={**os.environ, **path},
        cwd=copy,
        check=False,
        timeout=120,
    )
    assert done.returncode == 3, done.stderr
    assert "plain-bad.py" in done.stderr
    assert "titel" in done.stderr
    assert list((tmp_path / "r").rglob("observations/*/*.jsonl"))


def test_lists() -> None:
    """Everything that can be selected can be listed, for people and for programs."""
    for what in ("interpreters", "scenarios", "terminations"):
        document = json.loads(run("list", what, "--json").stdout)
        plain = run("list", what).stdout.splitlines()
        assert [line.split()[0] for line in plain] == [one["id"] for one in document]
    cells = json.loads(run("list", "cells", "--python", NEWEST, "--json").stdout)
    assert all(id.startswith(f"{NEWEST}/") for id in cells["cells"])
    assert all(one["reason"] for one in cells["left_out"])
    assert {one["id"] for one in json.loads(run("list", "interpreters", "--json").stdout)} == set(
        FOUND
    )


def test_reasons() -> None:
    """What is left out is listed with its reason, also when nothing else is."""
    done = run("list", "cells", "--scenario", "plain", "--termination", "touch-source")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "left out: */*/plain/touch-source@main: no reloader watches the source\n"
    )


def test_help() -> None:
    """--help teaches, within 80 columns, and examples keep their lines."""
    for words in ([], ["matrix"], ["claims"], ["blog"], ["list"], ["list", "cells"]):
        text = run(*words, "--help").stdout
        assert text
        assert max(map(len, text.splitlines())) <= 80
        assert "\\b" not in text
    assert "\n      exitmatrix matrix\n" in run("--help").stdout


def helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The name and the help of a command and of those below it."""
    yield command.name or "", inspect.cleandoc(command.help or "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below
            yield from helps(below, context)


def examples() -> list[str]:
    """The command lines in all the helps, without what is said beside them."""
    return [
        re.split(r"\s{2,}", line.strip())[0]
        for _, text in helps(main, click.Context(main))
        for line in re.sub(r"\\\s*\n\s*", " ", text).splitlines()
        if line.startswith(" ") and line.split()[:1] == ["exitmatrix"]
    ]


def test_the_examples_of_the_helps_are_found() -> None:
    """The law below is about some."""
    assert len(examples()) > 15


@pytest.mark.parametrize("line", examples())
def test_each_example_of_a_help_is_a_command_that_is_taken(line: str) -> None:
    """Its options and arguments are parsed without complaint."""
    taken(shlex.split(line)[1:])


def taken(words: list[str]) -> None:
    """Parse them as the command would."""
    context: click.Context = main.make_context("exitmatrix", list(words))
    while isinstance(context.command, click.Group):
        below = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, below)
        assert command
        context = command.make_context(name, rest, parent=context)


def test_each_command_is_listed_with_the_first_sentence_of_its_own_help() -> None:
    """The table of `--help`, which imports no command, says what the commands say themselves."""
    context = click.Context(main)
    for name, sentence in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert (command.help or "").splitlines()[0] == sentence


def test_every_module_with_a_command_is_assembled() -> None:
    """A command is one file in cli/ and one line in main.py: neither is forgotten."""
    folder = Path(sys.modules["exitmatrix.cli.main"].__file__ or "").parent
    commands = {file.stem for file in folder.glob("*.py") if "\ndef command(" in file.read_text()}
    assert commands == set(COMMANDS)


HEAVY = {"asyncio", "msgspec", "packaging", "psutil", "requests", "rich", "uv"}
RUNNING = {"asyncio", "psutil", "requests", "rich", "uv"}


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["--help"], {*HEAVY, "exitmatrix.model", "exitmatrix.machine"}),
        (["--version"], {*HEAVY, "exitmatrix.model", "exitmatrix.machine"}),
        (["explain", "plain/SIGTERM@main"], {*RUNNING, "exitmatrix.plan.schedule"}),
        (["diff", "cpython-3.12.1", "cpython-3.13.0"], RUNNING),
        (["list", "terminations"], {*RUNNING}),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_a_command_imports_what_it_needs(words: list[str], unneeded: set[str]) -> None:
    """What answers from records, or only helps, imports nothing of what runs programs."""
    program = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    done = subprocess.run(
        [*COMMAND[:2], program + COMMAND[2], *words], capture_output=True, text=True, check=False
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "exitmatrix.cli.main" in loaded
    assert not unneeded & loaded


def test_ctrl_c_while_it_is_imported_shows_no_traceback(tmp_path: Path) -> None:
    """The signal comes while a module is imported, which says so and then waits for it."""
    (tmp_path / "click.py").write_text("import time\nprint('imported', flush=True)\ntime.sleep(60)")
    with subprocess.Popen(
        [*COMMAND, "--help"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout
        assert command.stdout.readline() == "imported\n"
        command.send_signal(signal.SIGINT)
        output = command.communicate(timeout=60)
    assert (command.returncode, *output) == (INTERRUPTED, "", "")


def make_examples() -> list[tuple[str, str]]:
    """The command that a target of the Makefile calls, and the arguments of its example."""
    text = (Path(__file__).parent.parent / "Makefile").read_text()
    head = r"^[a-z]+: .*## .*\(ARGS='(.*)'\)\n"
    recipe = r"(?:\t.*\n)*?\t@\$\(VENV\)/bin/exitmatrix (.*) \$\(ARGS\)"
    return re.findall(head + recipe, text, re.MULTILINE)


def test_the_examples_of_make_help_are_found() -> None:
    """The law below is about some, and about that of `matrix`."""
    assert any(words == "matrix" for _, words in make_examples())
    assert len(make_examples()) >= 3


@pytest.mark.parametrize(("arguments", "words"), make_examples())
def test_each_example_of_make_help_works(arguments: str, words: str) -> None:
    """Its options are taken, and its Pythons are found where they are."""
    taken(shlex.split(f"{words} {arguments}"))
    named = re.findall(r"--python (\S+)", arguments)
    here = Found(interpreters=tuple(map(values.interpreter, ("3.12.1", "3.13.0", "3.13.5"))))
    assert [one.version for one in select(here, named)][-2:] == ["3.13.0", "3.13.5"]


@pytest.mark.parametrize(
    ("words", "status"),
    every(
        3,
        [
            (["matrix", "--scenario", "plane"], 2),
            (["check", "--scenario", "plane"], 2),
            (["list", "cells", "--scenario", "plane"], 2),
            (["matrix", "--python", "cpython-9.99"], 2),
            (["check", "--python", "cpython-9.99"], 2),
            (["blog", "--python", "cpython-9.99"], 2),
            (["list", "cells", "--python", "cpython-9.99"], 2),
            (["claims", "--output", "written", "--python", "cpython-9.99"], 2),
            (["matrix", "--python", ""], 2),
            (["matrix", "--scenario", ""], 2),
            (["explain", ""], 2),
            (["claims", ""], 2),
            (["diff", "", ""], 2),
            (["explain", "plain", "--records", "nowhere"], 2),
            (["check", "--records", "nowhere"], 2),
            (["diff", "cpython-3.12.1", "cpython-3.13.0", "--records", "nowhere"], 2),
            (["blog", "--stack", "flask-9"], 2),
            (["explian"], 2),
            (["list", "cell"], 2),
            (["matrix", "--jobs", "none"], 2),
        ],
    ),
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_the_same_mistake_has_the_same_status(
    words: list[str], status: int, tmp_path: Path
) -> None:
    """One line that begins with the name of the program, and nothing written."""
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=240
    )
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("exitmatrix: ")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_machine_on_which_no_trial_can_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where trials cannot be run, one line says what they need, and nothing is written."""
    from click.testing import CliRunner

    monkeypatch.setattr(sys, "platform", "darwin")
    done = CliRunner().invoke(main, ["matrix", "--output", str(tmp_path / "reports")])
    assert done.exit_code == 3
    assert "trials are run on Linux alone" in done.output
    assert not (tmp_path / "reports").exists()


ELSEWHERE = """
import os, select, signal, sys, sysconfig
sysconfig.get_config_vars()
sys.platform = "darwin"
for module in (os, select, signal):
    for name in {names}:
        vars(module).pop(name, None)
from click.testing import CliRunner
from exitmatrix.cli.main import main
for words in {commands}:
    done = CliRunner().invoke(main, words)
    print(done.exit_code, done.stderr, end="")
"""
OF_LINUX = [
    *("pidfd_open", "sched_getscheduler", "sched_setscheduler", "sched_param", "sched_getaffinity"),
    *("SCHED_OTHER", "SCHED_BATCH", "epoll", "EPOLLIN", "EPOLLOUT", "memfd_create", "O_TMPFILE"),
    *("O_PATH", "pipe2", "pidfd_send_signal", "SIGPWR", "SIGSTKFLT", "SIGRTMIN", "SIGRTMAX"),
]
"""What Python has on Linux and not on macOS."""


def test_where_python_has_nothing_of_linux_a_command_is_refused_in_one_line() -> None:
    """A command that runs programs says so, and does not fail at an import."""
    commands = [["matrix"], ["check"], ["races"], ["fuzz"], ["run", "--", "true"], ["blog"]]
    program = ELSEWHERE.format(names=OF_LINUX, commands=[*commands, ["bench"]])
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == len(commands) + 1, done
    assert all(one.startswith("3 exitmatrix: trials are run on Linux alone") for one in lines)


def test_what_each_stack_costs_is_printed_and_is_all_that_the_programs_used(tmp_path: Path) -> None:
    """The dearest first, in lines that are not longer than a terminal."""
    flask = newest_flask(FOUND[NEWEST])
    words = ["matrix", "--python", NEWEST, "--scenario", "plain", "--scenario", "flask"]
    words += ["--termination", "SIGTERM", "--stack", "none", "--stack", flask]
    done = run(*words, "--output", str(tmp_path), "--progress", "none")
    note_exercised([NEWEST])
    assert done.returncode == 0, done.stderr
    used = re.search(r"observed programs used ([0-9.]+) s", done.stdout + done.stderr)
    told = re.search(r"^of that, by stack: (.+(\n  .+)*)", done.stdout + done.stderr, re.MULTILINE)
    assert used
    assert told
    assert flask in told[1]
    assert max(map(len, told[0].splitlines())) < 80
    costs = [float(one) for one in re.findall(r" ([0-9.]+) s\b", told[1].replace("\n ", ""))]
    assert sum(costs) == pytest.approx(float(used[1]), abs=0.6)


def test_a_facility_that_nobody_knows(tmp_path: Path) -> None:
    """A facility that is switched off under a wrong name is an error, not a run with all."""
    done = run(
        "matrix", "--output", str(tmp_path / "reports"), env={"EXITMATRIX_WITHOUT": "pidfds"}
    )
    assert done.returncode == 3
    assert "pidfds" in done.stderr
    assert "pidfd," in done.stderr
    assert not (tmp_path / "reports").exists()


# ------------------------------------------------------------------------ claims


def test_claims_are_measured_once_and_then_judged_offline(tmp_path: Path) -> None:
    """What is missing is measured; where nothing is, nothing runs, and the page is the same."""
    words = ["claims", "M6", "--python", NEWEST, "--output", str(tmp_path), "--progress", "none"]
    first = run(*words)
    note_exercised([NEWEST])
    assert first.returncode == 0, first.stderr
    assert "without a record" in first.stderr
    assert "Holds." in first.stdout
    page = (tmp_path / "claims.md").read_bytes()
    assert b"| [M6](#m6) |" in page
    again = run(*words, env={"PATH": ""})
    assert again.returncode == 0, again.stderr
    assert "without a record" not in again.stderr
    assert again.stdout == first.stdout
    assert (tmp_path / "claims.md").read_bytes() == page


def test_a_claim_that_does_not_exist(tmp_path: Path) -> None:
    """One line names it and the nearest, and nothing is measured or written."""
    done = run("claims", "B77", "--output", str(tmp_path / "reports"))
    assert done.returncode == 2
    assert "B77" in done.stderr
    assert "B7" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("numbers", [(15,), (15, 15), (1, 15), (2, 2), (15, 2, 1)])
def test_a_second_signal_does_not_disturb_what_the_first_began(numbers: tuple[int, ...]) -> None:
    """SIGTERM, SIGINT and SIGHUP stop a run once; the rest of them is let pass."""
    before = {number: signal.getsignal(number) for number in (1, 2, 15)}
    tidied = []
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(Failure, match="stopped before"), stopping_cleanly():  # noqa: PT012
            try:
                os.kill(os.getpid(), numbers[0])
            except Interrupted:
                for number in numbers[1:]:
                    os.kill(os.getpid(), number)
                tidied.append(True)
                raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert tidied


def test_a_signal_does_not_cut_what_belongs_together() -> None:
    """A signal in a critical section stops the run at the section's end, and not before."""
    before = {number: signal.getsignal(number) for number in (1, 2, 15)}
    whole = []
    try:
        with pytest.raises(Failure, match="stopped before"), stopping_cleanly():  # noqa: PT012
            with uninterrupted:
                os.kill(os.getpid(), signal.SIGTERM)
                whole.append(True)
            whole.append(False)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert whole == [True]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_what_comes_when_all_is_done_changes_nothing(number: int) -> None:
    """A terminal that is closed while Python ends is no failure of a command that is done."""
    late = f"import atexit, os; atexit.register(os.kill, os.getpid(), {int(number)}); "
    done = subprocess.run(
        [*COMMAND[:2], late + COMMAND[2], "list", "terminations"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# ------------------------------------------------- a Python that is bent


BENT = [
    "PYTHONINSPECT=1",
    "PYTHONOPTIMIZE=2",
    "PYTHONWARNINGS=error",
    "PYTHONIOENCODING=ascii",
    "PYTHONASYNCIODEBUG=1",
    "PYTHONPROFILEIMPORTTIME=1",
]


@pytest.mark.parametrize("variable", BENT)
def test_what_was_set_for_another_python_does_not_bend_this_one(variable: str) -> None:
    """PYTHONINSPECT would wait at a prompt, PYTHONOPTIMIZE=2 would leave no help to show."""
    name, _, value = variable.partition("=")
    plain, bent = run("list", "--help"), run("list", "--help", env={name: value})
    assert (bent.returncode, bent.stdout) == (plain.returncode, plain.stdout)
    if name != "PYTHONPROFILEIMPORTTIME":  # the Python that was bent has printed by then
        assert bent.stderr == plain.stderr == ""


def test_a_program_gets_what_was_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was the program that the caller had set it for."""
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    for name, value in put_aside(os.environ, BENDING).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONWARNINGS")
    given = callers_environment()
    assert given["PYTHONWARNINGS"] == "error"
    assert not [name for name in given if name.startswith("EXITMATRIX_")]


def test_the_bench_waits_for_no_program_that_never_ends() -> None:
    """Its bare programs are ended by nobody else: of the ways from inside `hang` is left out."""
    endings = endings_of(LOADED["plain"], FOUND[NEWEST])
    inside = {one.id for one in CATALOGUE if one.delivery == "in-process" and not one.rare}
    assert inside - set(endings) == {"hang"}
