"""Processes of multiprocessing: how they begin, who waits for them, how they end. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Exits, Facts, Leaves, Proceeds
from exitmatrix.judge.laws.libraries import FINALIZERS
from exitmatrix.judge.laws.multiprocess import TRACKED
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.signals import receive
from exitmatrix.judge.semantics.state import (
    AwaitsTask,
    Body,
    Configuration,
    EndsProcesses,
    Frame,
    JoinsProcess,
    MainCode,
    Owned,
    ProcessCode,
    ProcessEnd,
    ProcessState,
    Raised,
    ServesForks,
    Thread,
)
from exitmatrix.judge.semantics.supervise import rests
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import Import, Register, Shared, StartProcess

FORK_SERVER = "forkserver"
"""The role of a fork server."""


def start(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    statement: StartProcess,
    ask: Ask,
) -> Configuration:
    """A process begins, in its own place of the tree. Raises NotPredicted."""
    process = run.bring(process, "multiprocessing.util", ask)
    now = change.flush(now, process)
    process = now.process(process.path)
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
                child = _fork(forking, thread, statement, (), ask)
            else:
                now, process, forking = _server(now, process, (), ask)
                child = _fork(forking, thread, statement, imports, ask)
            child = replace(child, signals=())  # as they were before the server began to serve
            now = change.with_process(now, _counted(forking))
            server = forking.path
    owned = Owned(child.path, statement.daemon, server)
    process = replace(process, owned=(*process.owned, owned))
    now = change.with_process(now, process)
    return replace(now, processes=(*now.processes, child))


def _counted(process: ProcessState) -> ProcessState:
    return replace(process, forked=process.forked + 1)


def _registers(ask: Ask) -> tuple[Register | Import, ...]:
    """What the import of the program's file does."""
    return tuple(one for one in ask.code.body if isinstance(one, Register | Import))


def _fork(
    process: ProcessState,
    thread: Thread,
    statement: StartProcess,
    imports: tuple[Register | Import, ...],
    ask: Ask,
) -> ProcessState:
    """A child that is forked, and does some imports before it calls the function."""
    frames = ProcessCode(statement.method), Body((*imports, *statement.body))
    child = change.fork(process, thread, Body(()))
    child = replace(child, threads=(Thread(thread.id, frames),), role="child")
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
    fresh = ProcessState(path=path, threads=(Thread(0, frames),), role=role)
    return run.bring(fresh, "multiprocessing.util", ask)


def _server(
    now: Configuration, process: ProcessState, imports: tuple[Register | Import, ...], ask: Ask
) -> tuple[Configuration, ProcessState, ProcessState]:
    """The fork server of a process, which is started where there is none."""
    for one in process.owned:
        if one.server is not None:
            return now, process, now.process(one.server)
    server = _python(process, FORK_SERVER, ask, MainCode(), ServesForks(process.path))
    for statement in imports:
        if isinstance(statement, Register):
            server = run.register(server, statement.function)
        else:
            server = run.bring(server, statement.library, ask)
    server = replace(server, signals=(("SIGINT", "ignored"),))
    return replace(now, processes=(*now.processes, server)), _counted(process), server


def share(process: ProcessState, kind: Shared, ask: Ask) -> ProcessState:
    """With something that others can find. Raises NotPredicted."""
    if kind in TRACKED:
        process = run.bring(process, "multiprocessing.util", ask)
    (effect,) = ask("shared", Facts(profile=ask.profile, shared=kind))
    if isinstance(effect, Proceeds):
        process = replace(process, shared=(*process.shared, kind))
    return process


def join(process: ProcessState) -> JoinsProcess:
    """A wait for the process that was started last. Raises NotPredicted."""
    if not process.owned:
        raise NotPredicted("no law says what is done about a process nobody started")
    return JoinsProcess(process.owned[-1])


def go_on(
    now: Configuration, process: ProcessState, thread: Thread, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow when what is above has come to its end. Raises NotPredicted."""
    match thread.top:
        case JoinsProcess(child):
            if _is_over(now, child):
                yield _with(now, process, change.pop(thread))
        case EndsProcesses() as ending:
            yield from _end_processes(now, process, thread, ending, ask)
        case ServesForks(client):
            forked = [one for one in now.processes if one.path[:-1] == process.path]
            if all(one.exit is not None for one in (now.process(client), *forked)):
                over = change.fail(change.pop(thread), Raised("SystemExit"))
                yield _with(now, process, over)
        case ProcessCode():
            yield from leave(now, process, thread, None, ask)
        case ProcessEnd(status):
            yield change.end(now, process, Exit(status), flushed=True)


def _end_processes(
    now: Configuration, process: ProcessState, thread: Thread, ending: EndsProcesses, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow in the exit function: workers, then daemons, then all others."""
    if not ending.told and any(_has_worker(now, one) for one in process.owned):
        yield _with(now, process, change.swap(thread, EndsProcesses(told=True)))
    elif not ending.asked:
        # Finalizers first: that of a lock removes its name.
        left = tuple(one for one in process.shared if one != "semaphore")
        process = replace(process, shared=left)
        moments = [_with(now, process, change.swap(thread, replace(ending, asked=True)))]
        for one in process.owned:
            if one.daemon:
                moments = [
                    after for each in moments for after in _terminate(each, one, ask, ending.told)
                ]
        yield from moments
    elif all(_is_over(now, one) for one in process.owned):
        yield _with(now, process, change.pop(thread))


def _is_over(now: Configuration, child: Owned) -> bool:
    """Whether its starter takes a process for ended: one without its fork server is, too."""
    if now.process(child.path).exit is not None:
        return True
    return child.server is not None and now.process(child.server).exit is not None


def terminate(now: Configuration, process: ProcessState, ask: Ask) -> Iterator[Configuration]:
    """`Process.terminate` of the process that was started last. Raises NotPredicted."""
    if not process.owned:
        raise NotPredicted("no law says what is done about a process nobody started")
    child = now.process(process.owned[-1].path)
    if child.exit is None and not rests(child):
        raise NotPredicted("no law says what happens: a signal to a process that is at work")
    yield from _terminate(now, process.owned[-1], ask)


def _has_worker(now: Configuration, child: Owned) -> bool:
    """Whether a process is a worker of a Pool that waits for a task."""
    return any(isinstance(one.top, AwaitsTask) for one in now.process(child.path).threads)


def _terminate(
    now: Configuration, child: Owned, ask: Ask, told: bool = False
) -> Iterator[Configuration]:
    """`Process.terminate`; `told`: of a worker that knows already that nothing comes any more."""
    process = now.process(child.path)
    main = process.thread(process.main)
    if main is None:
        yield now
        return
    if child.daemon:
        about = Facts(profile=ask.profile, child_rests=rests(process), told_to_end=told)
        ask("daemonic process", about)
    yield from receive(now, process, main, "SIGTERM", ask)


def leave(
    now: Configuration, process: ProcessState, thread: Thread, raised: Raised | None, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow the end of the function of a process. Raises NotPredicted."""
    if len(process.threads) > 1:
        raise NotPredicted("no law says what happens: threads of a process of multiprocessing")
    if process.buffered and not process.reader:
        raise NotPredicted("no law says what happens: a process whose stdout nobody reads")
    method = thread.top.method if isinstance(thread.top, ProcessCode) else "fork"
    raised = raised or Raised("")
    about = Facts(profile=ask.profile, exception=raised.name, status=raised.status, method=method)
    (effect,) = ask("end of process", about)
    over = change.pop(replace(thread, raising=None))
    now = change.flush(now, process)
    process = now.process(process.path)
    match effect:
        case Leaves(status):
            yield _with(now, process, change.push(over, ProcessEnd(status)))
        case Exits(status) if method == "spawn":
            yield _with(now, process, change.fail(over, Raised("SystemExit", status or 0)))
        case Exits(status):
            over = change.push(over, ProcessEnd(status or 0))
            over = change.push(over, run.begin(process, run.walk(ask), final=False))
            yield _with(now, process, over)
        case _:
            raise NotPredicted(f"{effect!r} of a process")


def _with(now: Configuration, process: ProcessState, thread: Thread) -> Configuration:
    return change.with_process(now, change.with_thread(process, thread))
