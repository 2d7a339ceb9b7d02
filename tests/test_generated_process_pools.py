"""The laws of pools of processes, for programs that end by themselves: whose end is it? Pure."""

from __future__ import annotations

import pytest
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model.language import (
    ApplyTask,
    Clear,
    CloseStdout,
    Code,
    Fork,
    Function,
    Interrupt,
    JoinProcess,
    OsExit,
    Raise,
    Register,
    RegisterThreading,
    RunHandlers,
    RunLoop,
    Signal,
    StartInterpreter,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    SysExit,
    Write,
)
from exitmatrix.report.programs import program_lines


def python(version: str) -> Profile:
    return profile({"implementation": "cpython", "version": version})


def shown(version: str, *body: Statement, **functions: tuple[Statement, ...]) -> set[str]:
    """All that a program may show."""
    named = tuple(Function(name, does) for name, does in functions.items())
    seen = predict_program(Code(body=body, functions=named), python(version)).seen
    return {"; ".join(program_lines(one)) for one in seen}


def text_of(version: str, *body: Statement) -> str:
    """The one thing that it may show."""
    (text,) = shown(version, *body)
    return text


@pytest.mark.parametrize(("version", "worker"), [("3.12.1", ""), ("3.13.0", " B;")])
def test_a_worker_runs_its_own_handlers_since_3_13(version: str, worker: str) -> None:
    """What its starter has registered it never runs; what it wrote is out before the end."""
    text = text_of(version, Register("A"), SubmitTask((Register("B"), Write("w1."))), SysExit(3))
    assert text == f"main: A; exit status 3; fork 0:{worker} exit status 0; stdout: w1."


@pytest.mark.parametrize("pool", [SubmitTask, ApplyTask])
def test_what_a_task_raises_is_raised_in_main(pool: type[SubmitTask | ApplyTask]) -> None:
    """The starter asks for the result, so the exception is raised there."""
    assert all("main: exit status 1" in one for one in shown("3.13.0", pool((Raise(),))))


def test_an_exit_in_a_task_is_that_of_the_program() -> None:
    """The worker of an executor ends normally."""
    text = text_of("3.13.0", SubmitTask((SysExit(4),)))
    assert text == "main: exit status 4; fork 0: exit status 0; stdout: nothing"


@pytest.mark.parametrize(
    ("act", "end"), [(OsExit(7), "exit status 7"), (Signal("SIGKILL"), "killed by SIGKILL")]
)
def test_a_worker_that_is_gone_breaks_its_pool(act: Statement, end: str) -> None:
    """result() raises BrokenProcessPool."""
    text = text_of("3.13.0", SubmitTask((act,)))
    assert text == f"main: exit status 1; fork 0: {end}; stdout: nothing"


def test_the_end_of_a_pool_is_a_race() -> None:
    """Its worker is told to end and is sent SIGTERM: it ends by the one or by the other."""
    ends = shown("3.12.1", ApplyTask(()))
    assert ends == {
        "main: exit status 0; fork 0: exit status 0; stdout: nothing",
        "main: exit status 0; fork 0: killed by SIGTERM; stdout: nothing",
    }


@pytest.mark.parametrize("pool", [SubmitTask, ApplyTask])
def test_a_child_takes_no_pool_for_its_own_that_is_over(pool: type[SubmitTask | ApplyTask]) -> None:
    """The pool's end has waited for its worker, so no exit function joins it in the child."""
    code = Code(body=(pool(()), Fork((Write("c."), SysExit(0)))))
    assert "only-the-starter-joins" not in predict_program(code, python("3.12.1")).rules


@pytest.mark.parametrize("pool", [SubmitTask, ApplyTask])
def test_there_are_no_such_pools_in_2(pool: type[SubmitTask | ApplyTask]) -> None:
    """Neither concurrent.futures nor get_context."""
    assert text_of("2.7.18", pool(())) == "main: exit status 1; stdout: nothing"


@pytest.mark.parametrize(
    "body",
    [
        (Register("A"),),
        (CloseStdout(), Write("w1."), SubmitTask(())),
        (ApplyTask((OsExit(3),)),),
    ],
    ids=["in a handler", "stdout that cannot be flushed", "a Pool that waits for ever"],
)
def test_what_was_not_measured_of_pools_is_withheld(body: tuple[Statement, ...]) -> None:
    """A pool at the end of a program, one whose starter cannot flush, and one that waits."""
    code = Code(body=body, functions=(Function("A", (SubmitTask(()),)),))
    with pytest.raises(NotPredicted):
        predict_program(code, python("3.13.0"))


@pytest.mark.parametrize(
    ("version", "first", "other"), [("3.12.1", "", ""), ("3.13.0", " B, C;", " C;")]
)
def test_an_initializer_registers_in_each_worker(version: str, first: str, other: str) -> None:
    """Of two, which are forked: one has the task, the other has done one before."""
    text = text_of(version, SubmitTask((Register("B"),), "fork", 2, (Register("C"),)))
    ends = f"fork 0:{first} exit status 0; fork 1:{other} exit status 0"
    assert text == f"main: exit status 0; {ends}; stdout: nothing"


def test_a_spawned_worker_registers_what_the_file_does() -> None:
    """It imports the program's file first, and runs all that at its end."""
    text = text_of("3.13.0", Register("A"), SubmitTask((Register("B"),), "spawn"))
    ended = "main: A; exit status 0; fork 0: B, A; exit status 0; stdout: nothing"
    assert text == ended


def test_an_executor_that_pypy_3_9_cannot_have_is_withheld() -> None:
    """Its workers cannot be spawned, so it breaks; those of Pool can."""
    about = profile(
        {"implementation": "pypy", "version": "3.9.16", "implementation_version": "7.3.11"}
    )
    with pytest.raises(NotPredicted, match="an executor that spawns"):
        predict_program(Code(body=(SubmitTask((), "spawn"),)), about)
    assert predict_program(Code(body=(ApplyTask((), "spawn"),)), about).seen


def test_a_loop_in_a_handler_of_a_generated_program_makes_ctrl_c_forgotten() -> None:
    """Each time, as it evaluates a text; the first one imports what does the same."""
    loops = (RunLoop(body=()), Raise("KeyboardInterrupt"))
    ends = {
        version: shown(version, Register("A"), *loops, A=(RunLoop(body=()),))
        for version in ("3.13.0", "3.14.10")
    }
    assert ends == {
        "3.13.0": {"main: A; exit status 1; stdout: nothing"},
        "3.14.10": {"main: A; killed by SIGINT; stdout: nothing"},
    }


def test_a_spawned_worker_may_be_terminated_when_it_has_written_all() -> None:
    """Its starter tells it to end, and terminates it: it releases modules behind the flush."""
    ends = shown("3.14.10", ApplyTask((Write("w1."),), "spawn"))
    worker = "fork 0: killed by SIGTERM"
    assert {f"main: exit status 0; {worker}; stdout: {out}" for out in ("w1.", "nothing")} < ends


@pytest.mark.parametrize("version", ["3.8.18", "3.9.2", "3.13.0"])
def test_a_pool_that_is_left_open_ends_with_the_program(version: str) -> None:
    """Its exit function tells the worker to end, and waits for it."""
    text = text_of(version, Register("A"), SubmitTask((), ends="left open"), SysExit(3))
    assert text == "main: A; exit status 3; fork 0: exit status 0; stdout: nothing"


def test_a_worker_nobody_tells_to_end_keeps_its_program_waiting() -> None:
    """From 3.9 on atexit._run_exitfuncs joins workers, and nobody has told them to end.

    Up to 3.8 the exit function that tells them is a handler too, and runs first.
    """
    body = (SubmitTask((), ends="left open"), RunHandlers())
    text = text_of("3.8.18", *body)
    assert text == "main: exit status 0; fork 0: exit status 0; stdout: nothing"
    with pytest.raises(NotPredicted, match="waits for ever"):
        text_of("3.9.18", *body)


def test_a_worker_of_an_executor_outlives_its_starter() -> None:
    """It holds the other end of the pipe that it reads; a worker of a Pool does not."""
    with pytest.raises(NotPredicted, match="waits for ever"):
        text_of("3.13.0", SubmitTask((), ends="left open"), OsExit(3))
    text = text_of("3.13.0", ApplyTask((), ends="left open"), OsExit(3))
    assert text == "main: exit status 3; fork 0: exit status 0; stdout: nothing"


def test_an_open_pool_of_multiprocessing_ends_by_a_race() -> None:
    """Its worker is told to end and is sent SIGTERM, as in a `with` statement."""
    left = shown("3.12.1", ApplyTask((), ends="left open"))
    assert left == shown("3.12.1", ApplyTask(()))


@pytest.mark.parametrize(
    ("version", "refused"), [("3.6.15", False), ("3.8.18", True), ("3.9.2", False)]
)
def test_a_pool_is_refused_once_their_exit_function_has_run(version: str, refused: bool) -> None:
    """In 3.7 and 3.8 that is a handler, and submit asks whether it has run."""
    text = text_of(version, SubmitTask(()), RunHandlers(), SubmitTask(()))
    assert text.startswith("main: exit status 1;" if refused else "main: exit status 0;")


@pytest.mark.parametrize("pool", [SubmitTask, ApplyTask])
def test_a_daemonic_process_has_no_pool(pool: type[SubmitTask | ApplyTask]) -> None:
    """Its workers would be children."""
    text = text_of("3.13.0", StartProcess((pool(()),), daemon=True), JoinProcess())
    assert text == "main: exit status 0; fork 0: exit status 1; stdout: nothing"


@pytest.mark.parametrize(
    ("implementation", "version"),
    [("cpython", "3.6.15"), ("cpython", "3.7.16"), ("pypy", "3.9.16"), ("pypy", "3.11.17")],
)
def test_a_pool_that_nobody_ends_ends_with_its_program_where_nothing_releases_it(
    implementation: str, version: str
) -> None:
    """Up to 3.7 its own threads hold it, and PyPy releases no globals."""
    about = profile({"implementation": implementation, "version": version})
    program = Code(body=(Register("A"), ApplyTask((), ends="left open"), Clear(), SysExit(3)))
    (seen,) = predict_program(program, about).seen
    assert [(one.said, one.exit.status) for one in seen.processes] == [((), 3), ((), 0)]


@pytest.mark.parametrize(
    ("body", "question"),
    [
        ((SubmitTask((OsExit(3),), ends="left open"),), "broken pool"),
        ((ApplyTask((), ends="left open"), Fork(())), "ends its parent's Pool"),
        ((ApplyTask((), ends="left open"), Clear()), "when globals are released"),
        ((ApplyTask((Raise("GeneratorExit"),)),), "waits for ever"),
    ],
)
def test_what_was_not_measured_of_open_pools_is_withheld(
    body: tuple[Statement, ...], question: str
) -> None:
    """A pool that broke; a child that takes a Pool's worker for its own; a Pool nobody ends.

    That ends with its program only if nothing releases it. Where it is a global, CPython 3.8 and
    later hang in most runs. A task that raises what is no Exception ends its worker, and its result
    never comes.
    """
    with pytest.raises(NotPredicted, match=question):
        text_of("3.13.0", *body)


def test_what_a_spawned_process_has_not_flushed_when_threadings_list_fails_is_withheld() -> None:
    """It runs a text, so its stdout is flushed when handlers have run; a child may get a copy."""
    process = StartProcess((RegisterThreading("T"),), "spawn")
    with pytest.raises(NotPredicted, match="has not flushed"):
        shown("3.10.13", process, JoinProcess(), T=(Write("w"), SysExit(3)))
    assert shown("3.10.13", process, JoinProcess(), T=(SysExit(3),))


@pytest.mark.parametrize("pool", [SubmitTask, ApplyTask])
def test_a_worker_that_is_forked_beside_a_second_interpreter_is_withheld(
    pool: type[SubmitTask | ApplyTask],
) -> None:
    """It hangs or crashes, as other forks do there; a spawned one has one interpreter."""
    with pytest.raises(NotPredicted, match="beside a second interpreter"):
        predict_program(Code(body=(StartInterpreter(("X",)), pool(()))), python("3.13.0"))
    assert shown("3.13.0", StartInterpreter(("X",)), pool((), "spawn"))


def test_a_signal_that_a_threads_process_may_notice_at_its_end_is_withheld() -> None:
    """A flush of what it wrote asks for signals: seen with exit status 1 on 3.13."""
    process = StartProcess((Interrupt(), Write("w")))
    with pytest.raises(NotPredicted, match="noticed late"):
        shown("3.13.0", StartThread((process, JoinProcess())))
