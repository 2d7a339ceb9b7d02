"""Processes of multiprocessing: how they begin, who waits for them, how they end. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Exits, Facts, Leaves, Proceeds
from exitmatrix.judge.laws.libraries import FINALIZERS
from exitmatrix.judge.laws.multiprocess import TRACKED
from exitmatrix.judge.semantics import change, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.signals import disposition, receive
from exitmatrix.judge.semantics.state import (
    AwaitsJoin,
    AwaitsProcess,
    AwaitsTask,
    Body,
    Configuration,
    EndsProcesses,
    Entering,
    Finalization,
    Frame,
    JoinsProcess,
    MainCode,
    Owned,
    Path,
    ProcessCode,
    ProcessEnd,
    ProcessState,
    Raised,
    ServesForks,
    Thread,
)
from exitmatrix.judge.semantics.supervise import rests
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import (
    AwaitJoin,
    AwaitProcess,
    Flush,
    Fork,
    Import,
    JoinProcess,
    Register,
    Shared,
    StartMethod,
    StartProcess,
)

FORK_SERVER = "forkserver"
"""The role of a fork server."""


FRAMES = (
    AwaitsJoin
    | AwaitsProcess
    | EndsProcesses
    | JoinsProcess
    | ProcessCode
    | ProcessEnd
    | ServesForks
)


def start(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    statement: StartProcess,
    flushing: Facts,
    ask: Ask,
) -> Iterator[Configuration]:
    """All that may be once a process was to begin; `flushing`: of its starter's stdout, before."""
    known = change.EXIT_FUNCTION in process.library
    process = run.bring(process, "multiprocessing.util", ask)
    if not known and ask.profile.eval_forgets_interrupt:
        process, thread = _forget_interrupt(process, thread)
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
                yield _with(after, after.process(process.path), thread)
            else:
                yield stopped(flushed, starter, thread, forked, statement, ask)


def _forget_interrupt(process: ProcessState, thread: Thread) -> tuple[ProcessState, Thread]:
    """An interpreter that comes to its end, and does not know any more what has ended its code."""

    def forgets(one: Thread) -> Thread:
        bottom, *above = one.frames
        if isinstance(bottom, Finalization) and bottom.exit.signal == "SIGINT":
            return replace(one, frames=(replace(bottom, exit=Exit(1)), *above))
        return one

    return replace(process, threads=tuple(map(forgets, process.threads))), forgets(thread)


def begin(
    now: Configuration,
    process: ProcessState,
    thread: Thread,
    statement: StartProcess,
    ask: Ask,
) -> Configuration:
    """A process begins, in its own place of the tree. Raises NotPredicted."""
    process = run.bring(process, "multiprocessing.util", ask)
    now = change.flush(now, process)
    process = _knowing(now, now.process(process.path))
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
    child = replace(child, origin=child.path, daemonic=statement.daemon, others=())
    owned = Owned(child.path, statement.daemon, server)
    process = replace(process, owned=(*process.owned, owned))
    now = change.with_process(now, process)
    return replace(now, processes=(*now.processes, child))


def _knowing(now: Configuration, process: ProcessState) -> ProcessState:
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
    thread: Thread,
    statement: StartProcess,
    imports: tuple[Register | Import, ...],
    ask: Ask,
) -> ProcessState:
    """A child that is forked, and does some imports before it calls the function."""
    frames = ProcessCode(statement.method), Body((*imports, *statement.body))
    child = change.fork(process, thread, Body(()))
    # threading's list is not emptied when it is gone through, but a main thread that is over
    # does not go through it again.
    begun = process.finalizing and process.threading != process.listed
    if ask.profile.list_runs_before_end:
        over = process.threading_over and not process.list_left
    else:
        over = process.threading_over or begun
    listed = () if over else process.listed
    child = replace(
        child,
        threads=(Thread(thread.id, frames),),
        role="child",
        late=process.finalizing,
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
        threads=(Thread(0, frames),),
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


def share(process: ProcessState, kind: Shared, ask: Ask) -> ProcessState:
    """With something that others can find. Raises NotPredicted."""
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
    now: Configuration, process: ProcessState, thread: Thread, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow when what is above has come to its end. Raises NotPredicted."""
    match thread.top:
        case JoinsProcess(child):
            if _is_over(now, child):
                yield _with(now, _knowing(now, process), change.pop(thread))
        case AwaitsProcess(child):
            if now.process(child.path).exit is not None or _waits(now, child.path):
                yield _with(now, _knowing(now, process), change.pop(thread))
        case AwaitsJoin():
            if _released(now, process):
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
        case ProcessEnd() as ending:
            yield from _end(now, process, thread, ending, ask)


def _end_processes(
    now: Configuration, process: ProcessState, thread: Thread, ending: EndsProcesses, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow in the exit function: workers, then daemons, then all others."""
    if process.processes_over and not (ending.told or ending.asked):
        yield _with(now, process, change.pop(thread))
    elif not ending.told and any(_has_worker(now, one) for one in process.owned):
        yield _with(now, process, change.swap(thread, EndsProcesses(told=True)))
    elif not ending.asked:
        # Finalizers first: that of a lock removes its name.
        left = tuple(one for one in process.shared if one != "semaphore")
        process = _knowing(now, replace(process, shared=left, processes_over=True))
        moments = [_with(now, process, change.swap(thread, replace(ending, asked=True)))]
        for one in (*process.owned, *process.others):
            if one.daemon and not one.reaped:
                moments = [
                    after for each in moments for after in _terminate(each, one, ask, ending.told)
                ]
        yield from moments
    elif any(not one.reaped for one in process.others):
        if not all(one.reaped for one in process.owned):
            raise NotPredicted("no law says what happens: which process is joined first")
        (effect,) = ask(
            "statement", Facts(profile=ask.profile, statement=JoinProcess(), foreign=True)
        )
        yield stopped(now, process, change.pop(thread), effect, JoinProcess(), ask)
    elif all(_is_over(now, one) for one in process.owned):
        yield _with(now, process, change.pop(thread))


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
    yield from _terminate(now, known[-1], ask)


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
    if any(not one.daemon for one in process.threads if one.id != thread.id):
        raise NotPredicted("no law says what happens: threads of a process of multiprocessing")
    method = thread.top.method if isinstance(thread.top, ProcessCode) else "fork"
    early = ask.profile.process_end == "os._exit"
    thread = change.swap(
        thread, _ending(raised, method, "processes" if early else "threading", ask)
    )
    if early:
        thread = change.push(thread, EndsProcesses())
    yield _with(now, process, replace(thread, raising=None))


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


def _end(
    now: Configuration, process: ProcessState, thread: Thread, ending: ProcessEnd, ask: Ask
) -> Iterator[Configuration]:
    """All that may follow a stage of the end of a process. Raises NotPredicted."""
    match ending.stage:
        case "processes":
            yield _with(now, process, change.swap(thread, replace(ending, stage="threading")))
        case "threading" if process.threading:
            *left, function = process.threading
            process = replace(process, threading=tuple(left))
            yield _with(now, process, change.push(thread, Entering(function)))
        case "threading":
            yield _with(now, process, change.swap(thread, replace(ending, stage="streams")))
        case "streams":
            over = change.swap(thread, replace(ending, stage="handlers"))
            for effect in ask("statement", _flushing(process, ask)):
                if isinstance(effect, Proceeds):
                    after = change.flush(now, process)
                    yield _with(after, after.process(process.path), over)
                else:
                    yield stopped(now, process, thread, effect, Flush(), ask)
        case "handlers" if ending.method == "spawn":
            exits = Raised("SystemExit", ending.status)
            yield _with(now, process, change.fail(change.pop(thread), exits))
        case "handlers" if ending.handlers:
            over = change.swap(thread, replace(ending, stage="over"))
            running = run.begin(process, run.walk(ask), final=False)
            yield _with(now, process, change.push(over, running))
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
    now: Configuration, process: ProcessState, thread: Thread, raised: Raised, ask: Ask
) -> Configuration:
    """What is once something has raised an exception while a process ends. Raises NotPredicted."""
    ending = thread.top
    assert isinstance(ending, ProcessEnd)
    calm = replace(thread, raising=None)
    if ending.stage == "processes":
        return _with(
            now, process, change.swap(calm, _ending(raised, ending.method, "threading", ask))
        )
    if ending.method == "spawn":
        if ending.stage == "threading" and ask.profile.list_runs_before_end:
            process = replace(process, threading=process.listed)  # once more, at the end
        return _with(now, process, change.pop(thread))
    if not ask.profile.start_methods:
        raise NotPredicted("no law says what happens: a process that comes back from its end")
    return _with(now, process, change.swap(calm, replace(ending, status=1, stage="handlers")))


def _waits(now: Configuration, child: Path) -> bool:
    """Whether a process, or one that was forked from it, waits for its starter."""
    return any(
        isinstance(thread.top, AwaitsJoin)
        for one in now.processes
        if one.origin == child
        for thread in one.threads
    )


def _released(now: Configuration, process: ProcessState) -> bool:
    """Whether the starter of a process joins it, or is gone."""
    for starter in now.processes:
        if any(one.path == process.origin for one in starter.owned):
            joins = (one.top for one in starter.threads if isinstance(one.top, JoinsProcess))
            return starter.exit is not None or any(
                one.child.path == process.origin for one in joins
            )
    return True


def _with(now: Configuration, process: ProcessState, thread: Thread) -> Configuration:
    return change.with_process(now, change.with_thread(process, thread))
