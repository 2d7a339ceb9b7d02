"""How a process of multiprocessing begins: forked, spawned, or by a fork server. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Facts, Proceeds
from exitmatrix.judge.laws.libraries import FINALIZERS
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    Finalization,
    Frame,
    Hooked,
    MainCode,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import Owned, ProcessCode, ServesForks
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import Flush, Fork, Import, Register, StartProcess

FORK_SERVER = "forkserver"
"""The role of a fork server."""


def start(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    statement: StartProcess,
    flushing: Facts,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow once a process was to begin; `flushing`: of its starter's stdout, before."""
    known = change.EXIT_FUNCTION in process.library
    process = run.bring(process, "multiprocessing.util", ask)
    if not known and ask.profile.eval_forgets_interrupt:
        process, thread = forget_interrupt(process, thread)
    now = change.with_process(now, process)
    for effect in ask("statement", flushing):
        if not isinstance(effect, Proceeds):
            yield stopped(now, process, thread, effect, Flush(), ask)
            continue
        flushed = change.flush(now, process)
        starter = flushed.process(process.path)
        forks = statement.method == "fork"
        kernel = replace(flushing, statement=Fork())
        for forked in ask("statement", kernel) if forks else (Proceeds(),):
            if isinstance(forked, Proceeds):
                after = begin(flushed, starter, thread, statement, ask)
                yield change.put(after, after.process(process.path), thread)
            else:
                yield stopped(flushed, starter, thread, forked, statement, ask)


def forget_interrupt(
    process: ProcessState, thread: ThreadState
) -> tuple[ProcessState, ThreadState]:
    """A process that does not know any more that Ctrl-C has ended its code."""

    def forgets(one: ThreadState) -> ThreadState:
        bottom, *above = one.frames
        if isinstance(bottom, Finalization) and bottom.exit.signal == "SIGINT":
            bottom = replace(bottom, exit=Exit(1))
        forgotten = (replace(f, forgotten=True) if isinstance(f, Hooked) else f for f in above)
        return replace(one, frames=(bottom, *forgotten))

    return replace(process, threads=tuple(map(forgets, process.threads))), forgets(thread)


def begin(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    statement: StartProcess,
    ask: Ask,
) -> Configuration:
    """A process begins, in its own place of the tree. Raises NotPredicted."""
    process = run.bring(process, "multiprocessing.util", ask)
    now = change.flush(now, process)
    process = knowing(now, now.process(process.path))
    server = None
    match statement.method:
        case "fork":
            child, process = _fork(process, thread, statement, (), ask), _counted(process)
        case "spawn":
            child, process = _spawn(process, statement, ask), _counted(process)
        case _:
            (effect,) = ask("fork server", Facts(profile=ask.profile))
            imports = _registers(ask)
            if isinstance(effect, Proceeds):
                now, process, forking = _server(now, process, imports, ask)
                child = _fork(forking, forking.threads[0], statement, (), ask)
            else:
                now, process, forking = _server(now, process, (), ask)
                child = _fork(forking, forking.threads[0], statement, imports, ask)
            # Its signals are as they were before the server began to serve.
            child = replace(
                child, signals=_ignored(process, ask), late=False, silent=process.silent
            )
            now = change.with_process(now, _counted(forking))
            server = forking.path
    if any(one.path == child.path for one in now.processes):
        raise NotPredicted("no law says what happens: processes of a program that is supervised")
    child = replace(child, origin=child.path, daemonic=statement.daemon, others=())
    owned = Owned(child.path, statement.daemon, server)
    process = replace(process, owned=(*process.owned, owned))
    now = change.with_process(now, process)
    return replace(now, processes=(*now.processes, child))


def knowing(now: Configuration, process: ProcessState) -> ProcessState:
    """The process, which looks which of those that it has started have ended."""
    owned = tuple(
        replace(one, reaped=one.reaped or now.process(one.path).exit is not None)
        for one in process.owned
    )
    return replace(process, owned=owned)


def _ignored(process: ProcessState, ask: Ask) -> tuple[tuple[str, str], ...]:
    """What a Python ignores that is started by one that does: execve(2)."""
    return tuple(
        one
        for one in process.signals
        if one[1] == "ignored" and (one[0] != "SIGINT" or ask.profile.keeps_ignored_sigint)
    )


def _counted(process: ProcessState) -> ProcessState:
    return replace(process, forked=process.forked + 1)


def _registers(ask: Ask) -> tuple[Register | Import, ...]:
    """What the import of the program's file does."""
    return tuple(one for one in ask.code.body if isinstance(one, Register | Import))


def _fork(
    process: ProcessState,
    thread: ThreadState,
    statement: StartProcess,
    imports: tuple[Register | Import, ...],
    ask: Ask,
) -> ProcessState:
    """A child that is forked, and does some imports before it calls the function."""
    frames = ProcessCode(statement.method), Body((*imports, *statement.body))
    child = change.fork(process, thread, Body(()))
    # threading's list is not emptied when it is gone through, but a main thread that is over
    # does not go through it again. Of a child that another one has forked, that is the main one.
    by_main = thread.id == process.main and not change.rootless(process)
    begun = process.finalizing and process.threading != process.listed
    if ask.profile.list_runs_before_end:
        over = by_main and process.threading_over and not process.list_left
    else:
        over = by_main and (process.threading_over or begun)
    listed = () if over else process.listed
    child = replace(
        child,
        threads=(ThreadState(thread.id, frames),),
        role="child",
        threading=listed,
        listed=listed,
    )
    if ask.profile.process_end == "os._exit":
        return child
    # It begins with a list of its own.
    # But weakref remembers that it is registered, and does not do so again.
    kept = tuple(one for one in child.library if one == FINALIZERS)
    return run.bring(replace(child, handlers=(), library=kept), "multiprocessing.util", ask)


def _spawn(process: ProcessState, statement: StartProcess, ask: Ask) -> ProcessState:
    """A child that is a Python of its own."""
    body = Body((*_registers(ask), *statement.body))
    return _python(process, "child", ask, MainCode(), ProcessCode(statement.method), body)


def _python(process: ProcessState, role: str, ask: Ask, *frames: Frame) -> ProcessState:
    """A Python that multiprocessing starts, which has its exit function from the beginning."""
    path = (*process.path, process.forked)
    fresh = ProcessState(
        path=path,
        imported=True,
        silent=process.silent or role == FORK_SERVER,
        threads=(ThreadState(0, frames),),
        role=role,
        reader=process.reader,
        full=process.full,
        signals=_ignored(process, ask),
    )
    return run.bring(fresh, "multiprocessing.util", ask)


def _server(
    now: Configuration, process: ProcessState, imports: tuple[Register | Import, ...], ask: Ask
) -> tuple[Configuration, ProcessState, ProcessState]:
    """The fork server of a process, which is started where there is none."""
    if process.processes_over:
        # Which removes the folder that its socket may be in: Lib/multiprocessing/util.py.
        raise NotPredicted("no law says what happens: a fork server behind the exit function")
    for one in process.owned:
        if one.server is not None:
            return now, process, now.process(one.server)
    if process.served:
        raise NotPredicted("no law says what happens: a fork server of another process")
    process = replace(process, served=True)
    server = _python(process, FORK_SERVER, ask, MainCode(), ServesForks(process.path))
    for statement in imports:
        if isinstance(statement, Register):
            server = run.register(server, statement.function)
        else:
            server = run.bring(server, statement.library, ask)
    server = replace(server, signals=(*_ignored(process, ask), ("SIGINT", "ignored")))
    return replace(now, processes=(*now.processes, server)), _counted(process), server
