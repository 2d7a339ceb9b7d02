"""An event loop at work: its main task, what is under way beside it, and signals. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Calls, Facts, Passes
from exitmatrix.judge.semantics import change
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Body, Configuration, Entering, ProcessState, Thread
from exitmatrix.judge.semantics.waits import Looping, Raised, Resting
from exitmatrix.model.language import RunLoop, Wake

CALLBACK = "loop:"
"""Begins, among the dispositions of signals, what the loop calls: `loop:SIGTERM`."""

CANCELLED = Raised("CancelledError")


def execute(
    process: ProcessState, thread: Thread, statement: RunLoop | Wake, ask: Ask
) -> tuple[ProcessState, Thread]:
    """The loop begins; or what its main task awaits has come."""
    if isinstance(statement, Wake):
        left = tuple(one for one in thread.frames if one != Resting(awaits=True))
        return process, replace(thread, frames=left)
    beside = (*statement.tasks, *statement.generators, *statement.pool)
    if ask.profile.runner_takes_sigint and "SIGINT" not in dict(process.signals):
        signals = tuple(sorted((*process.signals, ("SIGINT", "runner"))))
        process = replace(process, signals=signals)
    return process, change.push(thread, Looping(beside), Body(statement.body))


def go_on(now: Configuration, process: ProcessState, thread: Thread, ask: Ask) -> Configuration:
    """The next of what is under way is ended; then the loop is over. Raises NotPredicted."""
    loop = _loop(thread)
    process = _give_back(process)
    if not loop.beside:
        over = change.pop(thread)
        over = change.fail(over, loop.raised) if loop.raised else over
        return _with(now, process, over)
    (effect,) = ask("loop clean-up", Facts(profile=ask.profile))
    if not isinstance(effect, Calls):
        raise NotPredicted(f"{effect!r} of a loop's clean-up")
    function, *others = loop.beside
    thread = change.swap(thread, replace(loop, beside=tuple(others), ended=True))
    return _with(now, process, change.push(thread, Entering(function)))


def unwind(
    now: Configuration, process: ProcessState, thread: Thread, raised: Raised, ask: Ask
) -> Configuration:
    """An exception comes to the loop: from a task, or while all wait. Raises NotPredicted."""
    if isinstance(thread.top, Resting):
        waiting = change.pop(thread)
        if raised != CANCELLED:  # it is the loop that is left, and the main task is cancelled
            ask("loop exception", Facts(profile=ask.profile, exception=raised.name))
            waiting = _set(waiting, left=True, raised=raised)
        return _with(now, process, replace(waiting, raising=CANCELLED))
    loop = _loop(thread)
    if loop.left or loop.ended:
        if raised == CANCELLED:
            return _with(now, process, replace(change.swap(thread, loop), raising=None))
        (effect,) = ask("loop clean-up", Facts(profile=ask.profile, exception=raised.name))
        if not isinstance(effect, Passes):
            raise NotPredicted(f"{effect!r} of a loop's clean-up")
        return _with(now, _give_back(process), change.pop(thread))
    raised = loop.raised if raised == CANCELLED and loop.raised else raised
    over = change.swap(thread, replace(loop, raised=raised, ended=True))
    return _with(now, process, replace(over, raising=None))


def cancel(main: Thread) -> Thread:
    """What the Runner does about Ctrl-C: it cancels the main task once, then it interrupts it."""
    loop = _loop(main)
    interrupt = Raised("KeyboardInterrupt", text="KeyboardInterrupt")
    if loop.cancelled:
        return change.fail(main, interrupt)
    main = _set(main, cancelled=True, raised=interrupt)
    # Code that does not await goes on, until it does.
    return change.fail(main, CANCELLED) if main.top == Resting(awaits=True) else main


def call_back(process: ProcessState, main: Thread, signal: str) -> Thread:
    """The main thread, in which the loop calls what was set for a signal, if it was."""
    function = dict(process.signals).get(f"{CALLBACK}{signal}")
    if not function or main.top == Resting():
        return main  # what blocks keeps the loop from it
    if main.top != Resting(awaits=True):
        raise NotPredicted("no law says what happens: a signal while the loop does not wait")
    return change.push(main, Entering(function))


def deaf(process: ProcessState) -> ProcessState:
    """The process, whose loop is not told of signals any more."""
    left = tuple(one for one in process.signals if not one[0].startswith(CALLBACK))
    return replace(process, signals=left)


def _give_back(process: ProcessState) -> ProcessState:
    """The process, whose SIGINT is as it was before the loop."""
    left = tuple(one for one in process.signals if one != ("SIGINT", "runner"))
    return replace(process, signals=left)


def _loop(thread: Thread) -> Looping:
    return next(one for one in reversed(thread.frames) if isinstance(one, Looping))


def _set(thread: Thread, **changes: object) -> Thread:
    """The thread, whose loop is in another state."""
    frames = tuple(
        replace(one, **changes) if isinstance(one, Looping) else one for one in thread.frames
    )
    return replace(thread, frames=frames)


def _with(now: Configuration, process: ProcessState, thread: Thread) -> Configuration:
    return change.with_process(now, change.with_thread(process, thread))
