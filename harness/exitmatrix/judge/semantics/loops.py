"""An event loop at work: its main task, what is under way beside it, and signals. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Calls, Facts, Later, PassesOn, Swallows
from exitmatrix.judge.semantics import change
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import (
    Body,
    Catching,
    Configuration,
    Entering,
    Finalization,
    Finally,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import CalledBack, Looping, Raised, Resting, Turn
from exitmatrix.model.language import Pause, RunLoop, Wake

CALLBACK = "loop:"
"""Begins, among the dispositions of signals, what the loop calls: `loop:SIGTERM`."""

EXITS = ("KeyboardInterrupt", "SystemExit")

CANCELLED = Raised("CancelledError")


FRAMES = CalledBack | Looping | Turn

OF_MAIN_TASK = Body | Finally | Catching | Looping
"""What there is above a loop where it is its main task that executes a statement."""


def is_main_task(thread: ThreadState) -> bool:
    """Whether a statement is one of the main task of a loop, and not of a function."""
    above = list(takewhile(lambda one: not isinstance(one, Looping), reversed(thread.frames)))
    return len(above) < len(thread.frames) and all(isinstance(one, OF_MAIN_TASK) for one in above)


def is_within(thread: ThreadState) -> bool:
    """Whether a loop runs in a thread."""
    return any(isinstance(one, Looping) for one in thread.frames)


def is_running(thread: ThreadState) -> bool:
    """As `is_within`, or Py_Exit has ended the code of the thread: then nobody ended the loop."""
    bottom = thread.frames[0] if thread.frames else None
    return is_within(thread) or (isinstance(bottom, Finalization) and bottom.in_loop)


def is_copy(thread: ThreadState) -> bool:
    """Whether the innermost loop of a thread is a copy that a fork has made."""
    return is_within(thread) and _loop(thread).copy


def can_fork(thread: ThreadState, ask: Ask) -> bool:
    """Whether it is known what a child goes on with that is forked in a loop.

    That is no copy itself, has at most one task and generator, and calls nothing. Where exits do
    not leave a copy, nobody asked how one goes on that is at its end.
    """
    loops = [one for one in thread.frames if isinstance(one, Looping)]
    called = any(isinstance(one, CalledBack) for one in thread.frames)
    if len(loops) != 1 or loops[0].copy or loops[0].unordered or called:
        return False
    return not (loops[0].ended and ask.profile.copied_loop == "holds exits")


def execute(
    process: ProcessState, thread: ThreadState, statement: Pause | RunLoop | Wake, ask: Ask
) -> tuple[ProcessState, ThreadState]:
    """The loop begins, or has its turn; or what its main task awaits has come."""
    if isinstance(statement, Pause):
        return process, change.push(thread, Turn()) if is_main_task(thread) else thread
    if isinstance(statement, Wake):
        left = tuple(one for one in thread.frames if one != Resting(awaits=True))
        return process, replace(thread, frames=left)
    beside = (*statement.tasks, *statement.generators, *statement.pool)
    takes = ask.profile.runner_takes_sigint and thread.id == process.main
    if takes and not _known_of_sigint(process):
        process = change.dispose(process, "SIGINT", "runner")
    kinds = (statement.tasks, statement.generators, statement.pool)
    unordered = not statement.in_turn and any(len(kind) > 1 for kind in kinds)
    tasks, generators = len(statement.tasks), len(statement.generators)
    looping = Looping(beside, tasks, generators, unordered)
    return process, change.push(thread, looping, Body(statement.body))


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """The next of what is under way is ended; then the loop is over. Raises NotPredicted."""
    yield _step(now, process, thread, ask)


def _step(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Configuration:
    if isinstance(thread.top, CalledBack):
        return change.put(now, process, change.pop(thread))
    loop = _loop(thread)
    if isinstance(thread.top, Turn):
        return change.put(now, process, _turn(thread, loop))
    process = _give_back(process)
    _has_called(loop)
    loop = _release_result(loop, ask)
    if not loop.beside:
        process, over = _closed(process), change.pop(thread)
        over = change.fail(over, loop.raised) if loop.raised else over
        return change.put(now, process, over)
    (effect,) = ask("loop clean-up", Facts(profile=ask.profile))
    if not isinstance(effect, Calls):
        raise NotPredicted(f"{effect!r} of a loop's clean-up")
    if loop.copy and loop.tasks and ask.profile.copied_loop == "holds exits":
        # A fork empties the list of tasks, and whether those of a copy come into it again depends
        # on what refers to them, and on earlier loops: gh-139894; seen on 3.14.10 and 3.15.2.
        raise NotPredicted("no law says what happens: tasks of a loop in a forked child")
    if loop.unordered:
        # They are in a set, in the order of their addresses: Lib/asyncio/runners.py,
        # _cancel_all_tasks, and Lib/asyncio/base_events.py, shutdown_asyncgens.
        raise NotPredicted("no law says what happens: which of several tasks of a loop is first")
    function, *others = loop.beside
    # It is run once more, for each kind: Lib/asyncio/runners.py, _cancel_all_tasks and run.
    ended = replace(loop, beside=tuple(others), ended=True, copy=False)
    thread = change.swap(thread, ended)
    return change.put(now, process, change.push(thread, Entering(function)))


def _release_result(loop: Looping, ask: Ask) -> Looping:
    """The loop, whose main task has returned though it was cancelled. Raises NotPredicted."""
    if loop.due and loop.copy and ask.profile.copied_loop == "holds exits":
        raise NotPredicted("no law says what happens: a cancelled task in a forked child")
    if loop.ended or not (loop.due and loop.tasks and loop.generators):
        return loop
    if not ask.announces:
        raise NotPredicted("no law says what happens: a generator that the main task returns")
    (effect,) = ask("loop result", Facts(profile=ask.profile))
    if effect == Later():
        return loop
    both = loop.tasks + loop.generators
    closed, cancelled = loop.beside[loop.tasks : both], loop.beside[: loop.tasks]
    return replace(loop, beside=(*closed, *cancelled, *loop.beside[both:]))


def _turn(thread: ThreadState, loop: Looping) -> ThreadState:
    """The thread, whose loop calls the next function, or goes on with its main task."""
    if loop.calls and loop.due:
        raise NotPredicted("no law says what happens: a loop that calls while it cancels")
    if loop.calls:
        function, *others = loop.calls
        thread = _set(thread, calls=tuple(others))
        return change.push(thread, CalledBack(), Entering(function))
    after = _set(change.pop(thread), due=False)
    return change.fail(after, CANCELLED) if loop.due else after


def _has_called(loop: Looping) -> None:
    """Raises NotPredicted where the main task is over before the loop could call."""
    if loop.calls:
        raise NotPredicted("no law says what happens: a signal while the loop does not wait")


def unwind(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Configuration:
    """An exception comes to the loop: from a task, or while all wait. Raises NotPredicted."""
    if isinstance(thread.top, CalledBack) and raised.name == "Exception":
        ask("loop exception", Facts(profile=ask.profile, exception=raised.name))
        return change.put(now, process, replace(change.pop(thread), raising=None))
    if isinstance(thread.top, CalledBack):
        return change.put(now, process, change.pop(thread))
    if isinstance(thread.top, Resting | Turn):
        waiting = change.pop(thread)
        if raised != CANCELLED:  # it is the loop that is left, and the main task is cancelled
            ask("loop exception", Facts(profile=ask.profile, exception=raised.name))
            waiting = _set(waiting, left=True, raised=raised)
        return change.put(now, process, replace(waiting, raising=CANCELLED))
    loop = _loop(thread)
    if loop.copy and raised.name in EXITS and ask.profile.copied_loop == "holds exits":
        # The loop, which they should have ended, goes on: seen on 3.14.10 and 3.15.2.
        raise NotPredicted("no law says what happens: an exit of a task in a forked child")
    _has_called(loop)
    if loop.left or loop.ended:
        if raised == CANCELLED:
            return change.put(now, process, replace(change.swap(thread, loop), raising=None))
        (effect,) = ask("loop clean-up", Facts(profile=ask.profile, exception=raised.name))
        if isinstance(effect, Swallows) and loop.ended:
            return change.put(now, process, replace(thread, raising=None))
        if not isinstance(effect, PassesOn):
            raise NotPredicted(f"{effect!r} of a loop's clean-up")
        return change.put(now, _closed(_give_back(process)), change.pop(thread))
    raised = loop.raised if raised == CANCELLED and loop.raised else raised
    over = change.swap(thread, replace(loop, raised=raised, ended=True))
    return change.put(now, process, replace(over, raising=None))


def cancel(main: ThreadState) -> ThreadState:
    """What the Runner does about Ctrl-C: it cancels the main task once, then it interrupts it."""
    loop = _loop(main)
    interrupt = Raised("KeyboardInterrupt", text="KeyboardInterrupt")
    if loop.cancelled:
        return change.fail(main, interrupt)
    main = _set(main, cancelled=True, raised=interrupt)
    # Code that does not await goes on, until it does.
    if main.top == Resting(awaits=True):
        return change.fail(main, CANCELLED)
    return _set(main, due=True)


def call_back(process: ProcessState, main: ThreadState, signal: str) -> ThreadState:
    """The main thread, in which the loop calls what was set for a signal, if it was."""
    function = dict(process.signals).get(f"{CALLBACK}{signal}")
    if not function or main.top == Resting():
        return main  # what blocks keeps the loop from it
    if main.top == Resting(awaits=True):
        return change.push(main, Entering(function))
    if not is_within(main) or _loop(main).ended:
        raise NotPredicted("no law says what happens: a signal while the loop does not wait")
    return _set(main, calls=(*_loop(main).calls, function))


def deaf(process: ProcessState) -> ProcessState:
    """The process, whose loop is not notified of signals any more."""
    left = tuple(one for one in process.signals if not one[0].startswith(CALLBACK))
    return replace(process, signals=left)


def _give_back(process: ProcessState) -> ProcessState:
    """The process, whose SIGINT is as it was before the loop."""
    return change.dispose(process, "SIGINT") if _known_of_sigint(process) == "runner" else process


def _known_of_sigint(process: ProcessState) -> str:
    """What signal.getsignal tells of SIGINT: faulthandler takes a signal without telling Python."""
    how = dict(process.signals).get("SIGINT", "")
    return dict(process.found)["SIGINT"] if how == "dumped" else how


def _closed(process: ProcessState) -> ProcessState:
    """The process, whose loop gives up the signals that it has handled: also for somebody else."""
    handled = {one.removeprefix(CALLBACK) for one, _ in process.signals if one.startswith(CALLBACK)}
    left = [one for one in process.signals if one[0].removeprefix(CALLBACK) not in handled]
    again = [(one, "default") for one in handled if one != "SIGINT"]
    return replace(process, signals=tuple(sorted((*left, *again))))


def _loop(thread: ThreadState) -> Looping:
    return next(one for one in reversed(thread.frames) if isinstance(one, Looping))


def _set(thread: ThreadState, **changes: object) -> ThreadState:
    """The thread, whose loop is in another state."""
    frames = tuple(
        replace(one, **changes) if isinstance(one, Looping) else one for one in thread.frames
    )
    return replace(thread, frames=frames)
