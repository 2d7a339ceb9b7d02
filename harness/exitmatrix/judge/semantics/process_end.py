"""How a process of multiprocessing ends when its function has. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Exits, Facts, Leaves, Proceeds
from exitmatrix.judge.semantics import change, run, workers
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.signals import disposition
from exitmatrix.judge.semantics.state import Configuration, Entering, ProcessState, ThreadState
from exitmatrix.judge.semantics.waits import EndsProcesses, ProcessCode, ProcessEnd, Raised
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import Flush, StartMethod


def leave(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised | None, ask: Ask
) -> Iterator[Configuration]:
    """What may follow the end of the function of a process. Raises NotPredicted."""
    others = (one for one in process.threads if one.id != thread.id)
    if any(not (one.daemon or workers.is_joined(process, one)) for one in others):
        raise NotPredicted("no law says what happens: threads of a process of multiprocessing")
    method = thread.top.method if isinstance(thread.top, ProcessCode) else "fork"
    early = ask.profile.process_end == "os._exit"
    thread = change.swap(
        thread, _ending(raised, method, "processes" if early else "threading", ask)
    )
    if early:
        thread = change.push(thread, EndsProcesses())
    yield change.put(now, process, replace(thread, raising=None))


def _ending(
    raised: Raised | None,
    method: StartMethod,
    stage: Literal["processes", "threading"],
    ask: Ask,
) -> ProcessEnd:
    """How a process ends whose function has come to its end, or has raised something."""
    raised = raised or Raised("")
    about = Facts(
        profile=ask.profile,
        exception=raised.name,
        status=raised.status,
        empty=raised.empty,
        method=method,
    )
    (effect,) = ask("end of process", about)
    match effect:
        case Leaves(status) | Exits(int(status)):
            return ProcessEnd(status, method, isinstance(effect, Exits), stage)
        case _:
            raise NotPredicted(f"{effect!r} of a process")


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ending: ProcessEnd, ask: Ask
) -> Iterator[Configuration]:
    """What may follow a stage of the end of a process. Raises NotPredicted."""
    match ending.stage:
        case "processes":
            yield change.put(now, process, change.swap(thread, replace(ending, stage="threading")))
        case "threading" if process.threading:
            *left, function = process.threading
            process = replace(process, threading=tuple(left))
            yield change.put(now, process, change.push(thread, Entering(function)))
        case "threading":
            yield change.put(now, process, change.swap(thread, replace(ending, stage="streams")))
        case "streams" if process.unnoticed and process.buffered:
            raise NotPredicted("no law says what happens: a signal that may be noticed late")
        case "streams":
            over = change.swap(thread, replace(ending, stage="handlers"))
            for effect in ask("statement", _flushing(process, ask)):
                if isinstance(effect, Proceeds):
                    after = change.flush(now, process)
                    yield change.put(after, after.process(process.path), over)
                else:
                    yield stopped(now, process, thread, effect, Flush(), ask)
        case "handlers" if ending.method == "spawn":
            exits = Raised("SystemExit", ending.status)
            yield change.put(now, process, change.fail(change.pop(thread), exits))
        case "handlers" if ending.handlers:
            over = change.swap(thread, replace(ending, stage="over"))
            running = run.begin(process, run.walk(ask), final=False)
            yield change.put(now, process, change.push(over, running))
        case _:
            yield change.end(now, process, Exit(ending.status), flushed=False)


def _flushing(process: ProcessState, ask: Ask) -> Facts:
    return Facts(
        profile=ask.profile,
        statement=Flush(),
        reader=process.reader,
        sigpipe=disposition(process, "SIGPIPE"),
        full=process.full,
        stuck=process.stuck,
        buffered=bool(process.buffered),
    )


def unwind(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Configuration:
    """The moment after an exception while a process ends. Raises NotPredicted."""
    ending = thread.top
    assert isinstance(ending, ProcessEnd)
    calm = replace(thread, raising=None)
    if ending.stage == "processes":
        return change.put(
            now, process, change.swap(calm, _ending(raised, ending.method, "threading", ask))
        )
    if ending.method == "spawn":
        if process.buffered:
            raise NotPredicted("no law says what happens: what a process wrote and has not flushed")
        if ending.stage == "threading" and ask.profile.list_runs_before_end:
            process = replace(process, threading=process.listed)  # once more, at the end
        return change.put(now, process, change.pop(thread))
    if not ask.profile.start_methods:
        raise NotPredicted("no law says what happens: a process that comes back from its end")
    return change.put(now, process, change.swap(calm, replace(ending, status=1, stage="handlers")))
