"""What a program starts: threads, children, a second interpreter. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Leaves, Walks
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    MainCode,
    ProcessState,
    Thread,
    ThreadCode,
)
from exitmatrix.judge.semantics.waits import Joins
from exitmatrix.model.language import Call, EndInterpreter, Register, StartThread, Statement, Submit


def start_thread(
    process: ProcessState, thread: Thread, statement: StartThread | Submit
) -> tuple[ProcessState, Thread]:
    """A thread begins, and its starter waits for it as it is to; or one of a pool goes to work."""
    if isinstance(statement, Submit):
        statement = StartThread((Call(statement.function),))
    new = Thread(
        process.started,
        (ThreadCode(sleeps=statement.ends == "never"), Body(statement.body)),
        daemon=statement.ends == "never" or thread.daemon,
        after_main=statement.ends == "after main",
    )
    process = replace(process, threads=(*process.threads, new), started=process.started + 1)
    return process, thread if new.after_main else change.push(thread, Joins(new.id))


def start_child(process: ProcessState, body: tuple[Statement, ...], ask: Ask) -> ProcessState:
    """A child that executes the same program, and to which something then happens."""
    registers = tuple(one for one in ask.code.body if isinstance(one, Register))
    return ProcessState(
        path=(*process.path, process.forked),
        threads=(Thread(0, (MainCode(), Body((*registers, *body)))),),
        role="child",
    )


def end_second(
    now: Configuration, process: ProcessState, thread: Thread, ask: Ask, *, left_over: bool
) -> Iterator[Configuration]:
    """All that may follow the end of a second interpreter. Raises NotPredicted."""
    functions = process.second
    if not functions:
        yield change.with_process(now, change.with_thread(process, thread))
        return
    process = replace(process, second=())
    daemons = any(one.daemon for one in process.threads)
    held = "thread" if left_over and daemons else ""
    about = Facts(profile=ask.profile, left_over=left_over, held=held)
    for effect in ask("end of interpreter", about):
        match effect:
            case Walks("copied"):
                begun = change.push(thread, run.begin_second(functions))
                yield change.with_process(now, change.with_thread(process, begun))
            case Walks():
                yield change.with_process(now, change.with_thread(process, thread))
            case Leaves() if functions:
                begun_one = change.say(process, functions[-1], "began")
                now = change.with_process(now, begun_one)
                yield stopped(now, begun_one, thread, effect, EndInterpreter(), ask)
            case _:
                yield stopped(now, process, thread, effect, EndInterpreter(), ask)
