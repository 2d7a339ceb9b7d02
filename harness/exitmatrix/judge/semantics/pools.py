"""Pools of one process: what becomes of its task, its worker and its starter. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Passes, Proceeds, Raises
from exitmatrix.judge.semantics import change, multiprocess, process_waits
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Body, Configuration, ProcessState, Thread
from exitmatrix.judge.semantics.waits import (
    AwaitsResult,
    AwaitsTask,
    AwaitsWork,
    EndsProcesses,
    Raised,
    ShutsDown,
    TaskCode,
)
from exitmatrix.model.language import StartProcess, SubmitTask

LOCKS = 5
"""Of the two queues of a pool: CPython Lib/multiprocessing/queues.py, Queue and SimpleQueue."""


def submit(
    now: Configuration, process: ProcessState, thread: Thread, statement: SubmitTask, ask: Ask
) -> Configuration:
    """A worker begins with the task, and its starter waits for the result. Raises NotPredicted."""
    now = multiprocess.begin(now, process, thread, StartProcess((), statement.method), ask)
    process = now.process(process.path)
    if statement.method != "fork":  # whose locks lose their names as soon as they are made
        for _ in range(LOCKS):
            process = process_waits.share(process, "semaphore", ask)
    worker = process.owned[-1]
    child = now.process(worker.path)
    main = child.threads[0]
    *below, imports = main.frames
    does = (*imports.rest, *statement.body) if isinstance(imports, Body) else statement.body
    main = replace(main, frames=(*below, TaskCode(), Body(does)))
    now = change.with_process(now, change.with_thread(child, main))
    waiting = change.push(thread, AwaitsResult(worker))
    return change.with_process(now, change.with_thread(process, waiting))


def go_on(
    now: Configuration, process: ProcessState, thread: Thread, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow when what is above has come to its end. Raises NotPredicted."""
    match thread.top:
        case TaskCode():
            yield _with(now, process, change.swap(thread, AwaitsWork()))
        case AwaitsResult(worker):
            child = now.process(worker.path)
            frame = child.threads[0].top if child.threads else None
            if child.exit is not None:
                (effect,) = ask("worker gone", Facts(profile=ask.profile))
                if not isinstance(effect, Raises):
                    raise NotPredicted(f"{effect!r} of a pool")
                broken = Raised(effect.name, text="BrokenProcessPool")
                yield _with(now, process, change.swap(thread, ShutsDown(worker, broken)))
            elif isinstance(frame, AwaitsWork):
                down = ShutsDown(worker, frame.result)
                yield _with(now, process, change.swap(thread, down))
        case AwaitsTask():
            starter = _starter(now, process)
            told = (one.top for one in starter.threads if isinstance(one.top, EndsProcesses))
            if starter.exit is not None or any(one.told for one in told):
                yield _with(now, process, change.pop(thread))
        case AwaitsWork():
            starter = _starter(now, process)
            if any(isinstance(one.top, ShutsDown) for one in starter.threads):
                yield _with(now, process, change.pop(thread))
        case ShutsDown(worker, raised):
            if now.process(worker.path).exit is not None:
                yield _with(now, process, replace(change.pop(thread), raising=raised))


def _starter(now: Configuration, worker: ProcessState) -> ProcessState:
    """Whose pool a worker is of, by fork, by spawn, or by a fork server."""
    return next(
        one for one in now.processes if any(owned.path == worker.path for owned in one.owned)
    )


def leave(
    now: Configuration, process: ProcessState, thread: Thread, raised: Raised, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow an exception of a task, or while its result is awaited."""
    calm = replace(thread, raising=None)
    if isinstance(thread.top, AwaitsResult):
        yield _with(now, process, change.swap(calm, ShutsDown(thread.top.worker, raised)))
        return
    (effect,) = ask("task exception", Facts(profile=ask.profile, exception=raised.name))
    match effect:
        case Proceeds():
            yield _with(now, process, change.swap(calm, AwaitsWork(raised)))
        case Passes():
            yield _with(now, process, change.pop(thread))
        case _:
            raise NotPredicted(f"{effect!r} of a task")


def _with(now: Configuration, process: ProcessState, thread: Thread) -> Configuration:
    return change.with_process(now, change.with_thread(process, thread))
