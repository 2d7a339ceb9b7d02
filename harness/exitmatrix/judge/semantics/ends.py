"""How a process ends at once, how a thread does, and how an exception begins. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Dies, Effect, Facts, Finalizes, Leaves, Proceeds, Raises
from exitmatrix.judge.semantics import change
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Configuration, Finalization, ProcessState, ThreadState
from exitmatrix.judge.semantics.waits import Looping, Raised, Supervising
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import Nothing, Raise, Statement, SysExit


def stopped(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    effect: Effect,
    statement: Statement,
    ask: Ask,
) -> Configuration:
    """After an effect that ends the process, or raises in the thread. Raises NotPredicted."""
    match effect:
        case Dies(signal, flushed):
            _leaves_orphan(now, process, ask)
            return change.end(now, process, Exit(signal=signal), flushed=flushed)
        case Leaves(status, flushed):
            _leaves_orphan(now, process, ask)
            return change.end(now, process, Exit(status), flushed=flushed)
        case Finalizes(status):
            # No frame is left: what they hold is where it was while the interpreter ends.
            process = replace(process, finalized=True)
            in_loop = any(isinstance(one, Looping) for one in thread.frames)
            ending = Finalization("threading", Exit(status), frame=True, in_loop=in_loop)
            over = replace(thread, frames=(ending,), raising=None)
            return change.put(now, process, over)
        case Raises(name, status, flush):
            if flush == "done":
                now = change.flush(now, process)
                process = now.process(process.path)
            elif flush == "failed" and not ask.profile.keeps_unwritten:
                process = replace(process, buffered=())
            empty = isinstance(statement, SysExit) and statement.argument is None
            raised = Raised(name, status, empty, _last_line(statement, name))
            failed = change.fail(thread, raised)
            return change.put(now, process, failed)
    raise NotPredicted(f"{effect!r} of a statement")


def _leaves_orphan(now: Configuration, process: ProcessState, ask: Ask) -> None:
    """Ask what becomes of a child that loses its parent."""
    if any(now.process(one.path).exit is None for one in process.owned):
        ask("orphan", Facts(profile=ask.profile))
    for thread in process.threads:
        for frame in thread.frames:
            if isinstance(frame, Supervising) and now.process(frame.child).exit is None:
                ask("orphan", Facts(profile=ask.profile))


def _last_line(statement: Statement, name: str) -> str:
    """The last line of the traceback."""
    if not isinstance(statement, Raise):
        return name
    return ": ".join(filter(None, (statement.exception, statement.message)))


def end_of_thread(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    sleeps: bool,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow when a thread is over, or sleeps for ever. Raises NotPredicted."""
    if sleeps:
        sleeping = change.with_thread(process, replace(thread, done=True))
        yield change.with_process(now, sleeping)
        return
    if process.torn:
        for effect in ask("loading", Facts(profile=ask.profile, thread_ends=True)):
            if not isinstance(effect, Proceeds):
                yield stopped(now, process, thread, effect, Nothing(), ask)
    process = change.without_thread(process, thread.id)
    process = replace(process, loading=process.loading or ask.profile.thread_end_loads)
    if process.threads or thread.id != process.main:
        yield change.with_process(now, process)
        return
    for effect in ask("forked thread", Facts(profile=ask.profile)):
        yield stopped(now, process, thread, effect, Nothing(), ask)
