"""Launchers as an axis of the matrix: which cells there are, what is seen, what is foreseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from exitmatrix.cli import environments
from exitmatrix.declare.launchers import (
    LAUNCHED,
    LAUNCHERS,
    LAUNCHERS_BY_ID,
    STARTS_COMMANDS,
    CannotLaunch,
    NoSuchLauncher,
    find_launcher,
    not_on,
    wrap,
)
from exitmatrix.declare.scenario import InvalidScenario, parse_scenario
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.texts import ALL_LAWS
from exitmatrix.judge.verdict import expected, judge
from exitmatrix.machine import launchers as here
from exitmatrix.machine.bundles import CannotBundle
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.served import spec
from exitmatrix.model import (
    CellId,
    Event,
    Interpreter,
    Outcome,
    Question,
    Stack,
    Trial,
    TrialSpec,
    Unknown,
)
from exitmatrix.model.app import PORT
from exitmatrix.model.launcher import DIES, Launcher, Launches, OnSignal, Stays, Wrapped
from exitmatrix.model.node import Node
from exitmatrix.model.tree import FIRST, GROUP
from exitmatrix.observe import observe, timeline
from exitmatrix.plan.cells import NothingMatches, Plan, Selection, plan
from exitmatrix.plan.shards import Shard, of_shard
from exitmatrix.report.pages.cell import _again
from exitmatrix.report.pages.changes import command
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sections.launchers import launchers_section
from exitmatrix.report.sentences import sentences
from exitmatrix.report.survey import surveys
from msgspec.structs import replace

from tests.conftest import LOADED, NEWEST, make_order, run_orders
from tests.support.committed import records, scenarios
from tests.support.values import LINUX, interpreter, record

PLAIN, DEBUG, OTHER = (LOADED[id] for id in ("plain", "flask-debug", "plain-clear"))
NONE = Stack(name="none", family="none", requires=">=2.7")
NEW = Stack(name="flask-3.1", family="flask", requires=">=3.9")
PYTHON = interpreter("3.13.0")


def made(*missing: str, **selection: str) -> Plan:
    def never(_stack: Stack, _python: Interpreter) -> None:
        return None

    asked = Selection(**{word: (pattern,) for word, pattern in selection.items()})
    reasons = dict.fromkeys(missing, "it is not installed")
    return plan([PYTHON], [DEBUG, PLAIN, OTHER], [NONE, NEW], never, asked, reasons)


# ------------------------------------------------------------------------------ the axis


def test_launchers_are_measured_when_they_are_asked_for() -> None:
    """Without --launcher a plan holds what is started directly, and no other cell."""
    assert {cell.launcher for cell in made().cells} == {"direct"}
    assert {cell.launcher for cell in made(launcher="*").cells} == {"direct", *LAUNCHED}
    assert {cell.launcher for cell in made(launcher="tini*").cells} == {"tini", "tini-g"}


def test_below_a_launcher_a_signal_is_aimed_at_the_first_pid_at_each_role_and_at_the_group() -> (
    None
):
    """`first` is whatever was started first: the shell, where that stays."""
    picked = made(scenario="plain", launcher="sh", termination="SIGTERM").cells
    assert [str(cell.question) for cell in picked] == [
        f"plain/sh/SIGTERM@{target}" for target in (FIRST, "main", GROUP)
    ]
    picked = made(scenario="flask-debug", launcher="sh", termination="SIGTERM").cells
    assert [cell.target for cell in picked] == [FIRST, "parent", "child", GROUP]


def test_the_group_of_a_namespaces_first_process_is_no_containers() -> None:
    """What makes the namespace is in that group, and in no container: left out, with the reason."""
    planned = made(scenario="plain", launcher="pid1", termination="SIGTERM")
    assert {cell.target for cell in planned.cells} == {FIRST, "main"}
    (out,) = planned.left_out
    assert (out.launcher, out.target) == ("pid1", GROUP)
    assert "in no container" in out.reason


def test_a_launcher_that_is_not_here_is_left_out_with_the_reason() -> None:
    """Once for each of its cells, and nothing else is left out."""
    planned = made("tini", scenario="plain", launcher="tini*", termination="SIGTERM")
    assert {cell.launcher for cell in planned.cells} == {"tini-g"}
    assert {(out.launcher, out.reason) for out in planned.left_out} == {
        ("tini", "it is not installed")
    }


def test_what_is_missing_is_named_with_the_package_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program that is on no path of a trial: the package of the table has it."""
    nowhere = replace(LAUNCHERS_BY_ID["tini"], words=("no-such-program", "COMMAND"))
    monkeypatch.setattr(
        here, "LAUNCHERS", (LAUNCHERS_BY_ID["direct"], LAUNCHERS_BY_ID["script"], nowhere)
    )
    here.missing.cache_clear()
    try:
        assert here.missing() == {
            "tini": "no-such-program is not installed; the package tini has it"
        }
    finally:
        here.missing.cache_clear()


def test_a_scenario_that_declares_no_launcher_says_so() -> None:
    """Asked for below a launcher, it is left out with those that it has."""
    planned = made(scenario="plain-clear", launcher="sh")
    assert not planned.cells
    assert "`plain-clear` has no launcher `sh`, only `direct`" in {
        out.reason for out in planned.left_out
    }


def test_what_is_made_of_a_program_needs_a_python_that_its_tool_knows() -> None:
    """PyInstaller is for CPython, and the one that is pinned for 3.10 and later."""
    assert not_on("pyinstaller", PYTHON) is None
    assert not_on("sh", interpreter("2.7.18")) is None
    reason = "pyinstaller needs CPython >=3.10"
    assert not_on("pyinstaller", interpreter("3.9.18")) == reason
    assert not_on("pyinstaller", interpreter("3.11.17-8.0.1", "pypy")) == reason
    planned = made(scenario="flask-debug", launcher="pyinstaller", termination="SIGTERM")
    assert not planned.cells
    assert {one.reason for one in planned.left_out} == {
        "it is made of programs that are one file and need no package"
    }


def test_a_program_that_cannot_be_made_is_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Python that has no shared library: its other cells are measured, and it is asked once."""
    asked: list[str] = []

    def fails(python: str, program: str) -> str:
        asked.append(program)
        raise CannotBundle("PyInstaller failed: no library")

    monkeypatch.setattr(environments, "bundle", fails)
    planned = made(scenario="plain", launcher="*", termination="SIGTERM")
    there = {
        ("cpython-3.13.0", "none"): Environment(
            interpreter="cpython-3.13.0",
            stack="none",
            python=Path("/nowhere/python"),
            packages={},
            probe=Path("/nowhere/probe"),
            endings=Path("/nowhere/endings"),
        )
    }
    left = environments.without_bundles(planned, there, {"plain": PLAIN})
    gone = [one for one in left.left_out if one.launcher == "pyinstaller"]
    assert {one.reason for one in gone} == {"PyInstaller failed: no library"}
    assert len(gone) == 3
    assert {one.launcher for one in planned.cells} - {one.launcher for one in left.cells} == {
        "pyinstaller"
    }
    assert asked == [PLAIN.path]
    assert (
        "left out: cpython-3.13.0/plain/pyinstaller: PyInstaller failed" in capsys.readouterr().err
    )


def test_any_command_is_started_by_what_needs_not_to_be_made_first() -> None:
    """Of `run --as`: one that PyInstaller has made is a command like any other."""
    assert set(LAUNCHERS_BY_ID) - set(STARTS_COMMANDS) == {"pyinstaller"}
    with pytest.raises(NoSuchLauncher, match="make it, and give that as the command"):
        find_launcher("pyinstaller")


@pytest.mark.parametrize(
    ("scenario", "termination", "reason"),
    [
        ("plain", "SIGQUIT", "below a launcher a program is ended by"),
        ("flask-debug", "exception", "no request is made"),
    ],
)
def test_what_is_not_asked_below_a_launcher_has_a_reason(
    scenario: str, termination: str, reason: str
) -> None:
    """Few endings tell launchers apart, and nobody asks a server for a view there."""
    planned = made(scenario=scenario, launcher="sh", termination=termination)
    assert not planned.cells
    assert planned.left_out
    assert all(reason in out.reason for out in planned.left_out)


def test_a_launcher_that_is_none_is_refused_with_the_nearest() -> None:
    """In a selection, and in a scenario's header."""
    with pytest.raises(NothingMatches, match="no launcher matches 'tinny'; nearest: tini"):
        made(launcher="tinny")
    text = "\n".join(
        [
            "# /// script",
            "# [tool.exitmatrix]",
            '# title = "one"',
            '# roles = ["main"]',
            '# ready = "none"',
            '# terminations = ["*"]',
            '# launchers = ["tinny"]',
            "# ///",
        ]
    )
    with pytest.raises(InvalidScenario, match="'tinny' matches no launcher, nearest: tini"):
        parse_scenario("one", text, "one.py")


def test_shards_hold_every_cell_below_a_launcher_once() -> None:
    """Parts divide the questions of a selection, those of launchers too."""
    selection = Selection(launcher=("*",))
    whole = made(launcher="*")
    parts = [of_shard(whole, [DEBUG, PLAIN], selection, Shard(n, 3)) for n in (1, 2, 3)]
    found = [cell.id for part in parts for cell in part.cells]
    mine = [cell.id for cell in whole.cells if cell.scenario in ("plain", "flask-debug")]
    assert sorted(found) == sorted(mine)


def test_a_role_of_a_scenario_is_found_by_structure_below_a_launcher() -> None:
    """Its parent is the master of the tree, its child the worker; the command is the launcher's."""
    order = _order("sh", "SIGTERM", "child")
    order = replace(order, scenario=DEBUG, target="child")
    command = spec(order, "/nowhere")
    assert (command.target, command.words[:2]) == ("worker", ("/bin/sh", "-c"))
    assert command.words[2].endswith(" app.py")
    assert spec(replace(order, target="parent"), "/nowhere").target == "master"
    assert PORT not in "".join(command.words)


def test_a_file_is_started_as_a_module() -> None:
    """With its arguments; what is no file of Python in this folder is refused in one line."""
    how = LAUNCHERS_BY_ID["python-m"]
    assert wrap(how, ("python", "app.py", "-v"))[0] == ("python", "-m", "app", "-v")
    for words in (("python",), ("python", "-c", "1"), ("python", "a/app.py"), ("gunicorn", "x")):
        with pytest.raises(CannotLaunch, match="python-m starts a command such as python app"):
            wrap(how, words)


# ------------------------------------------------------------------------- what is seen


def _trial(*ends: tuple[int, str], target: str = FIRST) -> Trial:
    """A shell, pid 1, with a program below it, pid 2, of which each may end so."""
    tree = (
        Node(pid=1, parent=0, words=("/bin/sh", "-c", "python app.py"), program="/bin/dash"),
        Node(pid=2, parent=1, words=("python", "app.py"), program="/usr/bin/python3"),
    )
    history = (
        Event("harness", 0, "folder", ("/some/folder",)),
        Event("kernel", 1, "spawned"),
        Event("probe", 2, "started", ("1", "python\0app.py", "3.13.0", "0"), 1),
        Event("harness", 1, "ready"),
        Event("harness", 1, "sent", ("SIGTERM", target)),
        *(Event("kernel", pid, "ended", (how,)) for pid, how in ends),
        Event("harness", 0, "closing"),
    )
    cell = f"cpython-3.13.0/none/plain/sh/SIGTERM@{target}"
    return Trial(cell=cell, history=history, stdout="", stderr="", tree=tree)


def _seen(trial: Trial) -> Outcome:
    shown = observe(trial, PLAIN, _order("sh", "SIGTERM", FIRST).termination)
    assert not isinstance(shown, Unknown)
    return shown


def test_a_launcher_is_told_apart_from_the_program_and_from_helpers() -> None:
    """It has no handlers of the program's, and its end is what the outside sees."""
    shown = _seen(_trial((1, "signal SIGTERM")))
    (program,) = shown.processes
    assert (program.role, program.exit, shown.survivors) == ("main", None, ("main",))
    (launcher,) = shown.launchers
    assert (launcher.name, launcher.exit) == ("sh", {"signal": "SIGTERM"})
    assert shown.helpers == ()
    assert "Its launcher, sh, is killed by SIGTERM." in sentences(shown)


def test_launchers_of_one_name_that_end_alike_are_told_of_once() -> None:
    """Honcho forks a process that starts the shell above the program."""
    shown = _seen(_trial((1, "signal SIGTERM")))
    (sh,) = shown.launchers
    text = sentences(replace(shown, launchers=(replace(sh, name="honcho"),) * 2 + (sh,)))
    assert text.endswith(
        "Each honcho above it is killed by SIGTERM. Its launcher, sh, is killed by SIGTERM."
    )


def test_a_program_that_is_started_again_is_a_program_and_no_role() -> None:
    """What is called `main` and `new-main` in records."""
    shown = _seen(_trial((1, "signal SIGTERM")))
    (program,) = shown.processes
    text = sentences(replace(shown, processes=(program, replace(program, role="new-main"))))
    assert text.startswith("The program ")
    assert " A new process of the program " in text


def test_a_launcher_that_waits_is_alive() -> None:
    """Neither has ended: both go on."""
    shown = _seen(_trial())
    assert [one.exit for one in shown.launchers] == [None]
    assert "Its launcher, sh, goes on." in sentences(shown)


def test_what_becomes_of_the_launcher_is_in_the_timeline() -> None:
    """Under the name of its program, in the order in which it was seen."""
    steps = timeline(_trial((2, "signal SIGTERM"), (1, "code 143"), target="main"), PLAIN)
    assert steps[-2:] == (("main", "ended", "signal SIGTERM"), ("sh", "ended", "code 143"))


# ---------------------------------------------------------------------- what is foreseen

BELOW = [one for one in records() if one.launcher != "direct"]


def foreseen(question: str, version: str = "3.13.0") -> tuple[Outcome, ...]:
    stack = "flask-3.1" if question.startswith("flask") else "none"
    one = record(question, version=version, stack=stack)
    scenario = LOADED[one.scenario]
    return expected(one, scenario).outcomes


def ends(question: str, version: str = "3.13.0") -> set[tuple[str, ...]]:
    """How the program and its launcher end: a status, a signal, `alive`."""
    return _ends(foreseen(question, version))


def _ends(outcomes: Iterable[Outcome]) -> set[tuple[str, ...]]:
    return {
        (_how(one.processes[0].exit), *(_how(each.exit) for each in one.launchers))
        for one in outcomes
    }


def _how(ended: object) -> str:
    return " ".join(map(str, ended.values())) if isinstance(ended, dict) else "alive"


@pytest.mark.parametrize("launcher", LAUNCHED)
def test_every_record_below_a_launcher_is_as_its_facts_foresee(launcher: str) -> None:
    """This holds on every Python measured, for every signal and target."""
    for one in BELOW:
        if one.launcher == launcher:
            verdict = judge(one, scenarios()[one.scenario])
            assert verdict.verdict.verdict == "match", (one.cell, verdict.why)


def test_a_shell_that_waits_is_killed_by_sigterm_and_its_program_is_not_told() -> None:
    """`sh -c` of dash does not become its command, so SIGTERM to the first pid is lost."""
    assert ends("plain/sh/SIGTERM@first") == {("alive", "SIGTERM")}
    assert ends("plain/script-exec/SIGTERM@first") == {("SIGTERM",)}


def test_a_shell_in_the_background_starts_its_program_with_sigint_ignored() -> None:
    """So a script that starts it with `&` and passes SIGINT on passes it to nobody."""
    assert ends("plain/script-trap/SIGINT@first") == {("alive", "alive")}
    assert ends("plain/script-trap/SIGTERM@first") == {("SIGTERM", "143")}


def test_the_first_process_of_a_container_needs_a_handler() -> None:
    """SIGTERM does nothing to it unless the program handles it; SIGKILL ends it."""
    assert ends("plain/pid1/SIGTERM@first") == {("alive",)}
    assert ends("plain-graceful/pid1/SIGTERM@first") == {("0",)}
    assert ends("plain/pid1/SIGKILL@first") == {("SIGKILL",)}


@pytest.mark.parametrize(("version", "status"), [("3.13.0", "130"), ("3.6.15", "1")])
def test_ctrl_c_ends_the_first_process_of_a_container_with_a_status(
    version: str, status: str
) -> None:
    """Since 3.8 Python kills itself with SIGINT, which does nothing there: it exits with 130."""
    assert ends("plain/pid1/SIGINT@first", version) == {(status,)}


@pytest.mark.parametrize(
    ("question", "ended"),
    [
        ("plain/script-trap/SIGINT@first", {("SIGINT", "130")}),
        ("plain/pid1/SIGINT@first", {("1",)}),
    ],
)
def test_pypy_handles_a_sigint_that_it_was_started_to_ignore(
    question: str, ended: set[tuple[str, ...]]
) -> None:
    """And exits with 1, as PID 1, where CPython exits with 130."""
    one = record(question, version="3.11.17", implementation="pypy", build="8.0.1")
    assert _ends(expected(one, PLAIN).outcomes) == ended


def test_a_terminal_that_loses_its_first_process_hangs_up() -> None:
    """The kernel sends SIGHUP to the others: no orphan of a reloader goes on there."""
    (shown,) = foreseen("flask-debug/pty/SIGKILL@first")
    assert [_how(one.exit) for one in shown.processes] == ["SIGKILL", "SIGHUP"]
    (shown,) = foreseen("flask-debug/sh/SIGKILL@parent")
    assert [_how(one.exit) for one in shown.processes] == ["SIGKILL", "alive"]


def test_a_program_may_be_killed_by_the_second_signal_when_its_handlers_have_run() -> None:
    """One that gets the group's and its launcher's: Python has given it back its default action."""
    shown = foreseen("plain-graceful/script-trap/SIGTERM@group")
    whole = ("signal.SIGTERM:stop", "C", "B", "A")
    assert {"code": 0} in [one.processes[0].exit for one in shown]
    assert (whole, {"signal": "SIGTERM"}) in [
        (one.processes[0].fired, one.processes[0].exit) for one in shown
    ]


def test_of_a_launcher_that_is_not_known_nothing_is_foreseen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row without facts, and a launcher that is in no row."""
    monkeypatch.setitem(LAUNCHERS_BY_ID, "sh", replace(LAUNCHERS_BY_ID["sh"], facts=None))
    for launcher in ("sh", "no-such"):
        with pytest.raises(NotPredicted, match=f"nothing is known of the launcher {launcher}"):
            foreseen(f"plain/{launcher}/SIGTERM@first")


def wrong() -> Iterator[tuple[str, Launcher]]:
    """Launchers, each with one part of what is known of it left out or exchanged."""
    for one in LAUNCHERS:
        facts = one.facts
        if facts is None or not any(each.launcher == one.id for each in BELOW):
            continue
        if one.namespace:
            yield f"{one.id} without a namespace", replace(one, namespace=False)
        if one.terminal:
            yield f"{one.id} without a terminal", replace(one, terminal=False)
        if facts.embeds:
            yield f"{one.id} without a Python within", with_facts(one, facts, embeds=False)
        for number, ignored in enumerate(facts.ignored):
            left = (*facts.ignored[:number], *facts.ignored[number + 1 :])
            yield f"{one.id} without {ignored} ignored", with_facts(one, facts, ignored=left)
        if facts.stays:
            yield f"{one.id} becomes the program", with_facts(one, facts, stays=())
        for place, stays in enumerate(facts.stays):
            name = f"{one.id} {stays.name}#{place}" if place else one.id
            for what, instead in _damaged(stays):
                chain = (*facts.stays[:place], instead, *facts.stays[place + 1 :])
                yield f"{name} {what}", with_facts(one, facts, stays=chain)


def _damaged(stays: Stays) -> Iterator[tuple[str, Stays]]:
    yield "apart", replace(stays, apart=not stays.apart)
    other = "success" if stays.exit_status != "success" else "128 and more"
    yield "tells", replace(stays, exit_status=other)
    if stays.signals_group:
        yield "buries", replace(stays, signals_group="")
    if stays.restarts:
        yield "starts nothing again", replace(stays, restarts=False)
    if stays.waits_for_output:
        yield "does not read", replace(stays, waits_for_output=False)
    for signal, on in stays.on.items():
        for what, instead in _otherwise(on, signal):
            yield f"{signal} {what}", replace(stays, on={**stays.on, signal: instead})


def _otherwise(on: OnSignal, signal: str) -> Iterator[tuple[str, OnSignal]]:
    yield "dies", DIES
    if on.passes != "to nobody":
        yield "is not passed on", replace(on, passes="to nobody")
    if on.passes == "to its child's group":
        yield "is passed to its child", replace(on, passes="to its child")
    if on.then != "goes on":
        yield "goes on", replace(on, then="goes on")
    if on.sends not in ("", signal):
        yield "sends what it gets", replace(on, sends="")
    if on.status:
        yield "ends with 0", replace(on, status=0)


def with_facts(launcher: Launcher, facts: Launches, **changed: object) -> Launcher:
    return replace(launcher, facts=replace(facts, **changed))


UNSEEN = {
    # Of the programs that are measured none handles SIGINT itself, and it starts ignored.
    "script-trap SIGINT is not passed on",
}
WRONG = {name: one for name, one in wrong() if name not in UNSEEN}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_fact_of_a_launcher_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of what is known of a launcher is needed for some record."""
    damaged = WRONG[name]
    monkeypatch.setitem(LAUNCHERS_BY_ID, damaged.id, damaged)
    mine = [one for one in BELOW if one.launcher == damaged.id]
    assert any(judge(one, scenarios()[one.scenario]).verdict.verdict != "match" for one in mine)


def test_every_law_of_launchers_is_told_with_its_reason() -> None:
    """And each is needed for some record."""
    used = {
        rule
        for one in BELOW
        for rule in judge(one, scenarios()[one.scenario]).verdict.rules
        if rule.startswith("launcher-")
    }
    assert used == {id for id in ALL_LAWS if id.startswith("launcher-")}


# ----------------------------------------------------------------------- the report


def test_the_report_shows_launchers_that_do_the_same_in_one_row() -> None:
    """And says of each launcher that stays how it ended."""
    asked = surveys({LINUX: [one for one in BELOW if one.scenario == "plain"]}, LOADED)
    (section,) = launchers_section(asked, LOADED)
    lines = markdown(section).splitlines()
    (shells,) = [line for line in lines if line.startswith("| `sh`")]
    assert shells.startswith("| `sh`, `script` | \u25cf it goes on; sh SIGTERM |")
    assert any(line.startswith("| `pid1` | \u25cf it goes on |") for line in lines)


def test_the_commands_that_show_a_cell_again_name_its_launcher() -> None:
    """As `check` and `explain` print them; one that is started directly goes without saying."""
    below, direct = record("plain/sh/SIGTERM@first"), record("plain/SIGTERM@main")
    assert " --scenario plain --launcher sh --termination SIGTERM" in command(below)
    assert "--launcher" not in command(direct)
    assert "--launcher sh" in " ".join(_again(below))
    assert "--reproducer" not in " ".join(_again(below))
    assert "--launcher" not in " ".join(_again(direct))


def test_a_page_without_a_launcher_has_no_such_section() -> None:
    """Cells without a launcher stand in the tables of the scenarios."""
    direct = [one for one in records() if str(one.question) == "plain/SIGTERM@main"]
    assert launchers_section(surveys({LINUX: direct}, LOADED), LOADED) == []


# ------------------------------------------------------------------- on this machine


@pytest.mark.parametrize(
    ("launcher", "termination", "target", "ends"),
    [
        ("sh", "SIGTERM", FIRST, (None, {"signal": "SIGTERM"})),
        ("script-exec", "SIGTERM", FIRST, ({"signal": "SIGTERM"},)),
        ("pid1", "SIGTERM", FIRST, (None,)),
        ("sh-then", "exception", "main", ({"code": 1}, {"code": 0})),
    ],
)
def test_a_trial_below_a_launcher(
    launcher: str,
    termination: str,
    target: str,
    ends: tuple[object, ...],
    environment_of: Callable[[str, str], Environment],
) -> None:
    """It runs as a user's command does, with the probe and without it."""
    if reason := here.missing().get(launcher):
        pytest.skip(reason)
    environment = environment_of(NEWEST, "none")
    order = _below(make_order(environment, PLAIN, termination, "main"), launcher, target)
    blind = replace(order, path=(order.path[-1],))
    shown = []
    for one, trial in run_orders([order, blind]):
        outcome = observe(trial, PLAIN, one.termination)
        assert not isinstance(outcome, Unknown), outcome.reason
        shown.append((outcome.processes[0].exit, *(each.exit for each in outcome.launchers)))
    assert shown == [ends, ends]


def _below(order: TrialSpec, launcher: str, target: str) -> TrialSpec:
    cell = replace(CellId.parse(order.cell), launcher=launcher, target=target)
    return replace(order, cell=str(cell), wrapped=_wrapped(launcher, order.python), target=target)


def _order(launcher: str, termination: str, target: str) -> TrialSpec:
    """An order that is not run."""
    cell = CellId.asking(PYTHON.id, "none", Question("plain", launcher, termination, target))
    return TrialSpec(
        cell=str(cell),
        python="/nowhere/python",
        path=(),
        scenario=PLAIN,
        termination=TERMINATIONS[termination],
        target=target,
        wrapped=_wrapped(launcher, "/nowhere/python"),
    )


def _wrapped(launcher: str, python: str) -> Wrapped:
    words, script = wrap(LAUNCHERS_BY_ID[launcher], (python, "app.py"))
    return Wrapped(launcher=LAUNCHERS_BY_ID[launcher], words=words, script=script)
