"""What a process has, after a statement that changes it. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.judge.semantics import change, loops, process_waits, run
from exitmatrix.judge.semantics.ask import Ask
from exitmatrix.judge.semantics.state import ProcessState
from exitmatrix.model.language import (
    Clear,
    CloseStdout,
    Default,
    FillStdout,
    Finalize,
    Handle,
    HandleInLoop,
    HoldStdout,
    Hook,
    Ignore,
    ImportAtexit,
    Keep,
    PutUnread,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    ReplaceExit,
    ReplaceHooks,
    Save,
    Say,
    SetExitFunction,
    Share,
    StartInterpreter,
    Statement,
    TakeWakeup,
    Unregister,
    Unshare,
    Write,
)


def after(process: ProcessState, statement: Statement, ask: Ask) -> ProcessState:
    """The process after a statement about its handlers, or about something else."""
    match statement:
        case Register(function, arguments):
            return run.register(process, f"{function}({arguments})" if arguments else function)
        case Unregister(function):
            return run.unregister(process, function)
        case Clear():
            return replace(process, handlers=())
        case Share(kind):
            return process_waits.share(process, kind, ask)
        case PutUnread():
            return replace(run.bring(process, "multiprocessing.util", ask), unread=True)
        case Unshare(kind):
            left = tuple(one for one in process.shared if one != kind)
            return replace(process, shared=left)
        case SetExitFunction(function):
            return replace(process, exitfunc=function, held=True)
        case ImportAtexit():
            if process.exitfunc and ask.profile.exitfunc:
                return run.register(replace(process, exitfunc=""), process.exitfunc)
            return process
        case Finalize() | RegisterThreading() | Keep() | Hook():
            return _promise(process, statement)
    return _set(process, statement)


def _promise(
    process: ProcessState, statement: Finalize | RegisterThreading | Keep | Hook
) -> ProcessState:
    """The process after something else than atexit has promised to call a function."""
    match statement:
        case Finalize(function):
            return run.finalize(process, function)
        case RegisterThreading(function):
            listed = (*process.listed, function)
            waiting = (*process.threading, function)
            return replace(process, threading=waiting, listed=listed, held=True)
        case Keep(function):
            return replace(process, kept=(*process.kept, function))
        case Hook(name, function):
            return replace(process, hooks=(*process.hooks, (name, function)), held=True)


def _set(process: ProcessState, statement: Statement) -> ProcessState:
    """The process after a statement that changes one other thing that it has."""
    match statement:
        case Write(text):
            return replace(process, buffered=(*process.buffered, text), marked=True)
        case CloseStdout():
            return replace(process, reader=False, full=False)  # a write fails, and waits no more
        case FillStdout():
            return replace(process, full=True)
        case HoldStdout():
            return replace(process, stuck=True)
        case Save(data):
            return replace(process, saved=(*process.saved, data))
        case ReplaceExit(function):
            return replace(process, before_exit=function)
        case Say(text):
            return replace(process, printed=(*process.printed, text))
        case ReplaceHooks():
            return replace(process, hooked=True)
        case StartInterpreter(functions):
            return replace(process, second=functions)
    return _handle(process, statement)


def _handle(process: ProcessState, statement: Statement) -> ProcessState:
    """The process after a statement that says what a signal does."""
    match statement:
        case Handle(signal, function):
            return change.dispose(process, signal, f":{function}")
        case Ignore(signal):
            return change.dispose(process, signal, "ignored")
        case Default(signal):
            return change.dispose(process, signal, "default")
        case HandleInLoop(signal, function):
            process = change.dispose(process, signal, "loop")
            return change.dispose(process, f"{loops.CALLBACK}{signal}", function)
        case TakeWakeup():
            return loops.deaf(process)
        case RegisterFaulthandler(signal, chain):
            return _dump(process, signal, chain)
    return process


def _dump(process: ProcessState, signal: str, chain: bool) -> ProcessState:
    """The process, whose faulthandler takes a signal once; later it learns what to pass on.

    So it takes nothing back that the program has given to another function meanwhile
    (CPython Modules/faulthandler.c, faulthandler_register_py: `if (!user->enabled)`).
    """
    now, found = dict(process.signals).get(signal, ""), dict(process.found)
    if signal in found and now != "dumped" and signal not in process.passed_on:
        return process
    before = found.setdefault(signal, now)
    process = change.dispose(process, signal, before if chain else "dumped")
    passed_on = {*process.passed_on, signal} if chain else process.passed_on
    return replace(process, passed_on=tuple(sorted(passed_on)), found=tuple(sorted(found.items())))
