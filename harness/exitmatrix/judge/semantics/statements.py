"""What a thread does when it executes a statement, or receives a signal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Calls, Dies, Effect, Facts, Later, Leaves, Proceeds, Raises
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.finalize import walk
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    Joins,
    Pending,
    ProcessState,
    Raised,
    Thread,
    ThreadCode,
    WaitsForChild,
)
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import (
    Abort,
    Clear,
    CloseStdout,
    Default,
    Flush,
    Fork,
    Handle,
    Ignore,
    Register,
    RunHandlers,
    SetExitFunction,
    Signal,
    StartThread,
    Statement,
    Unregister,
    Write,
)

AT_START = {"SIGINT": "interrupt", "SIGPIPE": "ignored", "SIGXFSZ": "ignored"}
"""Dispositions that Python sets when it starts; others are the default."""


def facts(ask: Ask, process: ProcessState, thread: Thread, statement: Statement) -> Facts:
    """What a law may know about a statement."""
    return Facts(
        profile=ask.profile,
        statement=statement,
        in_main=thread.id == process.main,
        finalizing=process.finalizing,
        reader=process.reader,
        buffered=bool(process.buffered),
        rootless=change.rootless(process),
    )


def execute(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    statement: Statement,
    ask: Ask,
) -> Iterator[Configuration]:
    """All that may be after a statement. Raises NotPredicted."""
    about = facts(ask, process, thread, statement)
    for effect in ask("statement", about):
        if isinstance(effect, Proceeds):
            yield from _proceed(now, process, thread, statement, ask)
        else:
            yield stopped(now, process, thread, effect, statement, ask)


def stopped(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    effect: Effect,
    statement: Statement,
    ask: Ask,
) -> Configuration:
    """After an effect that ends the process, or raises in the thread. Raises NotPredicted."""
    match effect:
        case Dies(signal, flushed):
            return change.end(now, process, Exit(signal=signal), flushed=flushed)
        case Leaves(status, flushed):
            return change.end(now, process, Exit(status), flushed=flushed)
        case Raises(name, status):
            if isinstance(statement, Flush) and not ask.profile.keeps_unwritten:
                process = replace(process, buffered=())
            failed = change.fail(thread, Raised(name, status))
            return change.with_process(now, change.with_thread(process, failed))
    raise NotPredicted(f"{effect!r} of a statement")


def _proceed(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    statement: Statement,
    ask: Ask,
) -> Iterator[Configuration]:
    match statement:
        case Signal(signal):
            yield from receive(now, process, thread, signal, ask)
            return
        case Abort():
            yield from receive(now, process, thread, "SIGABRT", ask)
            return
        case Fork(body):
            child = change.fork(process, thread, Body(body))
            process = replace(process, forked=process.forked + 1)
            thread = change.push(thread, WaitsForChild(child.path))
            now = replace(now, processes=(*now.processes, child))
        case StartThread():
            process, thread = _start(process, thread, statement)
        case Flush():
            now = change.flush(now, process)
            process = now.process(process.path)
        case RunHandlers():
            thread = change.push(thread, run.begin(process, walk(ask), final=False))
        case _:
            process = _set(process, statement)
    yield change.with_process(now, change.with_thread(process, thread))


def _set(process: ProcessState, statement: Statement) -> ProcessState:
    """The process after a statement that changes one thing that it has."""
    match statement:
        case Register(function):
            return run.register(process, function)
        case Unregister(function):
            return run.unregister(process, function)
        case Clear():
            return replace(process, handlers=())
        case SetExitFunction(function):
            return replace(process, exitfunc=function)
        case Write(text):
            return replace(process, buffered=(*process.buffered, text))
        case CloseStdout():
            return replace(process, reader=False)
        case Handle(signal, function):
            return _dispose(process, signal, f":{function}")
        case Ignore(signal):
            return _dispose(process, signal, "ignored")
        case Default(signal):
            return _dispose(process, signal, "default")
    return process


def _dispose(process: ProcessState, signal: str, how: str) -> ProcessState:
    others = tuple(one for one in process.signals if one[0] != signal)
    return replace(process, signals=tuple(sorted((*others, (signal, how)))))


def disposition(process: ProcessState, signal: str) -> str:
    """What the process does with a signal now."""
    if signal in ("SIGKILL", "SIGSTOP"):
        return "default"  # whatever was set: signal(2)
    return dict(process.signals).get(signal) or AT_START.get(signal, "default")


def _start(
    process: ProcessState, thread: Thread, statement: StartThread
) -> tuple[ProcessState, Thread]:
    new = Thread(
        process.started,
        (ThreadCode(sleeps=statement.ends == "never"), Body(statement.body)),
        daemon=statement.ends == "never" or thread.daemon,
        after_main=statement.ends == "after main",
    )
    process = replace(process, threads=(*process.threads, new), started=process.started + 1)
    return process, thread if new.after_main else change.push(thread, Joins(new.id))


# ------------------------------------------------------------------------ signals


def receive(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    signal: str,
    ask: Ask,
) -> Iterator[Configuration]:
    """All that may be once the process of a thread got a signal from it."""
    how = disposition(process, signal)
    about = Facts(profile=ask.profile, signal=signal, disposition=how)
    for effect in ask("signal", about):
        if isinstance(effect, Calls | Raises):
            pending = Pending(signal, own=thread.id == process.main)
            process = replace(process, pending=(*process.pending, pending))
            yield change.with_process(now, change.with_thread(process, thread))
        elif isinstance(effect, Proceeds):
            yield change.with_process(now, change.with_thread(process, thread))
        else:
            yield stopped(now, process, thread, effect, Signal(signal), ask)


def notice(
    now: Configuration,
    process: ProcessState,
    main: Thread,
    ask: Ask,
) -> tuple[list[Configuration], bool]:
    """All that may be once the main thread looks for signals, and whether it may go on without."""
    pending, *left = process.pending
    later = False
    if not pending.own:
        effects = ask("noticing", Facts(profile=ask.profile, signal=pending.signal))
        later = any(isinstance(effect, Later) for effect in effects)
    how = disposition(process, pending.signal)
    process = replace(process, pending=tuple(left))
    if how.startswith(":"):
        process, main = change.call(process, main, ask.code, how[1:])
    elif how == "interrupt":
        main = change.fail(main, Raised("KeyboardInterrupt"))
    else:
        raise NotPredicted(f"no law says what happens: {pending.signal}, whose handler is gone")
    return [change.with_process(now, change.with_thread(process, main))], later
