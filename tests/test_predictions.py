"""The laws about what a header's program and an ending come to: predicted outcomes of cells."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from exitmatrix.declare.described import program
from exitmatrix.declare.program import InvalidProgram
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.judge.semantics.ask import NotPredicted
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.predicted import ABC, only, outcomes, row_of


def test_a_signal_that_a_thread_sends_is_handled_in_the_main_thread() -> None:
    """Its handler's SystemExit is the program's."""
    steps = [*ABC[:1], "on SIGTERM stop, sys.exit 5", "thread: signal SIGTERM"]
    assert only({"steps": steps}) == [("main", "signal.SIGTERM:stop", "A", 5)]


def test_children_of_children_are_told_too() -> None:
    """Two forks make four processes; whose marker it was nobody can say then."""
    (outcome,) = outcomes({"steps": ["register A", "write", "fork", "fork"]})
    assert [one.role for one in outcome.processes] == ["main", "child", "child#2", "child#3"]
    assert {one.fired for one in outcome.processes} == {("A",)}
    assert [one.stdout for one in outcome.processes] == [None] * 4


def test_a_child_that_a_handler_forked_has_the_status_that_its_parent_has() -> None:
    """And handlers that ran when it was forked began in it too."""
    assert only({"steps": ABC, "handlers": {"B": "fork"}}, "sys-exit-3") == [
        ("main", "C", "B", "A", 3),
        ("child", "B", "A", 3),
    ]


NESTED: dict[str, Any] = {
    "steps": ["register A", "on SIGTERM library", "signal SIGTERM"],
    "handlers": {"library": ["on SIGTERM stop, sys.exit 5", "signal SIGTERM"]},
}
"""A handler of a signal that sets another one, and sends the signal to that."""


def test_a_signal_within_the_handler_of_a_signal_is_handled_within_it() -> None:
    """So what the second handler raises leaves the first."""
    (outcome,) = outcomes(NESTED)
    assert outcome.processes[0].raised == ("signal.SIGTERM:library", "signal.SIGTERM:stop")


def test_up_to_3_7_a_signal_within_a_handler_waits_but_in_a_call_that_waits() -> None:
    """Between two instructions handlers do not nest there."""
    (behind,) = outcomes(NESTED, version="3.7.16")
    assert row_of(behind.processes[0])[1:3] == ("signal.SIGTERM:library", "signal.SIGTERM:stop")
    assert behind.processes[0].raised == ("signal.SIGTERM:stop",)
    waits = {**NESTED, "steps": ["register A", "on SIGTERM library"]}
    (within,) = outcomes(waits, "SIGTERM", "3.7.16")
    assert within.processes[0].raised == ("signal.SIGTERM:library", "signal.SIGTERM:stop")


LEFT: dict[str, Any] = {
    "steps": ["register A", "register B", "on SIGTERM library", "signal SIGTERM"],
    "handlers": {"library": ["on SIGTERM stop, sys.exit 5", "signal SIGTERM", "sys.exit 3"]},
}
"""A handler that raises while a signal waits for its end."""


@pytest.mark.parametrize(
    ("first", "ran"), [([], ("A",)), (["thread: nothing"], ("B", "A"))], ids=["", "threading"]
)
def test_a_signal_that_waits_is_handled_where_the_end_comes_to_python_code(
    first: list[str], ran: tuple[str, ...]
) -> None:
    """Up to 3.7: in the newest atexit handler, or before that in threading, if it is there."""
    (outcome,) = outcomes({**LEFT, "steps": [*first, *LEFT["steps"]]}, version="3.7.16")
    stops = ("signal.SIGTERM:library", "signal.SIGTERM:stop")
    assert row_of(outcome.processes[0]) == ("main", *stops, *ran, 3)
    assert outcome.processes[0].raised == stops


@pytest.mark.parametrize(
    ("version", "end", "steps"),
    [
        ("3.7.16", "raise", LEFT["steps"]),
        ("2.7.18", "sys.exit 3", LEFT["steps"]),
        ("3.7.16", "sys.exit 3", ["register F", "on SIGTERM library"]),
    ],
    ids=["traceback", "2.7", "told"],
)
def test_what_was_not_measured_of_a_signal_that_waits_is_withheld(
    version: str, end: str, steps: list[str]
) -> None:
    """Python code that no program speaks of: what prints a traceback, and 2.7's atexit."""
    library = ["on SIGTERM stop, sys.exit 5", "signal SIGTERM", end]
    handlers = {"library": library, "F": "signal SIGTERM"}
    with pytest.raises(NotPredicted, match="waits for a handler to end"):
        outcomes({"steps": steps, "handlers": handlers}, version=version)


def test_a_pypy_that_does_not_nest_handlers_ends_the_first_one_first() -> None:
    """The second runs all the same, and its SystemExit is the program's."""
    python = profile(
        {
            "implementation": "pypy",
            "version": "3.11.17",
            "implementation_version": "8.0.1",
        }
    )
    (outcome,) = predict(program(NESTED), TERMINATIONS["return"], "main", python).outcomes
    assert row_of(outcome.processes[0]) == (
        "main",
        "signal.SIGTERM:library",
        "signal.SIGTERM:stop",
        "A",
        5,
    )
    assert outcome.processes[0].raised == ("signal.SIGTERM:stop",)


def test_a_handler_in_c_that_does_not_chain_takes_the_signal_away() -> None:
    """Whatever was set before; and who sets a handler afterwards takes it back."""
    stop, dump = "on SIGTERM stop, sys.exit 5", "faulthandler SIGTERM"
    assert only({"steps": ["register A", stop, dump, "signal SIGTERM"]}) == [("main", "A", 0)]
    assert only({"steps": ["register A", dump, stop, "signal SIGTERM"]}) == [
        ("main", "signal.SIGTERM:stop", "A", 5)
    ]


def test_a_handler_in_c_that_chains_does_what_was_there_before() -> None:
    """Python's handler, or the default action."""
    stop, dump = "on SIGTERM stop, sys.exit 5", "faulthandler chains SIGTERM"
    assert only({"steps": [stop, dump, "signal SIGTERM"]}) == [("main", "signal.SIGTERM:stop", 5)]
    assert only({"steps": ["register A", dump, "signal SIGTERM"]}) == [("main", "SIGTERM")]


def test_a_signal_handler_that_leaves_is_unfinished() -> None:
    """Nothing of it is told but that it began."""
    steps = ["register A", "on SIGTERM stop, os._exit 3", "signal SIGTERM"]
    assert only({"steps": steps}) == [("main", "signal.SIGTERM:stop...", 3)]


def test_a_forked_child_may_do_several_things() -> None:
    """It has its parent's signal handlers, and goes on with the program."""
    child = ["register B", "signal SIGTERM"]
    steps = ["register A", "on SIGTERM stop, sys.exit 4", {"fork": child}]
    assert only({"steps": steps}) == [
        ("main", "A", 0),
        ("child", "signal.SIGTERM:stop", "B", "A", 4),
    ]


@pytest.mark.parametrize(
    ("version", "end"),
    [("3.9.18", ("main", "C", "B", "A", 1)), ("3.10.0", ("main", "C", "B", "A", "D", 0))],
)
def test_an_explicit_run_raises_up_to_3_9(version: str, end: tuple[Any, ...]) -> None:
    """And the program goes on from 3.10 on."""
    table = {"steps": [*ABC, "run handlers", "register D"], "handlers": {"B": "raise"}}
    assert only(table, version=version) == [end]


def test_a_handler_that_registers_itself_for_ever_is_not_predicted() -> None:
    """On 2.7 it never ends, so the open question is reported instead of a guess."""
    table = {"steps": ABC, "handlers": {"A": "register A"}}
    with pytest.raises(NotPredicted, match="moments"):
        outcomes(table, version="2.7.18")


def test_a_program_that_goes_on_survives() -> None:
    """One that ignores a signal from outside is alive, and SIGKILL still ends it."""
    table = {"steps": [*ABC, "ignore SIGTERM"]}
    (outcome,) = outcomes(table, "SIGTERM")
    assert (outcome.survivors, outcome.processes[0].exit) == (("main",), None)
    assert only(table, "SIGTERM-then-SIGKILL") == [("main", "SIGKILL")]


def test_a_program_of_very_many_processes_is_not_predicted() -> None:
    """Each fork doubles them; the judge stops at a bound, and says so."""
    with pytest.raises(NotPredicted, match="more than 64 processes"):
        outcomes({"steps": ["fork"] * 30})


def test_steps_within_steps_without_end_are_refused() -> None:
    """In one line, not by a crash."""
    with pytest.raises(InvalidProgram, match="deeper than"):
        program({"steps": ["thread: " * 5000 + "return"]})


TEXTS = st.sampled_from(
    [
        *ABC, "unregister B", "clear", "run handlers", "thread that ends after main registers D",
        "daemon thread", "on SIGTERM stop", "on SIGINT -, sys.exit 4", "exitfunc f", "hooks",
        "subinterpreter D E", "end subinterpreter", "start child, then signal SIGTERM", "write",
        "fork", "fork, child: os._exit 2", "import logging", "import unheard-of", "raise",
        "say x", "signal SIGTERM", "signal SIGSTOP", "ignore SIGTERM", "default SIGINT", "abort",
        "exec /bin/true 3", "close stdout", "flush", "thread: sys.exit 3", "sys.exit text",
    ]
)  # fmt: skip
STEPS = st.lists(TEXTS, max_size=5)
TABLES = st.fixed_dictionaries(
    {"steps": STEPS, "handlers": st.dictionaries(st.sampled_from([*"ABC", "stop"]), STEPS)},
    optional={
        "server": st.sampled_from(["threads", "one thread"]),
        "supervisor": st.sampled_from(["reloader", "wait"]),
        "data": st.just({"lock": "file", "log": "memory"}),
    },
)


@settings(deadline=None, max_examples=400)
@given(
    TABLES,
    st.sampled_from(sorted(TERMINATIONS)),
    st.sampled_from(["2.7.18", "3.7.1", "3.9.18", "3.12.1", "3.14.0"]),
    st.sampled_from(["main", "parent", "child", "group"]),
    st.booleans(),
)
def test_no_header_crashes_or_hangs_the_judge(
    table: dict[str, Any], termination: str, version: str, target: str, printed: bool
) -> None:
    """Whatever a header tells is predicted or withheld, however its program is ended."""
    made = program(table)
    made = replace(made, code=replace(made.code, printed=printed, length=int(printed) * 900))
    python = profile({"implementation": "cpython", "version": version}, {"werkzeug": "3.1.3"})
    with contextlib.suppress(NotPredicted):
        assert predict(made, TERMINATIONS[termination], target, python).outcomes


def test_handlers_that_run_handlers_without_end_are_withheld() -> None:
    """Python ends them at its limit of recursion; the judge stops long before."""
    steps = ["register A", "run handlers"]
    endless = {"steps": steps, "handlers": {"A": steps}}
    with pytest.raises(NotPredicted, match="more than 200 calls"):
        outcomes(endless, version="2.7.18")


def test_a_stdout_that_nobody_reads_is_never_full() -> None:
    """A write to it fails and does not wait; what a thread does that waited by then is withheld."""
    with pytest.raises(NotPredicted):
        outcomes({"steps": ["close stdout"]}, "stdout-full")
    full = {"steps": ["register A", "write", "fill stdout", "close stdout"]}
    assert only(full) == [("main", "A", 120)]
    with pytest.raises(NotPredicted):
        outcomes({"steps": ["hold stdout", "close stdout"]})


UNWINDS = {"steps": [*ABC[:1], {"try": ["end here"], "finally": "finally:f"}]}


def test_what_c_code_ends_runs_handlers_and_leaves_no_statement() -> None:
    """Py_Exit finalizes below frames that are still there; exit(3) runs neither."""
    assert only(UNWINDS, "sys-exit-3") == [("main", "finally:f", "A", 3)]
    assert only(UNWINDS, "py-exit") == [("main", "A", 5)]
    assert only(UNWINDS, "libc-exit") == [("main", 5)]


def test_what_py_exit_does_elsewhere_is_withheld() -> None:
    """In a thread, and in a handler, it was not measured."""
    for steps in (["thread: Py_Exit 5"], ["register A"]):
        with pytest.raises(NotPredicted):
            outcomes({"steps": steps, "handlers": {"A": "Py_Exit 5"}})


@pytest.mark.parametrize(("version", "ran"), [("2.7.18", ("C", "B", "A")), ("3.14.0", ())])
def test_a_full_pipe_holds_the_end_up(version: str, ran: tuple[str, ...]) -> None:
    """The process lives on, before its handlers or behind them, as stdout is flushed."""
    (outcome,) = outcomes({"steps": ABC}, "stdout-full", version)
    assert outcome.survivors == ("main",)
    assert row_of(outcome.processes[0]) == ("main", *ran, None)


def test_nothing_to_write_needs_no_reader() -> None:
    """An end with nothing buffered passes a full pipe."""
    steps = ["write", "flush", "fill stdout"]
    assert only({"steps": steps}) == [("main", 0)]


@pytest.mark.parametrize(
    ("steps", "version", "implementation", "ran"),
    [
        (["hold stdout"], "3.13.0", "cpython", ("main", None)),
        (["hold stdout"], "2.7.18", "cpython", ("main", "A", None)),
        ([], "3.13.0", "cpython", ("main", "A", "SIGABRT")),
        ([], "2.7.18", "cpython", ("main", "A", None)),
        ([], "3.11.0", "pypy", ("main", "A", None)),
    ],
)
def test_a_thread_that_is_stuck_in_a_write_holds_the_end_up_or_has_it_abort(
    steps: list[str], version: str, implementation: str, ran: tuple[str | None, ...]
) -> None:
    """Before the handlers it is waited for; behind them CPython 3 gives up."""
    about = {"implementation": implementation, "version": version, "implementation_version": "8.0"}
    table = {"steps": ["register A", *steps], "handlers": {"A": "hold stdout"}}
    (outcome,) = predict(program(table), TERMINATIONS["return"], "main", profile(about)).outcomes
    assert row_of(outcome.processes[0]) == ran


def test_what_is_lacking_raises_or_kills() -> None:
    """By the resource, by what the program says about the signal, and by the Python."""
    for id in ("memory-limit", "recursion-limit", "input-ended", "file-limit"):
        assert only(UNWINDS, id) == [("main", "finally:f", "A", 1)], id
    assert only({"steps": ["default SIGXFSZ"]}, "file-limit") == [("main", "SIGXFSZ")]
    assert only(UNWINDS, "cpu-limit") == [("main", "SIGXCPU")]
    assert only(UNWINDS, "stack-overflow", "3.11.9") == [("main", "SIGSEGV")]
    assert only(UNWINDS, "stack-overflow", "3.12.0") == [("main", "finally:f", "A", 1)]


def test_a_simulated_ctrl_c_is_none_where_sigint_is_ignored() -> None:
    """Up to 3.7.3 the main thread gets a TypeError of it, from whatever thread it came."""
    for id in ("interrupt-main", "set-interrupt"):
        assert only({"steps": ABC[:1]}, id) == [("main", "A", "SIGINT")]
        ignores = {"steps": [*ABC[:1], "ignore SIGINT"]}
        assert only(ignores, id, "3.7.4") == [("main", "A", 0)]
        assert only(ignores, id, "3.7.3") == [("main", "A", 1)]


DATA = {
    "named": "file of a global",
    "zip": "archive of a global",
    "gzip": "gzip file of a global",
    "short gzip": "buffer of a global gzip file",
    "tar": "buffered archive",
    "lock": "of the kernel",
    "map": "written",
}


def data(termination: str, version: str = "3.13.0", implementation: str = "cpython") -> list[str]:
    """What becomes of these kinds, in their order."""
    about = {"implementation": implementation, "version": version, "implementation_version": "8.0"}
    clean = tuple((kind, "removed" if kind in ("named", "lock") else "kept") for kind in DATA)
    made = replace(program({"steps": [], "data": DATA}), clean=clean)
    (outcome,) = predict(made, TERMINATIONS[termination], "main", profile(about)).outcomes
    assert outcome.data is not None
    return [outcome.data[kind] for kind in DATA]


def test_a_queue_is_lost_and_what_a_fork_copied_is_there_twice_only_at_a_clean_end() -> None:
    """Nobody stops a QueueListener; a parent that is killed does not write what its child wrote."""
    natures = {"records": "queue of a thread", "line": "copied buffer"}

    def become(ending: str, implementation: str) -> object:
        about = {"implementation": implementation, "version": "3.11.0"}
        python = profile({**about, "implementation_version": "8.0"})
        parsed = program({"steps": [], "data": natures})
        parsed = replace(parsed, clean=(("records", "kept"), ("line", "kept")))
        (outcome,) = predict(parsed, TERMINATIONS[ending], "main", python).outcomes
        return outcome.data

    for implementation in ("cpython", "pypy"):
        for ending in ("return", "exception", "SIGINT"):
            assert become(ending, implementation) == {"records": "lost", "line": "damaged"}
        for ending in ("SIGKILL", "SIGTERM", "os-exit-7"):
            assert become(ending, implementation) == {"records": "lost", "line": "kept"}


@pytest.mark.parametrize(
    ("version", "implementation", "text"),
    [
        ("2.7.18", "cpython", "kept"),
        ("3.6.15", "cpython", "lost"),
        ("3.15.0", "cpython", "lost"),
        ("3.11.0", "pypy", "kept"),
    ],
)
def test_open_files_are_lost_where_a_daemon_thread_has_the_globals(
    version: str, implementation: str, text: str
) -> None:
    """CPython 3 empties no module: a clean end writes them if nobody else has their globals."""
    about = {"implementation": implementation, "version": version, "implementation_version": "8.0"}

    def kept(*steps: str) -> object:
        parsed = program({"steps": [*steps], "data": {"text": "buffer"}})
        parsed = replace(parsed, clean=(("text", "kept"),))
        (outcome,) = predict(parsed, TERMINATIONS["return"], "main", profile(about)).outcomes
        return (outcome.data or {})["text"]

    assert (kept("daemon thread"), kept()) == (text, "kept")


def test_what_a_global_holds_is_safe_only_where_globals_are_released() -> None:
    """At a clean end of CPython, but for gzip: never on PyPy.

    What is in its buffer is lost from 3.12.10 and 3.13.3 on, and all of it from 3.14 on.
    """
    assert data("return") == ["removed", "kept", "kept", "kept", "kept", "removed", "kept"]
    for whole in ("3.12.9", "3.13.2"):
        assert data("return", whole) == data("return")
    for short in ("3.12.10", "3.13.3"):
        assert data("return", short)[1:4] == ["kept", "kept", "damaged"]
    assert data("return", "3.14.0")[1:4] == ["kept", "damaged", "damaged"]
    pypy = data("return", "3.11.9", "pypy")
    assert pypy == ["left behind", "damaged", "damaged", "damaged", "kept", "removed", "kept"]


def test_what_the_kernel_has_needs_no_clean_end() -> None:
    """A lock goes and a write stays, however the process ends; the rest is lost with it."""
    for id in ("SIGKILL", "os-exit-7"):
        assert data(id) == ["left behind", *["damaged"] * 4, "removed", "kept"]


def started(start: str, termination: str, version: str = "3.13.0") -> tuple[Any, ...]:
    """What is foreseen where Python is given the program in another way."""
    made = program({"steps": ABC[:1]})
    made = replace(made, code=replace(made.code, start=start))
    python = profile({"implementation": "cpython", "version": version})
    (outcome,) = predict(made, TERMINATIONS[termination], "main", python).outcomes
    return row_of(outcome.processes[0])[1:]


def test_a_prompt_outlives_what_a_script_ends_by() -> None:
    """SystemExit ends a prompt at which it is raised, and not one that follows a script."""
    for start in ("", "c", "isolated"):
        assert started(start, "sys-exit-3") == ("A", 3)
        assert started(start, "exception") == ("A", 1)
    assert started("interactive", "sys-exit-3") == ("A", 3)
    assert started("i", "sys-exit-3") == ("A", 0)
    assert started("i", "exception") == started("interactive", "exception") == ("A", 0)


@pytest.mark.parametrize(
    ("version", "after_a_script", "typed"),
    [
        ("3.7.0", 0, 0),
        ("3.9.0", "SIGINT", "SIGINT"),
        ("3.13.0", 0, "SIGINT"),
        ("3.14.0", "SIGINT", "SIGINT"),
    ],
)
def test_a_prompt_may_die_of_a_ctrl_c_long_past(
    version: str, after_a_script: int | str, typed: int | str
) -> None:
    """By the Python, and by where it was raised."""
    assert started("i", "keyboard-interrupt", version) == ("A", after_a_script)
    assert started("interactive", "keyboard-interrupt", version) == ("A", typed)


HOOKED = {"steps": ["sys.excepthook report"], "handlers": {"sys.excepthook:report": "sys.exit 5"}}


def test_a_hook_may_set_the_exit_status_of_what_it_is_told_of() -> None:
    """Not of SystemExit, of which no hook is told; not on PyPy after KeyboardInterrupt."""
    assert only(HOOKED, "exception") == [("main", "sys.excepthook:report", 5)]
    assert only(HOOKED, "keyboard-interrupt") == [("main", "sys.excepthook:report", 5)]
    assert only(HOOKED, "sys-exit-3") == [("main", 3)]
    about = {"implementation": "pypy", "version": "3.11.9", "implementation_version": "8.0.1"}
    made, termination = program(HOOKED), TERMINATIONS["keyboard-interrupt"]
    (outcome,) = predict(made, termination, "main", profile(about)).outcomes
    assert outcome.processes[0].exit == {"signal": "SIGINT"}


def test_what_a_hook_raises_otherwise_changes_nothing() -> None:
    """The program ends by what the hook was told of; KeyboardInterrupt in one was not measured."""
    fails = {**HOOKED, "handlers": {"sys.excepthook:report": "raise"}}
    assert only(fails, "exception") == [("main", "sys.excepthook:report", 1)]
    with pytest.raises(NotPredicted):
        outcomes(
            {**HOOKED, "handlers": {"sys.excepthook:report": "raise KeyboardInterrupt"}},
            "exception",
        )


RELOADED = {"steps": ABC, "server": "threads", "supervisor": "reloader"}


def test_a_prefix_of_what_a_killed_child_does_is_all_that_is_left_open() -> None:
    """SIGTERM to a debug server's group: the parent's end is certain, the child's a race."""
    allowed = outcomes(RELOADED, "SIGTERM", target="group", werkzeug="1.0.1")
    assert len(allowed) == 2
    assert {row_of(one.processes[0]) for one in allowed} == {("parent", "C", "B", "A", 0)}
    assert sorted(one.cut for one in allowed) == [False, True]


def test_status_3_of_a_reloaded_child_starts_another() -> None:
    """Which serves, while the parent waits."""
    (outcome,) = outcomes(RELOADED, "os-exit-3", target="child", werkzeug="1.0.1")
    assert outcome.survivors == ("parent", "child#2")
    assert outcome.port == "open"
