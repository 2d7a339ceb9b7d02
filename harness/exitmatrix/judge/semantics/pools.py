"""Pools of processes: what becomes of a task, of the workers and of their starter. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, PassesOn, Proceeds, Raises, Restarts, Waits
from exitmatrix.judge.semantics import change, multiprocess, process_waits, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Body, Configuration, ProcessState, ThreadState
from exitmatrix.judge.semantics.waits import (
    AwaitsOther,
    AwaitsResult,
    AwaitsTask,
    AwaitsWork,
    EndsPool,
    JoinsProcessPools,
    Owned,
    Path,
    Raised,
    ShutsDown,
    TaskCode,
)
from exitmatrix.model.language import ApplyTask, StartProcess, Statement, SubmitTask

Pool = SubmitTask | ApplyTask

LOCKS = 5
"""Of the queues of an executor: CPython Lib/multiprocessing/queues.py, Queue and SimpleQueue."""

BETWEEN = AwaitsWork | AwaitsTask
"""What a worker does between tasks."""

FRAMES = AwaitsOther | AwaitsResult | BETWEEN | EndsPool | JoinsProcessPools | ShutsDown | TaskCode


def submit(
    now: Configuration, process: ProcessState, thread: ThreadState, statement: Pool, ask: Ask
) -> Configuration:
    """Workers begin, one with the task, and their starter waits for its result.

    Raises NotPredicted.
    """
    if not process.reader and process.buffered:
        raise NotPredicted("no law says what happens: a pool whose starter cannot flush stdout")
    plain = statement.method == "fork" and statement.workers == 1 and not statement.begin
    if isinstance(statement, SubmitTask):
        if ask.announces and not plain and ask.profile.pools == "both":
            # Neither a context nor an initializer, before 3.7.
            raise NotPredicted("no law says what happens: an executor of 3.6 that is told more")
        if statement.method != "fork" and not ask.profile.spawns_executors:
            raise NotPredicted("no law says what happens: an executor that spawns, on PyPy 3.9")
        if ask.profile.wakes_closed_pools:
            # Whose thread is still in a table of weak references, if nobody has collected it yet.
            raise NotPredicted("no law says what happens: the exit function of pools, on PyPy")
        now = change.with_process(now, _import(process, ask))
    path = process.path
    now = _begin(now, path, thread, statement, statement.body, ask)
    for _ in range(1, statement.workers):
        now = _begin(now, path, thread, statement, (), ask)
    process = now.process(path)
    if statement.method != "fork":  # whose locks lose their names as soon as they are made
        for _ in range(_locks(statement, ask)):
            process = process_waits.share(process, "semaphore", ask)
    workers = process.owned[-statement.workers :]
    first = now.process(workers[0].path)
    main = first.threads[0]
    for other in workers[1:]:
        main = change.push(main, AwaitsOther(other.path))
    now = change.put(now, first, main)
    return change.put(now, process, change.push(thread, AwaitsResult(workers, statement)))


def _locks(statement: SubmitTask | ApplyTask, ask: Ask) -> int:
    """How many locks the queues of a pool have, each with a name."""
    if isinstance(statement, SubmitTask):
        return LOCKS
    return 6 if ask.profile.pool_notices else 4


def _import(process: ProcessState, ask: Ask) -> ProcessState:
    """Register the exit function of pools of processes, unless it is there. Raises NotPredicted."""
    process = run.bring(process, "process pool", ask)
    if ask.profile.pools != "joined earlier" or change.PROCESS_POOLS in process.listed:
        return process
    listed = (*process.listed, change.PROCESS_POOLS)
    waiting = (*process.threading, change.PROCESS_POOLS)
    return replace(process, listed=listed, threading=waiting)


def _begin(
    now: Configuration,
    starter: Path,
    thread: ThreadState,
    pool: Pool,
    task: tuple[Statement, ...],
    ask: Ask,
) -> Configuration:
    """One worker more, and its first task. Raises NotPredicted."""
    of_pool = isinstance(pool, ApplyTask)
    started = StartProcess((), pool.method, of_pool)
    now = multiprocess.begin(now, now.process(starter), thread, started, ask)
    child = now.process(now.process(starter).owned[-1].path)
    main = child.threads[0]
    *below, imports = main.frames
    first = imports.rest if isinstance(imports, Body) else ()
    does = Body((*first, *pool.begin, *task))
    return change.put(now, child, replace(main, frames=(*below, TaskCode(of_pool), does)))


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow when the frame above has ended. Raises NotPredicted."""
    match thread.top:
        case TaskCode(of_pool):
            yield change.put(now, process, change.swap(thread, _between(None, of_pool)))
        case AwaitsOther(other):
            if _is_between(now, other):
                yield change.put(now, process, change.pop(thread))
        case AwaitsResult() as waiting:
            yield from _await(now, process, thread, waiting, ask)
        case AwaitsTask():
            starter = process_waits.starter_of(now, process)
            if starter.exit is not None or any(map(_tells, starter.threads)):
                yield change.put(now, process, change.pop(thread))
        case AwaitsWork():
            downs = [one.top for one in process_waits.starter_of(now, process).threads]
            closing = [one for one in downs if isinstance(one, ShutsDown)]
            if any(_is_idle(now, one.workers) for one in closing):
                yield from _end_worker(now, process, thread, closing[0], ask)
        case ShutsDown() as down:
            yield from _shut_down(now, process, thread, down, ask)
        case EndsPool() as ending:
            yield from _end(now, process, thread, ending, ask)
        case JoinsProcessPools():
            yield _join(now, process, thread, ask)


def _join(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Configuration:
    """Executors that were left open are told to end, and waited for. Raises NotPredicted."""
    process = replace(process, executors_over=True)
    if not process.left_open:
        return change.put(now, process, change.pop(thread))
    (effect,) = ask("process pools", Facts(profile=ask.profile))
    if effect != Waits(waits=True):
        raise NotPredicted(f"{effect!r} of an exit function of pools")
    down = change.swap(thread, ShutsDown(process.left_open))
    return change.put(now, replace(process, left_open=()), down)


def _leave(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    waiting: AwaitsResult,
    raised: Raised | None,
) -> Configuration:
    """The starter, which has its result or an exception: the pool's `with` statement is left."""
    workers, of_pool = waiting.workers, isinstance(waiting.pool, ApplyTask)
    if waiting.pool.ends == "left open":
        if not of_pool:
            process = replace(process, left_open=(*process.left_open, *workers))
        return change.put(now, process, replace(change.pop(thread), raising=raised))
    down = EndsPool(workers, raised) if of_pool else ShutsDown(workers, raised)
    return change.put(now, process, change.swap(replace(thread, raising=None), down))


def _end_worker(
    now: Configuration, process: ProcessState, thread: ThreadState, down: ShutsDown, ask: Ask
) -> Iterator[Configuration]:
    """What may follow when a worker is told that no task comes any more."""
    cut_short = any(_was_interrupted(now, one.path) for one in down.workers)
    about = Facts(profile=ask.profile, exception="KeyboardInterrupt" if cut_short else "")
    over = change.pop(thread)
    for effect in ask("worker told", about):
        match effect:
            case Proceeds():
                yield change.put(now, process, over)
            case Raises(name):
                failed = change.fail(over, Raised(name, text="EOFError: Ran out of input"))
                yield change.put(now, process, failed)
            case _:
                raise NotPredicted(f"{effect!r} of a worker")


def _was_interrupted(now: Configuration, worker: Path) -> bool:
    """Whether Ctrl-C has ended a worker between two tasks, or is about to."""
    process = now.process(worker)
    raised = (one.raising for one in process.threads)
    leaves = any(one and one.name == "KeyboardInterrupt" for one in raised)
    return leaves or (process.exit is not None and process.exit.status == 1)


def _shut_down(
    now: Configuration, process: ProcessState, thread: ThreadState, down: ShutsDown, ask: Ask
) -> Iterator[Configuration]:
    """What may follow while an executor waits for its workers, told to end or not."""
    if all(now.process(one.path).exit is not None for one in down.workers):
        process = multiprocess.knowing(now, process)
        yield change.put(now, process, replace(change.pop(thread), raising=down.raised))
    elif breaks(now, down):
        (effect,) = ask("worker gone", Facts(profile=ask.profile, shuts_down=True))
        if not isinstance(effect, Raises):
            raise NotPredicted(f"{effect!r} of a pool")
        now = change.put(now, process, change.swap(thread, replace(down, broken=True)))
        yield from _terminate(now, down.workers, ask)


def breaks(now: Configuration, down: ShutsDown) -> bool:
    """Whether a worker is gone before the others, one at its task, have been told to end."""
    gone = (now.process(one.path).exit is not None for one in down.workers)
    return not down.broken and any(gone) and not _is_idle(now, down.workers)


def may_break(now: Configuration, down: ShutsDown) -> bool:
    """Whether it depends on who is first: one worker ends while another is at its task."""
    alive = [one for one in down.workers if now.process(one.path).exit is None]
    ends = any(now.process(one.path).threads[0].raising for one in alive)
    return not down.broken and len(alive) > 1 and ends and not _is_idle(now, alive)


def _between(result: Raised | None, of_pool: bool) -> BETWEEN:
    return AwaitsTask(result, done=True) if of_pool else AwaitsWork(result)


def _tells(thread: ThreadState) -> bool:
    """Whether the starter of a Pool tells its workers that nothing comes any more."""
    return isinstance(thread.top, EndsPool) or process_waits.is_told(thread)


def _is_between(now: Configuration, worker: Path) -> bool:
    return any(isinstance(one.top, BETWEEN) for one in now.process(worker).threads)


def _is_idle(now: Configuration, workers: Iterable[Owned]) -> bool:
    """Whether no worker is at a task: only then they are told to end."""
    return all(
        now.process(one.path).exit is not None
        or _is_between(now, one.path)
        or not any(isinstance(frame, TaskCode) for frame in _frames(now, one.path))
        for one in workers
    )


def _frames(now: Configuration, worker: Path) -> Iterator[object]:
    for one in now.process(worker).threads:
        yield from one.frames


def _await(
    now: Configuration, process: ProcessState, thread: ThreadState, waiting: AwaitsResult, ask: Ask
) -> Iterator[Configuration]:
    """What may follow while a result is waited for. Raises NotPredicted."""
    first = now.process(waiting.workers[0].path)
    frame = first.threads[0].top if first.threads else None
    gone = _gone(now, waiting)
    if gone:
        of_pool = isinstance(waiting.pool, ApplyTask)
        (effect,) = ask("worker gone", Facts(profile=ask.profile, of_pool=of_pool))
        match effect:
            case Raises() if waiting.pool.ends == "left open":
                raise NotPredicted("no law says what happens: a broken pool that is left open")
            case Raises(name):
                broken = Raised(name, text="BrokenProcessPool")
                down = change.swap(thread, ShutsDown(waiting.workers, broken, broken=True))
                now = change.put(now, process, down)
                yield from _terminate(now, waiting.workers, ask)
            case Restarts():
                yield _replace(now, process, thread, waiting, gone, ask)
            case _:
                raise NotPredicted(f"{effect!r} of a pool")
    elif waiting.lost:
        return
    elif isinstance(frame, AwaitsWork) or (isinstance(frame, AwaitsTask) and frame.done):
        yield _leave(now, process, thread, waiting, frame.result)


def go_on_beside(
    now: Configuration, process: ProcessState, main: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What another thread may do before the main one comes to act on a signal that it has taken."""
    waiting = main.top
    if main.raising or not isinstance(waiting, AwaitsResult):
        return
    gone = _gone(now, waiting)
    if gone and isinstance(waiting.pool, ApplyTask):
        yield _replace(now, process, main, waiting, gone, ask)


def _gone(now: Configuration, waiting: AwaitsResult) -> list[Owned]:
    """The workers that have ended."""
    return [one for one in waiting.workers if now.process(one.path).exit is not None]


def _replace(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    waiting: AwaitsResult,
    gone: list[Owned],
    ask: Ask,
) -> Configuration:
    """Another worker for each that is gone. The task that one was at is nobody's any more."""
    kept = tuple(one for one in waiting.workers if one not in gone)
    for _ in gone:
        now = _begin(now, process.path, thread, waiting.pool, (), ask)
    process = now.process(process.path)
    new = process.owned[-len(gone) :]
    lost = waiting.lost or waiting.workers[0] in gone
    waits = replace(waiting, workers=(*kept, *new), lost=lost)
    return change.put(now, process, change.swap(thread, waits))


def _terminate(
    now: Configuration, workers: Iterable[Owned], ask: Ask, notified: bool = False
) -> list[Configuration]:
    """SIGTERM to each that has not ended. Raises NotPredicted."""
    moments = [now]
    for one in workers:
        moments = [
            after
            for each in moments
            for after in process_waits.terminate_one(each, one, ask, notified and _awaits(now, one))
        ]
    return moments


def _awaits(now: Configuration, worker: Owned) -> bool:
    return any(isinstance(frame, AwaitsTask) for frame in _frames(now, worker.path))


def _end(
    now: Configuration, process: ProcessState, thread: ThreadState, ending: EndsPool, ask: Ask
) -> Iterator[Configuration]:
    """What may follow in `Pool.terminate`: workers are told, terminated, and waited for."""
    if not ending.asked:
        now = change.put(now, process, change.swap(thread, replace(ending, asked=True)))
        yield from _terminate(now, ending.workers, ask, notified=True)
    elif all(now.process(one.path).exit is not None for one in ending.workers):
        process = multiprocess.knowing(now, process)
        yield change.put(now, process, replace(change.pop(thread), raising=ending.raised))


def leave(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Iterator[Configuration]:
    """What may follow an exception of a task, or while its result is awaited."""
    calm = replace(thread, raising=None)
    if isinstance(thread.top, AwaitsResult):
        yield _leave(now, process, thread, thread.top, raised)
        return
    of_pool = isinstance(thread.top, TaskCode) and thread.top.of_pool
    about = Facts(profile=ask.profile, exception=raised.caught_as, of_pool=of_pool)
    (effect,) = ask("task exception", about)
    match effect:
        case Proceeds():
            yield change.put(now, process, change.swap(calm, _between(raised, of_pool)))
        case PassesOn():
            yield change.put(now, process, change.pop(thread))
        case _:
            raise NotPredicted(f"{effect!r} of a task")
