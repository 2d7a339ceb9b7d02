"""What processes of multiprocessing wait for, and what its exit function does to them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Proceeds, Waits
from exitmatrix.judge.laws.multiprocess import TRACKED
from exitmatrix.judge.semantics import change, multiprocess, process_end, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.signals import receive
from exitmatrix.judge.semantics.state import Configuration, ProcessState, ThreadState
from exitmatrix.judge.semantics.supervise import rests
from exitmatrix.judge.semantics.waits import (
    AwaitsJoin,
    AwaitsProcess,
    AwaitsTask,
    EndsProcesses,
    JoinsProcess,
    Owned,
    Path,
    ProcessCode,
    ProcessEnd,
    Raised,
    Resting,
    ServesForks,
    ServesManager,
)
from exitmatrix.model.language import AwaitJoin, AwaitProcess, JoinProcess, Shared

FRAMES = (
    AwaitsJoin
    | AwaitsProcess
    | EndsProcesses
    | JoinsProcess
    | ProcessCode
    | ProcessEnd
    | ServesForks
    | ServesManager
)


def share(process: ProcessState, kind: Shared, ask: Ask) -> ProcessState:
    """Add something that other processes can find. Raises NotPredicted."""
    if kind in TRACKED:
        process = run.bring(process, "multiprocessing.util", ask)
    (effect,) = ask("shared", Facts(profile=ask.profile, shared=kind))
    if isinstance(effect, Proceeds):
        process = replace(process, shared=(*process.shared, kind))
    return process


def waiting(
    process: ProcessState, statement: AwaitJoin | AwaitProcess | JoinProcess
) -> AwaitsJoin | AwaitsProcess | JoinsProcess:
    """A wait, of a starter or for a starter. Raises NotPredicted."""
    if isinstance(statement, AwaitJoin):
        if process.origin is None:
            raise NotPredicted("no law says what is done about a starter that there is not")
        return AwaitsJoin()
    if not process.owned:
        raise NotPredicted("no law says what is done about a process nobody started")
    child = process.owned[-1]
    return JoinsProcess(child) if isinstance(statement, JoinProcess) else AwaitsProcess(child)


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow when the frame above has ended. Raises NotPredicted."""
    match thread.top:
        case JoinsProcess(child):
            if _is_over(now, child):
                yield change.put(now, multiprocess.knowing(now, process), change.pop(thread))
        case AwaitsProcess(child):
            if now.process(child.path).exit is not None or _waits(now, child.path):
                yield change.put(now, multiprocess.knowing(now, process), change.pop(thread))
        case AwaitsJoin() | ServesManager() as waiting:
            if _released(now, process, waiting):
                yield change.put(now, process, change.pop(thread))
        case EndsProcesses() as ending:
            yield from _end_processes(now, process, thread, ending, ask)
        case ServesForks(client):
            forked = [one for one in now.processes if one.path[:-1] == process.path]
            if all(one.exit is not None for one in (now.process(client), *forked)):
                over = change.fail(change.pop(thread), Raised("SystemExit"))
                yield change.put(now, process, over)
        case ProcessCode():
            yield from process_end.leave(now, process, thread, None, ask)
        case ProcessEnd() as ending:
            yield from process_end.go_on(now, process, thread, ending, ask)


def _end_processes(
    now: Configuration, process: ProcessState, thread: ThreadState, ending: EndsProcesses, ask: Ask
) -> Iterator[Configuration]:
    """What may follow in the exit function: workers, then daemons, then all others."""
    if process.processes_over and not (ending.notified or ending.asked):
        yield change.put(now, process, change.pop(thread))
    elif not ending.notified and any(
        is_in(now, one, AwaitsTask | ServesManager) for one in process.owned
    ):
        yield change.put(now, process, change.swap(thread, EndsProcesses(notified=True)))
    elif not ending.asked:
        yield from _terminate_daemons(now, process, thread, ending, ask)
    elif any(not one.reaped for one in process.others):
        yield _join_foreign(now, process, thread, ask)
    elif all(_is_over(now, one) for one in process.owned):
        yield _after_joins(now, process, thread, ask)


def _terminate_daemons(
    now: Configuration, process: ProcessState, thread: ThreadState, ending: EndsProcesses, ask: Ask
) -> list[Configuration]:
    """What may follow when finalizers have run, and daemons are terminated."""
    # Finalizers first: that of a lock removes its name.
    left = tuple(one for one in process.shared if one != "semaphore")
    process = multiprocess.knowing(now, replace(process, shared=left, processes_over=True))
    moments = [change.put(now, process, change.swap(thread, replace(ending, asked=True)))]
    for one in (*process.owned, *process.others):
        if one in process.others and is_in(now, one, AwaitsTask):
            raise NotPredicted("no law says what happens: a child that ends its parent's Pool")
        if one.daemon and not one.reaped:
            moments = [
                after
                for each in moments
                for after in terminate_one(each, one, ask, ending.notified)
            ]
    return moments


def _join_foreign(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Configuration:
    """A forked process joins what its parent has started. Raises NotPredicted."""
    if not all(one.reaped for one in process.owned):
        raise NotPredicted("no law says what happens: which process is joined first")
    (effect,) = ask("statement", Facts(profile=ask.profile, statement=JoinProcess(), foreign=True))
    return stopped(now, process, change.pop(thread), effect, JoinProcess(), ask)


def _after_joins(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Configuration:
    """All have ended; a queue that nobody reads is waited for. Raises NotPredicted."""
    if not process.unread:
        return change.put(now, process, change.pop(thread))
    (effect,) = ask("queue", Facts(profile=ask.profile))
    if effect != Waits(waits=True):
        raise NotPredicted(f"{effect!r} of an exit function of queues")
    return change.put(now, process, change.swap(thread, Resting()))


def _is_over(now: Configuration, child: Owned) -> bool:
    """Whether its starter takes a process for ended: one without its fork server is, too."""
    if now.process(child.path).exit is not None:
        return True
    return child.server is not None and now.process(child.server).exit is not None


def terminate(now: Configuration, process: ProcessState, ask: Ask) -> Iterator[Configuration]:
    """`Process.terminate` of the process that was started last. Raises NotPredicted."""
    known = process.owned or process.others
    if not known:
        raise NotPredicted("no law says what is done about a process nobody started")
    child = now.process(known[-1].path)
    if child.exit is None and not rests(child):
        raise NotPredicted("no law says what happens: a signal to a process that is at work")
    yield from terminate_one(now, known[-1], ask)


def is_told(thread: ThreadState) -> bool:
    """Whether its exit function has told workers and managers that they are to end."""
    return isinstance(thread.top, EndsProcesses) and thread.top.notified


def starter_of(now: Configuration, process: ProcessState) -> ProcessState:
    """Who has started a process, by fork, by spawn, or by a fork server. Raises NotPredicted."""
    for one in now.processes:
        if any(owned.path == process.path for owned in one.owned):
            return one
    raise NotPredicted("no law says what happens: a process that nobody has started")


def is_in(now: Configuration, child: Owned, wait: type | UnionType) -> bool:
    """Whether a process waits so: a worker of a Pool for a task, a manager for requests."""
    return any(isinstance(one.top, wait) for one in now.process(child.path).threads)


def terminate_one(
    now: Configuration, child: Owned, ask: Ask, notified: bool = False
) -> Iterator[Configuration]:
    """`Process.terminate`; `notified`: a worker that knows already that nothing comes any more."""
    process = now.process(child.path)
    main = process.thread(process.main)
    if main is None:
        yield now
        return
    if child.daemon:
        about = Facts(profile=ask.profile, child_rests=rests(process), told_to_end=notified)
        ask("daemonic process", about)
    yield from receive(now, process, main, "SIGTERM", ask)


def _waits(now: Configuration, child: Path) -> bool:
    """Whether a process, or one that was forked from it, waits for its starter."""
    return any(
        isinstance(thread.top, AwaitsJoin)
        for one in now.processes
        if one.origin == child
        for thread in one.threads
    )


def _released(
    now: Configuration, process: ProcessState, waiting: AwaitsJoin | ServesManager
) -> bool:
    """Whether the starter of a process joins it, or is gone; or has told its manager to end."""
    if isinstance(waiting, ServesManager):
        return any(map(is_told, starter_of(now, process).threads))
    for starter in now.processes:
        if any(one.path == process.origin for one in starter.owned):
            joins = (one.top for one in starter.threads if isinstance(one.top, JoinsProcess))
            return starter.exit is not None or any(
                one.child.path == process.origin for one in joins
            )
    return True
