"""What a program starts: threads, children, a second interpreter. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Leaves, Walks
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    MainCode,
    ProcessState,
    ThreadCode,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import Joins, PoolIdle
from exitmatrix.model.language import (
    Call,
    EndInterpreter,
    Register,
    Say,
    StartThread,
    Statement,
    Submit,
)


def start_thread(
    process: ProcessState, thread: ThreadState, statement: StartThread | Submit
) -> tuple[ProcessState, ThreadState]:
    """A thread begins, and its starter waits for it as it is to; or one of a pool goes to work.

    Raises NotPredicted.
    """
    of_pool = isinstance(statement, Submit)
    if isinstance(statement, Submit):
        _is_free(process)
        statement = StartThread((Call(statement.function),))
    new = ThreadState(
        process.started,
        (ThreadCode(statement.ends == "never", of_pool), Body(statement.body)),
        daemon=statement.ends == "never" or thread.daemon,
        after_main=statement.outlives_main,
    )
    process = replace(process, threads=(*process.threads, new), started=process.started + 1)
    return process, thread if new.after_main else change.push(thread, Joins(new.id))


def _is_free(process: ProcessState) -> None:
    """Raises NotPredicted where it is not known whether a pool has a worker for a task.

    One that waits for another of the same pool waits for ever where there is but one worker. In a
    forked child there is none, and the pool does not know: CPython
    Lib/concurrent/futures/thread.py, _adjust_thread_count.
    """
    bottoms = (one.frames[0] for one in process.threads)
    at_work = any(isinstance(one, ThreadCode) and one.of_pool for one in bottoms)
    if at_work or process.path:
        raise NotPredicted("no law says what happens: whether a pool has a worker for a task")


def _call_systems(functions: tuple[str, ...], ask: Ask) -> None:
    """Raises NotPredicted where it is not known whether functions make system calls."""
    silent = [
        one for one in functions if not any(isinstance(s, Say) for s in ask.code.function(one))
    ]
    if silent and not ask.announces:
        raise NotPredicted(
            "no law says what happens: a second interpreter's handler that says nothing"
        )


def start_child(process: ProcessState, body: tuple[Statement, ...], ask: Ask) -> ProcessState:
    """A child that executes the same program, and to which something then happens."""
    registers = tuple(one for one in ask.code.body if isinstance(one, Register))
    return ProcessState(
        path=(*process.path, process.forked),
        threads=(ThreadState(0, (MainCode(), Body((*registers, *body)))),),
        role="child",
    )


def end_second(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask, *, left_over: bool
) -> Iterator[Configuration]:
    """What may follow the end of a second interpreter. Raises NotPredicted."""
    functions = process.second
    if not functions:
        yield change.put(now, process, thread)
        return
    process = replace(process, second=())
    # The frames of a worker that has nothing to do are those of concurrent.futures alone.
    daemons = any(one.daemon and not isinstance(one.top, PoolIdle) for one in process.threads)
    held = "thread" if left_over and daemons else ""
    about = Facts(profile=ask.profile, left_over=left_over, held=held)
    for effect in ask("end of interpreter", about):
        match effect:
            case Walks("copied"):
                begun = change.push(thread, run.begin_second(functions))
                yield change.put(now, process, begun)
            case Walks():
                yield change.put(now, process, thread)
            case Leaves():
                _call_systems(functions, ask)
                begun_one = change.say(process, functions[-1], "began")
                now = change.with_process(now, begun_one)
                yield stopped(now, begun_one, thread, effect, EndInterpreter(), ask)
            case _:
                yield stopped(now, process, thread, effect, EndInterpreter(), ask)
