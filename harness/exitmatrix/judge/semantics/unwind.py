"""What an exception does to what a thread is in the middle of. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts
from exitmatrix.judge.semantics import change, code_end, loops, promises, supervise
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import (
    OF_A_SERVER,
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
    ProcessState,
    Thread,
    ThreadCode,
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
    | Interrupted
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
    thread: Thread,
    raised: Raised,
    ask: Ask,
) -> Iterator[Configuration]:
    """All that may follow when an exception leaves what the thread is doing.

    Raises NotPredicted.
    """
    _leaves_signal(process, thread, raised, ask)
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
        case Call(function):
            said = change.say(process, function, "raised")
            yield change.put(now, said, change.pop(thread))
        case HandlerRun() as running:
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
            ask("late exception", Facts(profile=ask.profile, exception=raised.name))
            left = ending.stage == "threading" and bool(process.listed)
            process = replace(process, list_left=left)
            over = change.swap(replace(thread, raising=None), replace(ending, stage="handlers"))
            yield change.put(now, process, over)


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


def _leaves_signal(process: ProcessState, thread: Thread, raised: Raised, ask: Ask) -> None:
    """Raises NotPredicted where nothing says when a signal is handled that waits for a handler.

    That is so where what the handler raises meets Python code of which no program speaks: an
    `except` clause, a function that tells how it was left, what prints a traceback, 2.7's atexit.
    """
    nests = ask.profile.nests_signal_handlers
    if not process.pending or not isinstance(thread.top, Interrupted) or nests == "always":
        return
    if nests == "never":
        # A server's own loop is no handler of Python.
        said = any(one.name.startswith(OF_A_SERVER) for one in ask.code.functions)
    else:
        meets = any(isinstance(one, Call | Catching) for one in thread.frames)
        said = raised.name == "SystemExit" and not meets and ask.profile.handler_list != "popped"
    if not said:
        raise NotPredicted("no law says what happens: a signal that waits for a handler to end")
