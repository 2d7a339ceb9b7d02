"""The laws of event loops, for programs that end by themselves: whose turn is it? Pure."""

from __future__ import annotations

import pytest
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model.language import (
    Call,
    Code,
    Fork,
    Function,
    HandleInLoop,
    Pause,
    PyExit,
    Raise,
    Register,
    RunLoop,
    Signal,
    StartThread,
    Statement,
    SysExit,
    TryFinally,
    UsePool,
    Write,
)
from exitmatrix.report.programs import lines

OLD_AND_NEW = pytest.mark.parametrize("version", ["3.10.13", "3.11.2"])


def python(version: str) -> Profile:
    return profile({"implementation": "cpython", "version": version})


def shows(version: str, *body: Statement, **functions: tuple[Statement, ...]) -> str:
    """The one thing that a program may show."""
    named = tuple(Function(name, does) for name, does in functions.items())
    (seen,) = predict_program(Code(body=body, functions=named), python(version)).seen
    return "; ".join(lines(seen))


def loop(
    *body: Statement, tasks: tuple[str, ...] = (), generators: tuple[str, ...] = ()
) -> RunLoop:
    return RunLoop(body=body, tasks=tasks, generators=generators)


@OLD_AND_NEW
def test_ctrl_c_is_told_at_the_next_pause_from_3_11_on(version: str) -> None:
    """Before, it is raised where the main task is: what follows at once is not done."""
    told = shows(version, loop(Signal("SIGINT"), Register("A"), Pause(), Register("B")))
    handlers = " A;" if version == "3.11.2" else ""
    assert told == f"main:{handlers} killed by SIGINT; stdout: nothing"


@OLD_AND_NEW
def test_a_main_task_that_does_not_pause_is_interrupted_when_it_is_over(version: str) -> None:
    """It ends by Ctrl-C also from 3.11 on, when all of it has been done."""
    told = shows(version, loop(Signal("SIGINT"), Write("w1.")), Write("w2."))
    assert "killed by SIGINT" in told
    assert ("w1." in told) == (version == "3.11.2")
    assert "w2." not in told


@OLD_AND_NEW
def test_a_second_ctrl_c_interrupts_at_once(version: str) -> None:
    """Wherever the main task is; the first one that does from 3.11 on."""
    told = shows(version, loop(Signal("SIGINT"), Write("w1."), Signal("SIGINT"), Write("w2.")))
    assert ("w1." in told) == (version == "3.11.2")
    assert "w2." not in told


def test_the_loop_calls_what_a_signal_asks_for_in_its_turn() -> None:
    """Not at once, as a handler of signal.signal is called."""
    body = (HandleInLoop("SIGTERM", "A"), Signal("SIGTERM"), TryFinally((), "B"), Pause())
    assert shows("3.13.0", loop(*body)).startswith("main: B, A; exit status 0")


def test_a_signal_has_its_default_action_again_when_the_loop_is_closed() -> None:
    """The loop takes away what it has set, and sets SIG_DFL."""
    body = (HandleInLoop("SIGTERM", "A"), Signal("SIGTERM"), Pause())
    assert "killed by SIGTERM" in shows("3.13.0", loop(*body), Signal("SIGTERM"))


@pytest.mark.parametrize(
    ("act", "status"), [(Raise(), "exit status 0"), (SysExit(4), "exit status 4")]
)
def test_an_exit_in_what_the_loop_calls_leaves_the_loop(act: Statement, status: str) -> None:
    """All tasks are then cancelled, and their finally clauses run; an exception is logged."""
    body = (HandleInLoop("SIGTERM", "A"), Signal("SIGTERM"), TryFinally((Pause(),), "B"))
    told = shows("3.13.0", loop(*body, tasks=("C",)), A=(act,))
    assert told.startswith(f"main: A raised, B, C; {status}")


def test_a_task_that_fails_while_it_is_cancelled_changes_nothing() -> None:
    """What it raises is its result; SystemExit leaves the loop, and generators are not closed."""
    beside = loop(tasks=("A",), generators=("B",))
    assert shows("3.13.0", beside, A=(Raise(),)).startswith("main: A raised, B; exit status 0")
    assert shows("3.13.0", beside, A=(SysExit(5),)).startswith("main: A raised; exit status 5")


@pytest.mark.parametrize(
    ("body", "end"),
    [((), "exit status 1"), ((loop(),), "killed by SIGINT")],
    ids=["without a loop", "with one"],
)
def test_a_pool_in_a_handler_forgets_ctrl_c_unless_a_loop_was_there(
    body: tuple[Statement, ...], end: str
) -> None:
    """The first import of concurrent.futures evaluates text, and asyncio brings that import."""
    told = shows("3.8.18", *body, Register("A"), Raise("KeyboardInterrupt"), A=(UsePool(),))
    assert told == f"main: A; {end}; stdout: nothing"


@pytest.mark.parametrize("how", [Register("A"), Call("A"), StartThread((Call("A"),))])
def test_a_function_may_run_a_loop_wherever_it_is_called(how: Statement) -> None:
    """In a handler, in main's code and in another thread."""
    program = loop(Write("w1."), Pause(), tasks=("B",), generators=("C",))
    assert shows("3.13.0", how, A=(program,)) == (
        "main: A began, B, C, A ended; exit status 0; stdout: w1."
    )


def test_a_loop_within_a_loop_is_refused() -> None:
    """Also in a function that the loop calls, and in its `finally` clauses."""
    nested = loop(TryFinally((), "A"))
    assert shows("3.13.0", nested, A=(loop(Write("w1.")),)) == (
        "main: A raised; exit status 1; stdout: nothing"
    )


def test_a_loop_that_py_exit_was_called_in_still_runs_when_handlers_do() -> None:
    """Nobody has left it: a handler can run no other one."""
    told = shows("3.13.0", Register("A"), loop(PyExit(5)), A=(loop(),))
    assert told.startswith("main: A raised; exit status 5")


@pytest.mark.parametrize(("version", "end"), [("3.13.0", "status 1"), ("3.14.10", "by SIGINT")])
def test_the_first_loop_in_a_handler_forgets_ctrl_c_up_to_3_13(version: str, end: str) -> None:
    """As the first pool does: asyncio imports concurrent.futures."""
    told = shows(version, Register("A"), Raise("KeyboardInterrupt"), A=(loop(),))
    assert f"{end}; stdout" in told


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15"])
def test_there_is_no_runner_before_3_7(version: str) -> None:
    """Nothing of the loop is done."""
    assert shows(version, loop(Write("w1."))) == "main: exit status 1; stdout: nothing"


@pytest.mark.parametrize(
    "body",
    [(loop(Fork()),), (loop(HandleInLoop("SIGTERM", "A"), Signal("SIGTERM")),)],
    ids=["fork", "no turn"],
)
def test_what_was_not_measured_of_loops_is_withheld(body: tuple[Statement, ...]) -> None:
    """A fork in a loop, and a signal whose function the loop has no turn to call."""
    with pytest.raises(NotPredicted):
        predict_program(Code(body=body), python("3.13.0"))


@pytest.mark.parametrize(
    ("implementation", "version", "order"),
    [("cpython", "3.10.13", "A, B"), ("cpython", "3.13.0", "B, A"), ("pypy", "3.11.17", "A, B")],
)
def test_a_main_task_that_ends_cancelled_loses_what_it_returns(
    implementation: str, version: str, order: str
) -> None:
    """A generator in that is closed at once on CPython, before other tasks are cancelled."""
    own = {"implementation_version": "8.0.1"} if implementation == "pypy" else {}
    about = profile({"implementation": implementation, "version": version, **own})
    code = Code(body=(loop(Signal("SIGINT"), tasks=("A",), generators=("B",)),))
    (seen,) = predict_program(code, about).seen
    assert "; ".join(lines(seen)) == f"main: {order}; killed by SIGINT; stdout: nothing"
    paused = loop(Signal("SIGINT"), Pause(), tasks=("A",), generators=("B",))
    (seen,) = predict_program(Code(body=(paused,)), about).seen
    assert "main: A, B" in "; ".join(lines(seen))
