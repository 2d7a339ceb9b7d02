"""What comes from outside: signals, requests, a changed file. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Raises, Unnoticed, Waits
from exitmatrix.judge.semantics import change
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.signals import disposition, receive
from exitmatrix.judge.semantics.state import (
    AtexitRun,
    Body,
    Configuration,
    Finalization,
    OutsideEvent,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import AwaitsResult, Lingering, Raised, RequestCode
from exitmatrix.model.language import ApplyTask


def arrive(now: Configuration, ask: Ask, *, at_rest: bool) -> Iterator[Configuration]:
    """What may follow once the next event has taken place, if this is the moment for it."""
    if not now.events:
        return
    event = now.events[0]
    match event.when:
        case "at any time":
            due = True
        case "orphaned":
            due = now.processes[0].exit is not None
            if not due and at_rest:
                yield replace(now, events=now.events[1:])
        case "in a handler":
            due = _lingers(now, event)
        case _:
            due = at_rest
    if due:
        yield from take_place(now, ask)


def _lingers(now: Configuration, event: OutsideEvent) -> bool:
    """Whether a handler is busy in a process that the event is for."""
    return any(
        isinstance(thread.top, Lingering)
        for path in event.to
        for thread in now.process(path).threads
    )


def take_place(now: Configuration, ask: Ask) -> Iterator[Configuration]:
    """What may follow once the next event has taken place. Raises NotPredicted."""
    event, *left = now.events
    if event.when == "in a handler":
        supervised = any(_supervises(now.process(path)) for path in event.to)
        about = Facts(profile=ask.profile, supervisor="reloader" if supervised else "")
        ask("second signal", about)
    moments = [replace(now, events=tuple(left))]
    for path in event.to:
        moments = [
            one for moment in moments for one in _at(moment, moment.process(path), event, ask)
        ]
    yield from moments


def spend(
    now: Configuration, process: ProcessState, thread: ThreadState, milliseconds: int, ask: Ask
) -> Iterator[Configuration]:
    """What may follow once a thread has been busy for a while. Raises NotPredicted.

    What is to come later may come before that is over.
    """
    event = now.events[0] if now.events else OutsideEvent()
    if event.when != "later" or process.path not in event.to:
        yield change.put(now, process, thread)
        return
    needs = process.elapsed + milliseconds
    (effect,) = ask("grace", Facts(profile=ask.profile, needs=needs, grace=event.after))
    in_time = isinstance(effect, Waits) and effect.waits
    process = replace(process, elapsed=needs if in_time else event.after)
    moment = change.put(now, process, thread)
    if in_time:
        yield moment
    else:
        yield from take_place(moment, ask)


def _supervises(process: ProcessState) -> bool:
    return process.role == "parent"


def _at(
    now: Configuration, process: ProcessState, event: OutsideEvent, ask: Ask
) -> Iterator[Configuration]:
    main = process.thread(process.main)
    if main is None:
        yield now
    elif event.request:
        yield change.with_process(now, _request(process, main, event))
    elif event.touch:
        (effect,) = ask("change", Facts(profile=ask.profile))
        if not isinstance(effect, Raises):
            raise NotPredicted(f"{effect!r} of a changed file")
        failed = change.fail(main, Raised(effect.name, effect.status))
        yield change.put(now, process, failed)
    else:
        if event.when == "at any time" and _handlers_are_gone(main):
            process = _without_handlers(process)
        yield from receive(now, process, main, event.signal, ask)
        if _forks_meanwhile(process, event) and Unnoticed() in ask(
            "shared signal", Facts(profile=ask.profile)
        ):
            yield change.with_process(now, replace(process, unnoticed=True))


def _forks_meanwhile(process: ProcessState, event: OutsideEvent) -> bool:
    """Whether another thread replaces a worker that the same signal may end.

    A fork server forks in its own process.
    """
    how = disposition(process, event.signal)
    return how not in ("default", "ignored") and any(
        isinstance(frame, AwaitsResult)
        and isinstance(frame.pool, ApplyTask)
        and frame.pool.method != "forkserver"
        and any(one.path in event.to for one in frame.workers)
        for one in process.threads
        for frame in one.frames
    )


def _handlers_are_gone(main: ThreadState) -> bool:
    """Whether finalization has given signals their default action back.

    CPython does so behind the atexit handlers and the flush of the streams, before it
    releases globals: Python/pylifecycle.c, Py_FinalizeEx, and signalmodule.c, _PySignal_Fini.
    """
    bottom = main.frames[0]
    runs = any(isinstance(frame, AtexitRun) for frame in main.frames)
    return isinstance(bottom, Finalization) and bottom.stage in ("globals", "streams") and not runs


def _without_handlers(process: ProcessState) -> ProcessState:
    kept = {name: how for name, how in process.signals if not how.startswith(":")}
    gone = {name: "default" for name, how in process.signals if how.startswith(":")}
    return replace(process, signals=tuple(({"SIGINT": "default"} | gone | kept).items()))


def _request(process: ProcessState, main: ThreadState, event: OutsideEvent) -> ProcessState:
    frames = (RequestCode(event.in_main), Body(event.request))
    process = replace(process, requested=True)
    if event.in_main:
        return change.with_thread(process, change.push(main, *frames))
    new = ThreadState(process.started, frames, daemon=True)
    return replace(process, threads=(*process.threads, new), started=process.started + 1)
