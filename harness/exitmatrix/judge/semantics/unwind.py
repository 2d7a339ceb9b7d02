"""What an exception does to what a thread is in the middle of. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Unnoticed
from exitmatrix.judge.semantics import change, code_end, loops, promises, supervise
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import (
    OF_A_SERVER,
    AtexitRun,
    BelowHandler,
    Body,
    Catching,
    Configuration,
    Entering,
    Finalization,
    FinalizerRun,
    Finally,
    Frame,
    FunctionRun,
    Hooked,
    ProcessState,
    ThreadCode,
    ThreadState,
    Unwinding,
)
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
    Supervising,
    Turn,
    WaitsForChild,
)

LEFT = (
    AwaitsJoin
    | AwaitsProcess
    | AwaitsOther
    | AwaitsTask
    | AwaitsWork
    | Body
    | Entering
    | BelowHandler
    | Lingering
    | Resting
    | Joins
    | WaitsForChild
    | JoinsProcess
    | EndsProcesses
)
"""What an exception leaves without more ado."""


def unwind(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    raised: Raised,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow when an exception leaves what the thread is doing.

    Raises NotPredicted.
    """
    process = _leaves_signal(process, thread, raised, ask)
    _leaves_join(process, thread)
    match thread.top:
        case Supervising():
            yield from supervise.interrupt(now, process, thread, raised, ask)
        case Serving():
            yield from supervise.leave_server(now, process, thread, raised, ask)
        case RequestCode():
            yield from supervise.leave_request(now, process, thread, raised, ask)
        case Looping() | Turn() | CalledBack() | Resting(awaits=True):
            yield loops.unwind(now, process, thread, raised, ask)
        case frame if isinstance(frame, LEFT):
            yield change.put(now, process, change.pop(thread))
        case Finally() | Catching() | Unwinding() | FinalizerRun() | Hooked():
            yield from promises.unwind(now, process, thread, raised, ask)
        case FunctionRun(function):
            after = change.say(process, function, "raised")
            yield change.put(now, after, change.pop(thread))
        case AtexitRun() as running:
            ask("handler exception", Facts(profile=ask.profile, exception=raised.name))
            process = code_end.printed(process, raised, ask, handler=running.current)
            thread = change.swap(replace(thread, raising=None), replace(running, last=raised))
            yield change.put(now, process, thread)
        case frame if isinstance(frame, code_end.CODE):
            yield from code_end.leave(now, process, thread, raised, ask)
        case Finalization("globals"):
            ask("release exception", Facts(profile=ask.profile, exception=raised.name))
            yield change.put(now, process, replace(thread, raising=None))
        case Finalization() as ending:
            yield _leave_wait(now, process, thread, raised, ending, ask)


def _leave_wait(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    raised: Raised,
    ending: Finalization,
    ask: Ask,
) -> Configuration:
    """What follows an exception before the handlers. Raises NotPredicted."""
    ask("late exception", Facts(profile=ask.profile, exception=raised.name))
    if ending.stage == "code ended":
        if ask.profile.nests_signal_handlers == "never" and raised.name == "SystemExit":
            raise NotPredicted("no law says what happens: SystemExit where stdout is flushed")
        return change.put(now, process, replace(thread, raising=None))
    left = ending.stage == "threading" and bool(process.listed)
    process = replace(process, list_left=left)
    over = change.swap(replace(thread, raising=None), replace(ending, stage="handlers"))
    return change.put(now, process, over)


def _leaves_join(process: ProcessState, thread: ThreadState) -> None:
    """Raises NotPredicted where a thread is not joined that has something left to do.

    Some Pythons then take it for one that has ended: CPython 3.9.8 to 3.12 Lib/threading.py,
    Thread._wait_for_tstate_lock.
    """
    joined = process.thread(thread.top.thread) if isinstance(thread.top, Joins) else None
    if joined and not joined.done and any(_has_work(frame) for frame in joined.frames):
        raise NotPredicted("no law says what happens: a thread whose join was interrupted")


def _has_work(frame: Frame) -> bool:
    return not isinstance(frame, ThreadCode) and frame != Body(())


def _leaves_signal(
    process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> ProcessState:
    """The process, once an exception leaves a signal's handler for which another signal waits.

    Raises NotPredicted where what the handler raises meets Python code of which no program speaks:
    an `except` clause, a function that tells how it was left, what prints a traceback, 2.7's atexit
    if no `finally` clause comes before.
    """
    nests = ask.profile.nests_signal_handlers
    if not process.pending or not isinstance(thread.top, BelowHandler) or nests == "always":
        return process
    # A server's own loop is no handler of Python.
    if nests == "never" and any(one.name.startswith(OF_A_SERVER) for one in ask.code.functions):
        return process
    meets = any(isinstance(one, FunctionRun | Catching) for one in thread.frames)
    cleans_up = any(isinstance(one, Finally) for one in thread.frames)
    meets = meets or (ask.profile.handler_list == "popped" and not cleans_up)
    if raised.name != "SystemExit" or meets:
        raise NotPredicted("no law says what happens: a signal that waits for a handler to end")
    waiting = tuple(replace(one, waited=True) for one in process.pending)
    if nests == "in calls":
        return replace(process, pending=waiting)
    about = Facts(profile=ask.profile, nested=True, exception=raised.name)
    assert ask("noticing", about) == (Unnoticed(),)
    return replace(process, pending=(), forgotten=waiting)
