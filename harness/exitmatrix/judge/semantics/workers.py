"""Pools of threads: their workers, who waits for these, and their end. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Proceeds, Waits
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import end_of_thread
from exitmatrix.judge.semantics.state import Body, Configuration, ProcessState, ThreadState
from exitmatrix.judge.semantics.waits import (
    AwaitsEndOfPools,
    AwaitsWorker,
    ClosesPool,
    JoinsPools,
    PoolIdle,
    PoolWork,
    Raised,
)
from exitmatrix.model.language import UsePool

FRAMES = AwaitsEndOfPools | AwaitsWorker | ClosesPool | JoinsPools | PoolIdle | PoolWork


def works(thread: ThreadState) -> bool:
    """Whether a thread is a worker of a pool."""
    return isinstance(thread.frames[0], PoolIdle | PoolWork)


def is_joined(process: ProcessState, thread: ThreadState) -> bool:
    """Whether threading's own list ends it, before anybody waits for it."""
    return works(thread) and change.POOLS in process.threading


def bring(process: ProcessState, ask: Ask) -> ProcessState:
    """Register the exit function of pools, unless it is registered. Raises NotPredicted."""
    if process.pooled:
        return process
    process = replace(run.bring(process, "executor", ask), pooled=True)
    if ask.profile.pools != "joined earlier":
        return process
    listed, waiting = (*process.listed, change.POOLS), (*process.threading, change.POOLS)
    return replace(process, listed=listed, threading=waiting)


def use(
    process: ProcessState, thread: ThreadState, statement: UsePool, ask: Ask
) -> tuple[ProcessState, ThreadState]:
    """A pool begins, and its starter waits for its task, or goes on. Raises NotPredicted."""
    process = bring(process, ask)
    frames = PoolWork(), Body(statement.body)
    new = ThreadState(
        process.started,
        frames,
        daemon=thread.daemon or ask.profile.pools != "joined earlier",
    )
    if statement.ends == "at exit":
        if any(map(_waits, process.threads)):
            raise NotPredicted("no law says what happens: which of two tasks of pools is first")
        new = change.push(new, AwaitsEndOfPools())
    else:
        closes = statement.ends != "left open"
        thread = change.push(thread, AwaitsWorker(new.id, statement.ends != "shutdown", closes))
    threads = (*process.threads, new)
    return replace(process, threads=threads, started=process.started + 1), thread


def _waits(thread: ThreadState) -> bool:
    return any(isinstance(frame, AwaitsEndOfPools) for frame in thread.frames)


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow when the frame above has ended. Raises NotPredicted."""
    match thread.top:
        case PoolWork():
            yield change.put(now, process, change.swap(thread, PoolIdle()))
        case PoolIdle() if _told(process, thread):
            yield from end_of_thread(now, process, thread, sleeps=False, ask=ask)
        case AwaitsEndOfPools() if process.pools_over:
            yield change.put(now, process, change.pop(thread))
        case AwaitsWorker(id, asks, closes):
            worker = process.thread(id)
            if worker is not None and isinstance(worker.top, PoolIdle):
                raised = worker.top.result if asks else None
                after = change.pop(thread)
                after = change.push(after, ClosesPool(id, raised)) if closes else after
                yield change.put(now, process, after if closes else replace(after, raising=raised))
        case ClosesPool(id, raised) if process.thread(id) is None:
            yield change.put(now, process, replace(change.pop(thread), raising=raised))
        case JoinsPools() if not process.pools_over:
            yield change.with_process(now, replace(process, pools_over=True))
        case JoinsPools():
            yield from _join(now, process, thread, ask)


def _join(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    if works(thread):
        raise NotPredicted("no law says what happens: a worker that waits for itself")
    if not any(map(works, process.threads)):
        yield change.put(now, process, change.pop(thread))
    elif ask("pools", Facts(profile=ask.profile)) != (Waits(waits=True),):
        raise NotPredicted("an exit function of pools that waits for nobody")


def _told(process: ProcessState, worker: ThreadState) -> bool:
    """Whether a worker knows that nothing comes any more."""
    frames = [frame for one in process.threads for frame in one.frames]
    closed = [one.worker for one in frames if isinstance(one, ClosesPool)]
    joins = any(isinstance(one, JoinsPools) for one in frames)
    return worker.id in closed or (joins and process.pools_over)


def unwind(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Configuration:
    """The moment after an exception has come from the frame above. Raises NotPredicted."""
    if not isinstance(thread.top, PoolWork):
        raise NotPredicted("no law says what happens: a wait for a pool that is interrupted")
    (effect,) = ask("pool task", Facts(profile=ask.profile, exception=raised.name))
    if not isinstance(effect, Proceeds):
        raise NotPredicted(f"{effect!r} of a task")
    return change.put(now, process, replace(change.swap(thread, PoolIdle(raised)), raising=None))
