"""One step: from a moment to all that may come next. Pure.

A thread that can go on does one thing. Where several can, any may be first:
the kernel does not say. So a step gives a set of moments.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Dies, Facts
from exitmatrix.judge.semantics import (
    change,
    code_end,
    finalize,
    loops,
    pools,
    process_waits,
    promises,
    supervise,
    workers,
)
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.outside import arrive, spend
from exitmatrix.judge.semantics.signals import notice
from exitmatrix.judge.semantics.state import (
    Body,
    Call,
    Catching,
    Configuration,
    Entering,
    Finalization,
    FinalizerRun,
    Finally,
    Frame,
    HandlerRun,
    Hooked,
    Interrupted,
    MainCode,
    ProcessState,
    Thread,
    ThreadCode,
    Unwinding,
)
from exitmatrix.judge.semantics.statements import execute
from exitmatrix.judge.semantics.waits import (
    AwaitsJoin,
    AwaitsOther,
    AwaitsProcess,
    AwaitsTask,
    AwaitsWork,
    CalledBack,
    EndsProcesses,
    Joins,
    JoinsProcess,
    Lingering,
    Looping,
    Raised,
    RequestCode,
    Resting,
    Serving,
    ShutsDown,
    Supervising,
    Turn,
    WaitsForChild,
)
from exitmatrix.model.language import Nothing

LEFT = (
    AwaitsJoin
    | AwaitsProcess
    | AwaitsOther
    | AwaitsTask
    | AwaitsWork
    | Body
    | Entering
    | Interrupted
    | Lingering
    | Resting
    | Joins
    | WaitsForChild
    | JoinsProcess
    | EndsProcesses
)
"""What an exception leaves without more ado."""


def steps(now: Configuration, ask: Ask) -> Iterator[Configuration]:
    """All moments that may follow at once. Raises NotPredicted."""
    at_rest = True
    for process in now.processes:
        for thread in process.threads:
            for moment in _thread_steps(now, process, thread, ask):
                at_rest = False
                yield moment
        if not at_rest and not ask.ordered and len(now.processes) > 1 and _apart(now):
            return
    yield from arrive(now, ask, at_rest=at_rest)


def _apart(now: Configuration) -> bool:
    """Whether no process does anything to another now.

    What each of them may come to does not depend on who is first then, but for the
    order of what they write: it is enough to look at one after the other.
    """
    if now.events and now.events[0].when in ("in a handler", "at any time", "orphaned"):
        return False
    for process in now.processes:
        for one in process.owned:
            if one.daemon and now.process(one.path).exit is None:
                return False
        for thread in process.threads:
            if isinstance(thread.top, ShutsDown) and pools.may_break(now, thread.top):
                return False
            for place, frame in enumerate(thread.frames, start=1):
                if isinstance(frame, Supervising) and (
                    process.pending or thread.raising or frame.grace or thread.frames[place:]
                ):
                    return False
    return True


def _thread_steps(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    ask: Ask,
) -> Iterator[Configuration]:
    if process.doomed and thread.id == process.main:
        yield stopped(now, process, thread, Dies(process.doomed), Nothing(), ask)
        return
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
            return stage in ("threading", "threads")
        case HandlerRun() as running:
            return not running.final or running.how == "popped"
        case ThreadCode():
            return False
    return True


def _go_on(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    ask: Ask,
) -> Iterator[Configuration]:
    match thread.top:
        case Body(()) | Interrupted():
            yield _with(now, process, change.pop(thread))
        case Body(rest):
            thread = change.swap(thread, Body(rest[1:]))
            yield from execute(now, process, thread, rest[0], ask)
        case Entering():
            yield from _enter(now, process, thread, ask)
        case Call(function):
            said = change.say(process, function, "ended")
            yield _with(now, said, change.pop(thread))
        case frame if isinstance(frame, loops.FRAMES):
            yield loops.go_on(now, process, thread, ask)
        case Finally() | Catching() | Unwinding() | FinalizerRun():
            yield from promises.go_on(now, process, thread, ask)
        case frame if isinstance(frame, process_waits.FRAMES):
            yield from process_waits.go_on(now, process, thread, ask)
        case frame if isinstance(frame, pools.FRAMES | workers.FRAMES):
            kind = pools if isinstance(frame, pools.FRAMES) else workers
            yield from kind.go_on(now, process, thread, ask)
        case HandlerRun() as running:
            yield from code_end.next_handler(now, process, thread, running, ask)
        case MainCode() | ThreadCode() | Hooked():
            yield from code_end.go_on(now, process, thread, ask)
        case Finalization() as ending:
            yield from finalize.step(now, process, thread, ending, ask)
        case _:
            yield from _wait(now, process, thread, ask)


def _wait(
    now: Configuration, process: ProcessState, thread: Thread, ask: Ask
) -> Iterator[Configuration]:
    """What a thread waits for may have come."""
    match thread.top:
        case Joins(other):
            joined = process.thread(other)
            if joined is None or joined.done:
                yield _with(now, process, change.pop(thread))
        case WaitsForChild(path):
            if now.process(path).exit is not None:
                yield _with(now, process, change.pop(thread))
        case Lingering():
            if not now.events or now.events[0].when != "in a handler":
                yield _with(now, process, change.pop(thread))
        case Supervising() as waiting:
            yield from supervise.wait(now, process, thread, waiting, ask)
        case RequestCode() as request:
            yield from supervise.leave_request(now, process, thread, request, None, ask)


def _unwind(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    raised: Raised,
    ask: Ask,
) -> Iterator[Configuration]:
    """An exception leaves what the thread is doing."""
    _leaves_signals(process, thread, ask)
    _leaves_join(process, thread)
    match thread.top:
        case Supervising() as waiting:
            yield from supervise.interrupt(now, process, thread, waiting, raised, ask)
        case Serving():
            yield from supervise.leave_server(now, process, thread, raised, ask)
        case RequestCode() as request:
            yield from supervise.leave_request(now, process, thread, request, raised, ask)
        case Looping() | Turn() | CalledBack() | Resting(awaits=True):
            yield loops.unwind(now, process, thread, raised, ask)
        case frame if isinstance(frame, LEFT):
            yield _with(now, process, change.pop(thread))
        case Finally() | Catching() | Unwinding() | FinalizerRun() | Hooked():
            yield from promises.unwind(now, process, thread, raised, ask)
        case Call(function):
            said = change.say(process, function, "raised")
            yield _with(now, said, change.pop(thread))
        case HandlerRun() as running:
            ask("handler exception", Facts(profile=ask.profile, exception=raised.name))
            process = code_end.printed(process, raised, ask, handler=running.current)
            thread = change.swap(replace(thread, raising=None), replace(running, last=raised))
            yield _with(now, process, thread)
        case frame if isinstance(frame, code_end.CODE):
            yield from code_end.leave(now, process, thread, raised, ask)
        case Finalization("globals"):
            ask("release exception", Facts(profile=ask.profile, exception=raised.name))
            yield _with(now, process, replace(thread, raising=None))
        case Finalization() as ending:
            ask("late exception", Facts(profile=ask.profile, exception=raised.name))
            left = ending.stage == "threading" and bool(process.listed)
            process = replace(process, list_left=left)
            over = change.swap(replace(thread, raising=None), replace(ending, stage="handlers"))
            yield _with(now, process, over)


def _leaves_join(process: ProcessState, thread: Thread) -> None:
    """Raises NotPredicted where a thread is not joined that has something left to do.

    Some Pythons then take it for one that has ended: CPython 3.9.8 to 3.12 Lib/threading.py,
    Thread._wait_for_tstate_lock.
    """
    joined = process.thread(thread.top.thread) if isinstance(thread.top, Joins) else None
    if joined and not joined.done and any(_has_work(frame) for frame in joined.frames):
        raise NotPredicted("no law says what happens: a thread whose join was interrupted")


def _has_work(frame: Frame) -> bool:
    return not isinstance(frame, ThreadCode) and frame != Body(())


def _leaves_signals(process: ProcessState, thread: Thread, ask: Ask) -> None:
    """Raises NotPredicted where a signal waits for the end of a handler that raises."""
    waits = process.pending and isinstance(thread.top, Interrupted)
    if waits and ask.profile.nests_signal_handlers == "in calls":
        raise NotPredicted("no law says what happens: a signal that waits for a handler to end")


def _enter(
    now: Configuration, process: ProcessState, thread: Thread, ask: Ask
) -> Iterator[Configuration]:
    """A function begins; where it cleans up in the main thread, something may come meanwhile."""
    label = thread.top.function if isinstance(thread.top, Entering) else ""
    of_atexit = isinstance(thread.frames[-2], HandlerRun) and label not in process.library
    unwinds = isinstance(thread.frames[-2], Unwinding) and thread.id == process.main
    process, thread = change.enter(process, thread, ask.code)
    if (of_atexit or unwinds) and now.events and process.path in now.events[0].to:
        if now.events[0].when == "in a handler":
            thread = change.push(thread, Lingering())
        elif of_atexit and ask.code.length:
            yield from spend(now, process, thread, ask.code.length, ask)
            return
    yield _with(now, process, thread)


def _with(now: Configuration, process: ProcessState, thread: Thread) -> Configuration:
    return change.with_process(now, change.with_thread(process, thread))
