"""The laws about the laws, held against everything that was measured and is committed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from exitmatrix.judge.laws import LAWS, LAWS_BY_ID
from exitmatrix.judge.laws.law import (
    Dies,
    Effect,
    Exits,
    Facts,
    Finalizes,
    Kills,
    Law,
    PassesOn,
    Raises,
    Walks,
)
from exitmatrix.judge.profile import PARAMETERS, numbers, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.verdict import expected, judge
from exitmatrix.model import Record
from exitmatrix.model.language import (
    CloseStdout,
    Code,
    Exhaust,
    FatalError,
    Finalize,
    Flush,
    Fork,
    Function,
    Handle,
    HandleInLoop,
    Hook,
    Ignore,
    JoinProcess,
    Keep,
    LibcExit,
    Pause,
    PyExit,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    RunHandlers,
    RunLoop,
    SetExitFunction,
    Signal,
    StartInterpreter,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    Unregister,
    UsePool,
    Write,
)
from exitmatrix.model.outcome_sets import allows
from msgspec.structs import replace

from tests.support.committed import records, scenarios, verdicts
from tests.support.part import every


@cache
def cells_using() -> Mapping[str, Sequence[Record]]:
    """The records in whose prediction a law took part, by the law's id."""
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records():
        scenario = scenarios().get(record.scenario)
        # What a server's facts tell is not asked with other laws than the committed ones.
        if scenario and scenario.program and not scenario.server:
            for id in verdicts()[record.cell].rules:
                found[id].append(record)
    return dict(found)


def changed(id: str, then: Effect) -> tuple[Law, ...]:
    """The laws, with one that says something else."""
    return tuple(replace(one, then=lambda _: then) if one.id == id else one for one in LAWS)


def without(id: str) -> tuple[Law, ...]:
    return tuple(one for one in LAWS if one.id != id)


def matches(rows: Iterable[Record], laws: tuple[Law, ...] = LAWS) -> bool:
    return all(
        judge(row, scenarios()[row.scenario], laws).verdict.verdict == "match" for row in rows
    )


def test_there_are_observations_to_hold_the_laws_against() -> None:
    """What follows is about something."""
    assert len(records()) > 2000


def predictable() -> list[Record]:
    """The records whose scenario tells what its program does."""
    subjects = scenarios()
    return [one for one in records() if subjects[one.scenario].program and not one.unknown]


def test_every_cell_is_as_predicted() -> None:
    """As verdicts.jsonl says, which test_saved_verdicts.py holds to the laws."""
    differing = [one.cell for one in predictable() if verdicts()[one.cell].verdict != "match"]
    assert not differing
    assert len(predictable()) > 2000


def test_where_several_outcomes_are_allowed_a_race_is_named() -> None:
    """Without a reason it would be a guess."""
    for record in every(5, predictable()):
        judged = judge(record, scenarios()[record.scenario])
        assert judged.verdict == verdicts()[record.cell], record.cell
        assert judged.prediction
        outcomes = judged.prediction.outcomes
        several = len(outcomes) > 1 or any(each.cut for each in outcomes)
        assert bool(judged.prediction.races) or not several, record.cell


@pytest.mark.parametrize("id", [law.id for law in LAWS])
def test_no_cell_that_rests_on_a_law_is_predicted_without_it(id: str) -> None:
    """No other law stands in for one that is gone: laws do not rely on their order."""
    for row in cells_using().get(id, ())[:3]:
        verdict = judge(row, scenarios()[row.scenario], without(id))
        assert verdict.verdict.verdict == "unpredicted"


def test_a_law_that_allows_several_outcomes_names_the_race() -> None:
    """Those that name one without allowing several are about processes that race."""
    several: set[str] = set()

    def noting(law: Law) -> Law:
        def then(facts: Facts) -> Effect | tuple[Effect, ...]:
            effect = law.then(facts)
            if isinstance(effect, tuple):
                several.add(law.id)
            return effect

        return replace(law, then=then)

    laws = tuple(noting(law) for law in LAWS)
    racing = [law.id for law in LAWS if law.race]
    for id in racing:
        for row in cells_using().get(id, [])[:1]:
            judge(row, scenarios()[row.scenario], laws)
    for row in records()[::40]:
        judge(row, scenarios()[row.scenario], laws)
    assert several
    assert several <= set(racing)


def test_a_cell_that_shows_one_outcome_of_a_race_is_no_proof_of_another() -> None:
    """Predictions are not observations: only records count as seen."""
    racy = [row for row in cells_using()["call-kills-ending-child"] if len(row.outcomes) == 1]
    assert racy
    for row in racy:
        prediction = expected(row, scenarios()[row.scenario])
        assert len(prediction.outcomes) > 1


@pytest.mark.parametrize(
    ("id", "then"),
    [
        ("lifo", Walks("first in, first out")),
        ("default-action", Raises("SystemExit", 143)),
        ("reloader-restarts-on-3", Raises("SystemExit", 3)),
        ("reloader-passes-status-on", Raises("SystemExit", 0)),
        ("call-kills-child", PassesOn()),
        ("call-2-leaves-child", Kills(swallows=False)),
        ("handlers-leave-the-exit-alone", Exits(1)),
        ("pypy-ctrl-c-skips-exit", Finalizes(130)),
        ("abort", Dies("SIGKILL")),
        ("exit-status-text", Dies("SIGKILL")),
    ],
    ids=[
        "first in, first out",
        "SIGTERM runs handlers",
        "exit 3 is like any other",
        "the parent forgets its child's status",
        "Python 3 lets the child live",
        "Python 2 kills the child",
        "handlers change the status",
        "PyPy runs handlers after Ctrl-C",
        "abort kills",
        "a message kills",
    ],
)
def test_a_wrong_law_is_noticed(id: str, then: Effect) -> None:
    """Change one law, and cells that rest on it are no match any more."""
    rows = cells_using().get(id, [])[:40]
    assert matches(rows)
    assert not matches(rows, changed(id, then))


def test_a_law_that_crashes_makes_its_cells_unknown_and_stops_nothing() -> None:
    """A mistake in a law never looks like a match, and other cells are judged as ever."""

    def crash(_: Facts) -> Effect:
        raise ZeroDivisionError("a mistake")

    broken = tuple(replace(one, then=crash) if one.id == "libc-exit" else one for one in LAWS)
    hit = cells_using()["libc-exit"]
    for record in (*hit[:5], *cells_using()["exec-replaces"][:5]):
        verdict = judge(record, scenarios()[record.scenario], broken)
        if record in hit:
            assert verdict.verdict.verdict == "unknown"
            assert "ZeroDivisionError" in verdict.why
            assert verdict.prediction is None
        else:
            assert verdict.verdict.verdict == "match"


def test_a_process_whose_end_nobody_saw_contradicts_no_law() -> None:
    """A process reaped too soon has an unknown status, which is no other status."""
    record = cells_using()["libc-exit"][0]
    [outcome] = record.outcomes
    hidden = tuple(replace(one, exit={"unknown": "reaped"}) for one in outcome.processes)
    beside = replace(record, outcomes=(outcome, replace(outcome, processes=hidden)))
    verdict = judge(beside, scenarios()[record.scenario])
    assert verdict.verdict.verdict == "unknown"
    assert verdict.why == "the end of a process was not seen: reaped"


def test_what_no_law_speaks_of_is_unpredicted_with_the_question() -> None:
    """A gap in the laws is told as one."""
    record = cells_using()["exec-replaces"][0]
    verdict = judge(record, scenarios()[record.scenario], without("exec-replaces"))
    assert verdict.verdict.verdict == "unpredicted"
    assert "Exec" in verdict.why
    program_gone = replace(scenarios()[record.scenario], program=None)
    assert judge(record, program_gone).verdict.verdict == "unpredicted"


def test_the_laws_hold_for_a_python_that_their_author_left_out() -> None:
    """No parameter knows a version after 3.14: what is said of 3.15 was said before it ran.

    Its predictions are 3.14's, made with the version changed and nothing else
    looked at, and all its cells are as predicted.
    """
    of = {record.cell: record for record in records() if record.stack == "none"}
    newest = [r for r in of.values() if numbers(r.interpreter["version"])[:2] == (3, 15)]
    older = [r for r in of.values() if numbers(r.interpreter["version"])[:2] == (3, 14)]
    assert newest
    assert older
    spans = [span for one in PARAMETERS for span in one.spans if span.subject == "cpython"]
    assert max(span.since[:2] for span in spans) <= (3, 14)
    for record in older:
        scenario = scenarios()[record.scenario]
        if not scenario.program:
            continue
        unseen = replace(record, interpreter={**record.interpreter, "version": "3.15.0"})
        prediction = expected(unseen, scenario)
        twin = [r for r in newest if r.cell.partition("/")[2] == record.cell.partition("/")[2]]
        if record.launcher != "direct" and not twin:
            continue  # those are measured where they are asked for, and not on every Python
        assert twin
        assert all(allows(prediction.outcomes, one) for one in twin[0].outcomes), record.cell


def test_laws_see_facts_and_never_names() -> None:
    """No fact that a law gets names a scenario, an interpreter, a stack or a cell."""
    names = {"scenario", "interpreter", "cell", "stack", "termination", "id", "path", "version"}
    assert not names & set(Facts.__struct_fields__)
    folder = Path(__file__).parent.parent / "harness" / "exitmatrix" / "judge" / "laws"
    source = "".join(file.read_text() for file in folder.glob("*.py"))
    assert "def " in source
    ids = {one.id for one in scenarios().values() if "-" in one.id} | {"cpython-", "pypy-3"}
    assert not [one for one in ids if f'"{one}' in source and one not in LAWS_BY_ID]


def test_a_prediction_is_the_same_under_another_name() -> None:
    """For one cell of each scenario: what its header says counts, and not what it is called."""
    one_each = {record.scenario: record for record in records()}
    assert len(one_each) > 100
    for record in one_each.values():
        scenario = scenarios()[record.scenario]
        cell = record.cell.replace(f"/{record.scenario}/", "/other/")
        assert cell != record.cell
        renamed = replace(record, scenario="other", cell=cell)
        known = expected(record, scenario)
        assert expected(renamed, replace(scenario, id="other", title="Other")) == known


CANCELLED = RunLoop(body=(Signal("SIGINT"),), tasks=("f",), generators=("f",))
UNSEEN_BY_CELLS: Mapping[str, tuple[str, tuple[Statement, ...]]] = {
    "daemon-holds-globals": ("cpython 3.13.0", (Keep("f"), StartThread((), "never"))),
    "exitfunc-is-no-more": ("cpython 3.13.0", (SetExitFunction("f"),)),
    "faulthandler-refuses": ("cpython 3.13.0", (RegisterFaulthandler("SIGSEGV", chain=True),)),
    "faulthandler-passes-on-in-time": (
        "cpython 3.13.0",
        (
            RegisterFaulthandler("SIGUSR1", chain=True),
            StartThread((Signal("SIGUSR1"),), "after main"),
        ),
    ),
    "finalizer-raises": ("cpython 3.13.0", (Finalize("raises"),)),
    "finalizer-report-flushes": ("pypy 3.11.0", (Finalize("writes"),)),
    "flush-fails": ("cpython 3.13.0", (CloseStdout(), Write("w"), Flush())),
    "flush-writes": ("cpython 3.13.0", (Write("w"), Flush())),
    "fork-copies-loading": ("cpython 3.8.18", (StartThread(), Fork((LibcExit("_exit", 0),)))),
    "fork-copies-thread-end": ("cpython 3.8.18", (StartThread(), Fork((StartThread(),)))),
    "forked-thread-ends-the-child": ("cpython 3.13.0", (StartThread((Fork(),)),)),
    "frame-holds-globals": ("cpython 3.13.0", (Keep("f"), PyExit(0))),
    "main-module-came-last": (
        "cpython 3.13.0",
        (StartProcess(()), JoinProcess(), Keep("f"), PyExit(0)),
    ),
    "hook-fails": ("cpython 3.13.0", (Hook("sys.excepthook", "raises"), Raise())),
    "input-fails-to-flush": (
        "cpython 3.13.0",
        (CloseStdout(), Write("w"), Exhaust("input")),
    ),
    "no-default-action": ("cpython 3.13.0", (Signal("SIGURG"),)),
    "no-faulthandler-in-2": ("cpython 2.7.18", (RegisterFaulthandler("SIGTERM", chain=True),)),
    "no-finalizers-in-2": ("cpython 2.7.18", (Finalize("f"),)),
    "no-threading-list": ("cpython 3.8.18", (RegisterThreading("f"),)),
    "nothing-removes-in-2": ("cpython 2.7.18", (Unregister("A"),)),
    "only-the-main-thread-sets": ("cpython 3.13.0", (StartThread((Ignore("SIGTERM"),)),)),
    "daemons-have-no-children": (
        "cpython 3.13.0",
        (StartProcess((StartProcess(()),), daemon=True), JoinProcess()),
    ),
    "no-process-pools-in-2": ("cpython 2.7.18", (SubmitTask(()),)),
    "no-start-methods-in-2": ("cpython 2.7.18", (StartProcess((), "spawn"),)),
    "only-the-starter-joins": (
        "cpython 3.13.0",
        (StartProcess(()), JoinProcess(), Fork((JoinProcess(),))),
    ),
    "pending-calls-do-not-nest": (
        "cpython 3.7.16",
        (Handle("SIGUSR1", "signals"), Handle("SIGUSR2", "f"), Signal("SIGUSR1")),
    ),
    "pypy-does-not-refuse": ("pypy 3.11.0", (Ignore("SIGKILL"),)),
    "pypy-handler-exception-fails": ("pypy 3.7.10", (Register("raises"),)),
    "pypy-has-no-fatal-error": ("pypy 3.11.0", (FatalError(),)),
    "pypy-has-one-interpreter": ("pypy 3.11.0", (StartInterpreter(("X",)),)),
    "subinterpreter-that-is-held-aborts": (
        "cpython 3.12.1",
        (StartInterpreter(("X",)), StartThread((), "never")),
    ),
    "pypy-has-no-py-exit": ("pypy 3.11.0", (PyExit(3),)),
    "run-raises-the-last": ("cpython 3.9.18", (Register("raises"), RunHandlers())),
    "threading-list-is-closed": ("cpython 3.13.0", (Register("lists"),)),
    "no-runner-yet": ("cpython 3.6.15", (RunLoop(body=()),)),
    "loop-in-a-loop": ("cpython 3.13.0", (RunLoop(body=(RunLoop(body=()),)),)),
    "main-task-pauses": ("cpython 3.13.0", (RunLoop(body=(Pause(),)),)),
    "callback-fails": (
        "cpython 3.13.0",
        (RunLoop(body=(HandleInLoop("SIGTERM", "raises"), Signal("SIGTERM"), Pause())),),
    ),
    "no-loop-to-handle-signals": ("cpython 3.13.0", (HandleInLoop("SIGTERM", "f"),)),
    "clean-up-of-a-task-fails": ("cpython 3.13.0", (RunLoop(body=(), tasks=("raises",)),)),
    "executor-registers-both": ("cpython 3.6.15", (UsePool(),)),
    "lost-result-is-released": ("cpython 3.13.0", (CANCELLED,)),
    "lost-result-stays-for-a-while": ("pypy 3.11.17", (CANCELLED,)),
    "thread-pool-works": ("cpython 3.13.0", (UsePool(),)),
    "thread-pool-is-refused": ("cpython 3.8.18", (UsePool(), RunHandlers(), UsePool())),
    "thread-pool-comes-too-late": ("cpython 3.13.0", (Register("pools"),)),
    "no-thread-pools-in-2": ("cpython 2.7.18", (UsePool(),)),
    "task-of-a-thread-is-caught": ("cpython 3.13.0", (UsePool((Raise(),)),)),
    "open-pools-are-shut-down": ("cpython 3.13.0", (SubmitTask((), ends="left open"),)),
    "late-pool-is-refused": (
        "cpython 3.8.18",
        (SubmitTask(()), RunHandlers(), SubmitTask(())),
    ),
    "copied-loop-is-unknown": ("cpython 3.13.0", (RunLoop(body=(Fork((Pause(),)),)),)),
    "pools-are-joined": ("cpython 3.13.0", (UsePool((), "left open"),)),
    "uncatchable-is-refused": ("cpython 3.13.0", (Ignore("SIGKILL"),)),
    "late-traceback-aborts-perhaps": ("cpython 3.13.0", (StartThread((Raise(),), "never"),)),
    "late-traceback-is-waited-for": ("pypy 3.11.17", (StartThread((Raise(),), "never"),)),
}
"""Programs that rest on the laws on which no cell does; `exitmatrix fuzz` runs their like."""


@pytest.mark.parametrize("id", UNSEEN_BY_CELLS)
def test_a_law_that_no_cell_needs_is_needed_by_a_program(id: str) -> None:
    """With the law its program is predicted, without it not."""
    python, body = UNSEEN_BY_CELLS[id]
    implementation, version = python.split()
    about = profile({"implementation": implementation, "version": version})
    functions = (
        Function("raises", (Raise(),)),
        Function("signals", (Signal("SIGUSR2"),)),
        Function("pools", (UsePool(),)),
        Function("lists", (RegisterThreading("f"),)),
        Function("writes", (Write("w"), Raise())),
    )
    code = Code(body=body, functions=functions, printed=LAWS_BY_ID[id].about == "stderr")
    assert id in predict_program(code, about).rules
    with pytest.raises(NotPredicted):
        predict_program(code, about, laws=without(id))


def test_no_law_is_superfluous() -> None:
    """Each is needed by a cell on record or by one of the programs above."""
    assert set(LAWS_BY_ID) == {*cells_using(), *UNSEEN_BY_CELLS} & set(LAWS_BY_ID)
