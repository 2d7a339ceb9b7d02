"""One step: from a moment to all that may come next. Pure.

A thread that can go on does one thing. Where several can, any may be first:
the kernel does not say. So a step gives a set of moments.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Dies, Facts, Finalizes, Leaves, Raises
from exitmatrix.judge.semantics import change, finalize, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import (
    Body,
    Call,
    Configuration,
    Finalization,
    HandlerRun,
    Joins,
    MainCode,
    ProcessState,
    Raised,
    Thread,
    ThreadCode,
    WaitsForChild,
)
from exitmatrix.judge.semantics.statements import execute, notice, stopped
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import Nothing


def steps(now: Configuration, ask: Ask) -> Iterator[Configuration]:
    """All moments that may follow at once. Raises NotPredicted."""
    for process in now.processes:
        for thread in process.threads:
            yield from _thread_steps(now, process, thread, ask)


def _thread_steps(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    ask: Ask,
) -> Iterator[Configuration]:
    if thread.done or (thread.after_main and not process.main_code_ended):
        return
    if process.pending and thread.id == process.main and _sees_signals(thread):
        noticed, later = notice(now, process, thread, ask)
        yield from noticed
        if not later:
            return
    if thread.raising is not None:
        yield from _unwind(now, process, thread, thread.raising, ask)
    else:
        yield from _go_on(now, process, thread, ask)


def _sees_signals(main: Thread) -> bool:
    """Whether the main thread comes to Python code where a signal's handler can run."""
    if main.raising is not None:
        return False
    match main.top:
        case Finalization(stage):
            return stage == "threads"
        case HandlerRun(final):
            return not final
        case ThreadCode() | MainCode():
            return False
    return True


def _go_on(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    ask: Ask,
) -> Iterator[Configuration]:
    match thread.top:
        case Body(()):
            yield _with(now, process, change.pop(thread))
        case Body(rest):
            thread = change.swap(thread, Body(rest[1:]))
            yield from execute(now, process, thread, rest[0], ask)
        case Call(function):
            said = change.say(process, function, "ended")
            yield _with(now, said, change.pop(thread))
        case HandlerRun() as running:
            yield from _next_handler(now, process, thread, running, ask)
        case Joins(other):
            joined = process.thread(other)
            if joined is None or joined.done:
                yield _with(now, process, change.pop(thread))
        case WaitsForChild(path):
            if now.process(path).exit is not None:
                yield _with(now, process, change.pop(thread))
        case MainCode():
            yield from _end_of_main(now, process, thread, None, ask)
        case ThreadCode(sleeps):
            yield from _end_of_thread(now, process, thread, sleeps, ask)
        case Finalization() as ending:
            yield from finalize.step(now, process, thread, ending, ask)


def _unwind(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    raised: Raised,
    ask: Ask,
) -> Iterator[Configuration]:
    """An exception leaves what the thread is doing."""
    match thread.top:
        case Body() | Joins() | WaitsForChild():
            yield _with(now, process, change.pop(thread))
        case Call(function):
            said = change.say(process, function, "raised")
            yield _with(now, said, change.pop(thread))
        case HandlerRun() as running:
            ask("handler exception", Facts(profile=ask.profile, exception=raised.name))
            thread = change.swap(replace(thread, raising=None), replace(running, last=raised))
            yield _with(now, process, thread)
        case MainCode():
            yield from _end_of_main(now, process, thread, raised, ask)
        case ThreadCode():
            ask("thread exception", Facts(profile=ask.profile, exception=raised.name))
            calm = replace(thread, raising=None)
            yield from _end_of_thread(now, process, calm, False, ask)
        case Finalization() as ending:
            ask("late exception", Facts(profile=ask.profile, exception=raised.name))
            over = change.swap(replace(thread, raising=None), replace(ending, stage="handlers"))
            yield _with(now, process, over)


def _next_handler(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    running: HandlerRun,
    ask: Ask,
) -> Iterator[Configuration]:
    process, running, name = run.take(process, running)
    if name:
        called = change.call(process, change.swap(thread, running), ask.code, name)
        yield _with(now, *called)
        return
    thread = change.pop(thread)
    last = running.last or Raised("")
    about = Facts(profile=ask.profile, exception=last.name, status=last.status)
    if running.final:
        yield from finalize.handlers_over(now, process, thread, about, ask)
        return
    for effect in ask("run over", about):
        if isinstance(effect, Raises):
            yield stopped(now, process, thread, effect, Nothing(), ask)
        else:
            yield _with(now, process, thread)


def _end_of_main(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    raised: Raised | None,
    ask: Ask,
) -> Iterator[Configuration]:
    name, status = (raised.name, raised.status) if raised else ("", 0)
    for effect in ask("main exception", Facts(profile=ask.profile, exception=name, status=status)):
        match effect:
            case Finalizes(code, signal):
                ending = Finalization("code ended", Exit(code, signal), name)
                yield _with(now, process, change.swap(replace(thread, raising=None), ending))
            case Dies() | Leaves():
                yield stopped(now, process, thread, effect, Nothing(), ask)
            case _:
                raise NotPredicted(f"{effect!r} is no end")


def _end_of_thread(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    sleeps: bool,
    ask: Ask,
) -> Iterator[Configuration]:
    if sleeps:
        yield _with(now, process, replace(thread, done=True))
        return
    process = change.without_thread(process, thread.id)
    if process.threads or thread.id != process.main:
        yield change.with_process(now, process)
        return
    for effect in ask("forked thread", Facts(profile=ask.profile)):
        yield stopped(now, process, thread, effect, Nothing(), ask)


def _with(now: Configuration, process: ProcessState, thread: Thread) -> Configuration:
    return change.with_process(now, change.with_thread(process, thread))
