"""What a thread does next, by what it is in the middle of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import get_args

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
from exitmatrix.judge.semantics.ask import Ask
from exitmatrix.judge.semantics.outside import spend
from exitmatrix.judge.semantics.state import (
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
    MainCode,
    ProcessState,
    ThreadCode,
    ThreadState,
    Unwinding,
)
from exitmatrix.judge.semantics.statements import execute
from exitmatrix.judge.semantics.waits import (
    Joins,
    Lingering,
    RequestCode,
    Resting,
    Serving,
    Supervising,
    WaitsForChild,
)

GoOn = Callable[[Configuration, ProcessState, ThreadState, Ask], Iterable[Configuration]]
"""What may follow for a frame, once what was above it is over. Raises NotPredicted."""


def _next_statement(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    assert isinstance(thread.top, Body)
    rest = thread.top.rest
    if not rest:
        return _over(now, process, thread, ask)
    last = len(rest) == 1 and isinstance(thread.frames[-2], FunctionRun)
    thread = change.pop(thread) if last else change.swap(thread, Body(rest[1:]))
    return execute(now, process, thread, rest[0], ask)


def _over(
    now: Configuration, process: ProcessState, thread: ThreadState, _: Ask
) -> Iterable[Configuration]:
    return (change.put(now, process, change.pop(thread)),)


def _enter(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    """A function begins; where it cleans up in the main thread, something may come meanwhile."""
    assert isinstance(thread.top, Entering)
    of_atexit = (
        isinstance(thread.frames[-2], AtexitRun) and thread.top.function not in process.library
    )
    unwinds = isinstance(thread.frames[-2], Unwinding) and thread.id == process.main
    process, thread = change.enter(process, thread, ask.code)
    if (of_atexit or unwinds) and now.events and process.path in now.events[0].to:
        if now.events[0].when == "in a handler":
            thread = change.push(thread, Lingering())
        elif of_atexit and ask.code.length:
            return spend(now, process, thread, ask.code.length, ask)
    return (change.put(now, process, thread),)


def _return(
    now: Configuration, process: ProcessState, thread: ThreadState, _: Ask
) -> Iterable[Configuration]:
    assert isinstance(thread.top, FunctionRun)
    after = change.say(process, thread.top.function, "ended")
    return (change.put(now, after, change.pop(thread)),)


def _join(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    assert isinstance(thread.top, Joins)
    joined = process.thread(thread.top.thread)
    goes_on = joined is None or joined.done or joined.left_by
    return _over(now, process, thread, ask) if goes_on else ()


def _wait_for_child(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    assert isinstance(thread.top, WaitsForChild)
    gone = now.process(thread.top.path).exit is not None
    return _over(now, process, thread, ask) if gone else ()


def _linger(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    comes = bool(now.events) and now.events[0].when == "in a handler"
    return () if comes else _over(now, process, thread, ask)


def _answer(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    return supervise.leave_request(now, process, thread, None, ask)


def _rest(
    _: Configuration, __: ProcessState, ___: ThreadState, ____: Ask
) -> Iterable[Configuration]:
    return ()


GO_ON: Mapping[type[Frame], GoOn] = {
    Body: _next_statement,
    BelowHandler: _over,
    Entering: _enter,
    FunctionRun: _return,
    Joins: _join,
    WaitsForChild: _wait_for_child,
    Lingering: _linger,
    Resting: _rest,
    Serving: _rest,
    Supervising: supervise.wait,
    RequestCode: _answer,
    AtexitRun: code_end.next_handler,
    Finalization: finalize.step,
    **dict.fromkeys((MainCode, ThreadCode, Hooked), code_end.go_on),
    **dict.fromkeys((Finally, Catching, Unwinding, FinalizerRun), promises.go_on),
    **dict.fromkeys(get_args(loops.FRAMES), loops.go_on),
    **dict.fromkeys(get_args(pools.FRAMES), pools.go_on),
    **dict.fromkeys(get_args(process_waits.FRAMES), process_waits.go_on),
    **dict.fromkeys(get_args(workers.FRAMES), workers.go_on),
}
"""By the kind of frame."""
