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
from exitmatrix.report.programs import program_lines

OLD_AND_NEW = pytest.mark.parametrize("version", ["3.10.13", "3.11.2"])


def python(version: str) -> Profile:
    return profile({"implementation": "cpython", "version": version})


def text_of(version: str, *body: Statement, **functions: tuple[Statement, ...]) -> str:
    """The one thing that a program may show."""
    named = tuple(Function(name, does) for name, does in functions.items())
    (seen,) = predict_program(Code(body=body, functions=named), python(version)).seen
    return "; ".join(program_lines(seen))


def loop(
    *body: Statement, tasks: tuple[str, ...] = (), generators: tuple[str, ...] = ()
) -> RunLoop:
    return RunLoop(body=body, tasks=tasks, generators=generators)


@OLD_AND_NEW
def test_ctrl_c_is_told_at_the_next_pause_from_3_11_on(version: str) -> None:
    """Before, it is raised where the main task is: what follows at once is not done."""
    text = text_of(version, loop(Signal("SIGINT"), Register("A"), Pause(), Register("B")))
    handlers = " A;" if version == "3.11.2" else ""
    assert text == f"main:{handlers} killed by SIGINT; stdout: nothing"


@OLD_AND_NEW
def test_a_main_task_that_does_not_pause_is_interrupted_when_it_is_over(version: str) -> None:
    """It ends by Ctrl-C also from 3.11 on, when all of it has been done."""
    text = text_of(version, loop(Signal("SIGINT"), Write("w1.")), Write("w2."))
    assert "killed by SIGINT" in text
    assert ("w1." in text) == (version == "3.11.2")
    assert "w2." not in text


@OLD_AND_NEW
def test_a_second_ctrl_c_interrupts_at_once(version: str) -> None:
    """From 3.11 on the second Ctrl-C is the first to interrupt, wherever the main task is."""
    text = text_of(version, loop(Signal("SIGINT"), Write("w1."), Signal("SIGINT"), Write("w2.")))
    assert ("w1." in text) == (version == "3.11.2")
    assert "w2." not in text


def test_the_loop_calls_what_a_signal_asks_for_in_its_turn() -> None:
    """Not at once, as a handler of signal.signal is called."""
    body = (HandleInLoop("SIGTERM", "A"), Signal("SIGTERM"), TryFinally((), "B"), Pause())
    assert text_of("3.13.0", loop(*body)).startswith("main: B, A; exit status 0")


def test_a_signal_has_its_default_action_again_when_the_loop_is_closed() -> None:
    """The loop takes away what it has set, and sets SIG_DFL."""
    body = (HandleInLoop("SIGTERM", "A"), Signal("SIGTERM"), Pause())
    assert "killed by SIGTERM" in text_of("3.13.0", loop(*body), Signal("SIGTERM"))


@pytest.mark.parametrize(
    ("act", "status"), [(Raise(), "exit status 0"), (SysExit(4), "exit status 4")]
)
def test_an_exit_in_what_the_loop_calls_leaves_the_loop(act: Statement, status: str) -> None:
    """All tasks are then cancelled, and their finally clauses run; an exception is logged."""
    body = (HandleInLoop("SIGTERM", "A"), Signal("SIGTERM"), TryFinally((Pause(),), "B"))
    text = text_of("3.13.0", loop(*body, tasks=("C",)), A=(act,))
    assert text.startswith(f"main: A raised, B, C; {status}")


def test_a_task_that_fails_while_it_is_cancelled_changes_nothing() -> None:
    """What it raises is its result; SystemExit leaves the loop, and generators are not closed."""
    beside = loop(tasks=("A",), generators=("B",))
    assert text_of("3.13.0", beside, A=(Raise(),)).startswith("main: A raised, B; exit status 0")
    assert text_of("3.13.0", beside, A=(SysExit(5),)).startswith("main: A raised; exit status 5")


@pytest.mark.parametrize(
    ("body", "end"),
    [((), "exit status 1"), ((loop(),), "killed by SIGINT")],
    ids=["without a loop", "with one"],
)
def test_a_pool_in_a_handler_forgets_ctrl_c_unless_a_loop_was_there(
    body: tuple[Statement, ...], end: str
) -> None:
    """The first import of concurrent.futures evaluates text, and asyncio brings that import."""
    text = text_of("3.8.18", *body, Register("A"), Raise("KeyboardInterrupt"), A=(UsePool(),))
    assert text == f"main: A; {end}; stdout: nothing"


@pytest.mark.parametrize("how", [Register("A"), Call("A"), StartThread((Call("A"),))])
def test_a_function_may_run_a_loop_wherever_it_is_called(how: Statement) -> None:
    """In a handler, in main's code and in another thread."""
    program = loop(Write("w1."), Pause(), tasks=("B",), generators=("C",))
    assert text_of("3.13.0", how, A=(program,)) == (
        "main: A began, B, C, A ended; exit status 0; stdout: w1."
    )


def test_a_loop_within_a_loop_is_refused() -> None:
    """Also in a function that the loop calls, and in its `finally` clauses."""
    nested = loop(TryFinally((), "A"))
    assert text_of("3.13.0", nested, A=(loop(Write("w1.")),)) == (
        "main: A raised; exit status 1; stdout: nothing"
    )


def test_a_loop_that_py_exit_was_called_in_still_runs_when_handlers_do() -> None:
    """Nobody has left it: a handler can run no other one."""
    text = text_of("3.13.0", Register("A"), loop(PyExit(5)), A=(loop(),))
    assert text.startswith("main: A raised; exit status 5")


@pytest.mark.parametrize(("version", "end"), [("3.13.0", "status 1"), ("3.14.10", "by SIGINT")])
def test_the_first_loop_in_a_handler_forgets_ctrl_c_up_to_3_13(version: str, end: str) -> None:
    """As the first pool does: asyncio imports concurrent.futures."""
    text = text_of(version, Register("A"), Raise("KeyboardInterrupt"), A=(loop(),))
    assert f"{end}; stdout" in text


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15"])
def test_there_is_no_runner_before_3_7(version: str) -> None:
    """Nothing of the loop is done."""
    assert text_of(version, loop(Write("w1."))) == "main: exit status 1; stdout: nothing"


def test_a_signal_whose_function_the_loop_has_no_turn_to_call_is_withheld() -> None:
    """Nobody asked."""
    with pytest.raises(NotPredicted):
        text_of("3.13.0", loop(HandleInLoop("SIGTERM", "A"), Signal("SIGTERM")))


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
    assert "; ".join(program_lines(seen)) == f"main: {order}; killed by SIGINT; stdout: nothing"
    paused = loop(Signal("SIGINT"), Pause(), tasks=("A",), generators=("B",))
    (seen,) = predict_program(Code(body=(paused,)), about).seen
    assert "main: A, B" in "; ".join(program_lines(seen))


@pytest.mark.parametrize(
    ("version", "child"),
    [("3.7.16", "T, U, B, A; exit status 0"), ("3.8.18", "T, U, A; exit status 1")],
)
def test_a_child_of_the_main_task_does_not_know_its_loop_since_3_8(
    version: str, child: str
) -> None:
    """It fails where it pauses; then it ends what is under way in its copy of the loop."""
    body = (Register("A"), loop(Fork(()), Pause(), Register("B"), tasks=("T",), generators=("U",)))
    text = text_of(version, *body)
    assert text == f"main: T, U, B, A; exit status 0; fork 0: {child}; stdout: nothing"


@pytest.mark.parametrize("version", ["3.7.16", "3.13.0"])
def test_an_exit_of_a_child_leaves_its_copy_of_the_loop(version: str) -> None:
    """As it would leave the loop of its parent."""
    text = text_of(version, loop(Fork((SysExit(3),)), tasks=("T",)))
    assert text == "main: T; exit status 0; fork 0: T; exit status 3; stdout: nothing"


WITHHELD_OF_CHILDREN: dict[str, tuple[Statement, ...]] = {
    "an exit of a task": (loop(Fork((SysExit(3),))),),
    "a cancelled task": (loop(Fork((Signal("SIGINT"),))),),
    "a fork while an event loop runs": (loop(tasks=("F",)),),
    "tasks of a loop": (loop(Fork(()), tasks=("T",)),),
}


@pytest.mark.parametrize("question", WITHHELD_OF_CHILDREN)
def test_what_3_14_does_with_the_end_of_a_childs_task_is_withheld(question: str) -> None:
    """There a fork forgets which task runs, and what should end the loop is logged."""
    body = WITHHELD_OF_CHILDREN[question]
    assert text_of("3.13.0", *body, F=(Fork(()),))
    with pytest.raises(NotPredicted, match=question):
        text_of("3.14.10", *body, F=(Fork(()),))


@pytest.mark.parametrize(
    "body",
    [
        (loop(Fork((Fork(()),))),),
        (loop(HandleInLoop("SIGTERM", "F"), Signal("SIGTERM"), Pause()),),
        (loop(Fork((RunLoop(body=()),))),),
    ],
    ids=["a child's child", "a function that the loop calls", "a loop in a child's loop"],
)
def test_what_was_not_measured_of_forks_in_loops_is_withheld(body: tuple[Statement, ...]) -> None:
    """What a copy of a copy does, for instance."""
    with pytest.raises(NotPredicted):
        text_of("3.13.0", *body, F=(Fork(()),))


def test_asyncio_of_3_6_brings_pools() -> None:
    """Their exit function runs then before handlers that were registered earlier."""
    body = (Register("A"), loop())
    with pytest.raises(NotPredicted):
        text_of("3.6.15", *body, A=(UsePool((), "at exit"),))
    assert text_of("3.7.16", *body, A=(UsePool((), "at exit"),))


def test_the_loop_of_a_thread_leaves_ctrl_c_to_main() -> None:
    """A Runner takes SIGINT in the main thread only; main waits for the thread meanwhile."""
    with pytest.raises(NotPredicted, match="whose join was interrupted"):
        text_of("3.13.0", StartThread((RunLoop(body=(Signal("SIGINT"), Pause())),)))
