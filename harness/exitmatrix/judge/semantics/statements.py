"""What a thread does when it executes a statement, or receives a signal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import POOL, Calls, Facts, Proceeds
from exitmatrix.judge.semantics import (
    change,
    held,
    loops,
    multiprocess,
    pools,
    process_waits,
    run,
    spawn,
    workers,
)
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.outside import spend
from exitmatrix.judge.semantics.signals import disposition, interrupt, receive
from exitmatrix.judge.semantics.state import (
    Body,
    Catching,
    Configuration,
    Entering,
    Finalization,
    Finally,
    Frame,
    Hooked,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import (
    AwaitsTask,
    Resting,
    ServesManager,
    Serving,
    Supervising,
    WaitsForChild,
)
from exitmatrix.model.language import (
    Abort,
    ApplyTask,
    AwaitJoin,
    AwaitProcess,
    AwaitTask,
    Busy,
    Call,
    Catch,
    Clear,
    EndInterpreter,
    Exec,
    Flush,
    Fork,
    HandleInLoop,
    Hook,
    Import,
    Interrupt,
    JoinDaemon,
    JoinProcess,
    LibcExit,
    Nothing,
    OsExit,
    Pause,
    Raise,
    Register,
    Rest,
    RunHandlers,
    RunLoop,
    Say,
    Segfault,
    Serve,
    ServeManager,
    Signal,
    StartChild,
    StartProcess,
    StartThread,
    Statement,
    Submit,
    SubmitTask,
    Supervise,
    SysExit,
    TerminateProcess,
    TryFinally,
    Unregister,
    UsePool,
    Wake,
    Write,
)

LOADERS = LibcExit | Segfault
"""Statements that load a library: `ctypes.CDLL(None)`, dlopen(3)."""


FUTURES = HandleInLoop | RunLoop | SubmitTask | UsePool
"""Statements that import concurrent.futures, whose first import evaluates text (namedtuple)."""

MEASURED_LATE = (
    Abort
    | Call
    | Clear
    | Exec
    | Flush
    | Hook
    | JoinDaemon
    | Nothing
    | OsExit
    | Raise
    | Register
    | Say
    | SysExit
    | TryFinally
    | Unregister
    | Write
)
"""What was measured of functions that are called when globals are released.

Writing was measured where somebody reads.
"""

ASK_FOR_NO_SIGNALS = (Nothing, Register, Unregister, Write, Flush)
"""Statements during which nothing asks whether a signal has come."""


def _clogged(process: ProcessState) -> bool:
    """Whether what is written to stdout cannot be flushed."""
    return not process.reader or process.full or process.stuck


def _forced(statement: Statement) -> str:
    """The signal that a statement makes the kernel send."""
    return "SIGSEGV" if isinstance(statement, Segfault) else "SIGXFSZ"


def facts(ask: Ask, process: ProcessState, thread: ThreadState, statement: Statement) -> Facts:
    """What a law may know about a statement."""
    return Facts(
        profile=ask.profile,
        statement=statement,
        in_main=thread.id == process.main,
        finalizing=process.finalizing,
        list_closed=process.list_closed,
        running=process.runs_handlers,
        reader=process.reader,
        sigpipe=disposition(process, "SIGPIPE"),
        full=process.full,
        stuck=process.stuck,
        disposition=disposition(process, _forced(statement)),
        buffered=bool(process.buffered),
        rootless=change.rootless(process),
        daemonic=process.daemonic,
        foreign=not process.owned and bool(process.others),
        pool_over=process.pools_over or any(line.function == POOL for line in process.lines),
        pooled=process.pooled,
        executors_over=process.executors_over,
        in_loop=loops.is_running(thread),
        loop_is_copy=loops.is_copy(thread),
        in_main_task=loops.is_main_task(thread),
    )


def execute(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    statement: Statement,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow a statement. Raises NotPredicted."""
    if isinstance(statement, OsExit) and process.before_exit:
        first = Entering(process.before_exit)
        thread = change.push(thread, Body((statement,)), first)
        process = replace(process, before_exit="")
        yield change.put(now, process, thread)
        return
    measured = isinstance(statement, MEASURED_LATE) and not (
        isinstance(statement, Flush | Write) and _clogged(process)
    )
    if change.releasing(thread) and not measured:
        raise NotPredicted(
            f"no law says what happens: {type(statement).__name__} while globals are released"
        )
    _knows_signals(process, statement, ask)
    _can_fork(process, thread, statement, ask)
    about = facts(ask, process, thread, statement)
    if process.torn and isinstance(statement, LOADERS):
        for effect in ask("loading", about):
            if not isinstance(effect, Proceeds):
                yield stopped(now, process, thread, effect, statement, ask)
    process, thread = _imported(process, thread, statement, ask)
    for effect in ask("statement", about):
        if isinstance(effect, Proceeds) and isinstance(statement, Busy):
            yield from spend(now, process, thread, statement.milliseconds, ask)
        elif isinstance(effect, Proceeds):
            yield from _proceed(now, process, thread, statement, ask)
        elif isinstance(effect, Calls) and isinstance(statement, JoinDaemon):
            begun = change.push(thread, Entering(statement.function))
            yield change.put(now, process, begun)
        else:
            yield stopped(now, process, thread, effect, statement, ask)


def _imported(
    process: ProcessState, thread: ThreadState, statement: Statement, ask: Ask
) -> tuple[ProcessState, ThreadState]:
    """What is left by the import that a statement begins with. Raises NotPredicted."""
    # A generated program's run_loop evaluates a text each time: declare/prelude_loops.py.
    evaluates = ask.announces and isinstance(statement, RunLoop)
    if isinstance(statement, RunLoop | HandleInLoop) and ask.profile.pools == "both":
        process = workers.bring(process, ask)  # by the import of asyncio
    if isinstance(statement, FUTURES) and (evaluates or not process.futures):
        process = replace(process, futures=True)
        if ask.profile.eval_forgets_interrupt:
            return multiprocess.forget_interrupt(process, thread)
    spawns = isinstance(statement, StartProcess) and statement.method != "fork"
    if (spawns or isinstance(statement, ApplyTask)) and ask.profile.early_exit_function:
        return run.bring(process, "multiprocessing.util", ask), thread
    return process, thread


def _can_fork(process: ProcessState, thread: ThreadState, statement: Statement, ask: Ask) -> None:
    """Raises NotPredicted where it is not known what a child goes on with."""
    forks = isinstance(statement, Fork | StartProcess)
    in_pool = isinstance(statement, ApplyTask | SubmitTask) and statement.method == "fork"
    if process.unread and (forks or in_pool):
        raise NotPredicted("no law says what happens: a fork beside a queue that is not read")
    if process.second and (forks or in_pool):
        raise NotPredicted("no law says what happens: a fork beside a second interpreter")
    others = change.without_thread(process, thread.id)
    if others.prints and (forks or in_pool):
        raise NotPredicted("no law says what happens: a fork beside a thread that prints")
    if not forks:
        return
    if workers.works(thread):
        raise NotPredicted("no law says what happens: a fork in a task of a pool of threads")
    if loops.is_running(thread) and not (
        isinstance(statement, Fork) and loops.can_fork(thread, ask)
    ):
        raise NotPredicted("no law says what happens: a fork while an event loop runs")


def _knows_signals(process: ProcessState, statement: Statement, ask: Ask) -> None:
    """Raises NotPredicted where it is not known what becomes of a signal.

    A fork beside threads may print a warning. What prints it evaluates text, which makes a process
    forget that Ctrl-C has ended its code.
    """
    late = process.unnoticed or process.forgotten
    if late and not isinstance(statement, ASK_FOR_NO_SIGNALS):
        raise NotPredicted("no law says what happens: a signal that may be noticed late")
    if not (isinstance(statement, Fork) and ask.profile.eval_forgets_interrupt):
        return
    main = process.thread(process.main)
    frames = main.frames if main and len(process.threads) > 1 else ()
    for one in frames:
        if (isinstance(one, Hooked) and one.raised.name == "KeyboardInterrupt") or (
            isinstance(one, Finalization) and one.exit.signal == "SIGINT"
        ):
            raise NotPredicted("no law says what happens: a fork beside threads after Ctrl-C")


def _proceed(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    statement: Statement,
    ask: Ask,
) -> Iterator[Configuration]:
    match statement:
        case Signal() | Abort() | Interrupt():
            yield from _signal(now, process, thread, statement, ask)
            return
        case Fork(body) | StartChild(body):
            child = (
                change.fork(process, thread, Body(body))
                if isinstance(statement, Fork)
                else spawn.start_child(process, body, ask)
            )
            now, process, thread = _parent(now, process, thread, child)
        case Pause() | RunLoop() | Wake():
            process, thread = loops.execute(process, thread, statement, ask)
        case StartThread() | Submit() | UsePool():
            process, thread = _threads(process, thread, statement, ask)
        case Call() | Catch() | TryFinally() | RunHandlers():
            thread = change.push(thread, *_within(process, statement, ask))
        case Flush():
            now = change.flush(now, process)
            process = now.process(process.path)
        case Rest() if thread.id != process.main:
            thread = replace(thread, done=True)
        case AwaitProcess() | JoinProcess() | AwaitJoin():
            thread = change.push(thread, process_waits.waiting(process, statement))
        case Rest() | Serve() | ServeManager() | Supervise() | AwaitTask():
            thread = change.push(thread, _waiting(process, statement))
        case Import(library):
            process = run.bring(process, library, ask)
        case EndInterpreter() | StartProcess() | TerminateProcess() | SubmitTask() | ApplyTask():
            yield from _elsewhere(now, process, thread, statement, ask)
            return
        case _:
            process = held.after(process, statement, ask)
    yield change.put(now, process, thread)


def _threads(
    process: ProcessState, thread: ThreadState, statement: StartThread | Submit | UsePool, ask: Ask
) -> tuple[ProcessState, ThreadState]:
    """Another thread begins, and its starter waits for it as it is to. Raises NotPredicted."""
    if isinstance(statement, UsePool):
        return workers.use(process, thread, statement, ask)
    return spawn.start_thread(process, thread, statement)


def _within(
    process: ProcessState, statement: Call | Catch | TryFinally | RunHandlers, ask: Ask
) -> tuple[Frame, ...]:
    """What a thread then is in the middle of. Raises NotPredicted."""
    match statement:
        case Call(function):
            return (Entering(function),)
        case TryFinally(body, function):
            return Finally(function), Body(body)
        case Catch(body, exits):
            return Catching(exits), Body(body)
    return (run.begin(process, run.walk(ask), final=False),)


def _signal(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    statement: Signal | Abort | Interrupt,
    ask: Ask,
) -> Iterator[Configuration]:
    if isinstance(statement, Interrupt):
        yield interrupt(now, process, thread, ask)
    else:
        signal = statement.signal if isinstance(statement, Signal) else "SIGABRT"
        yield from receive(now, process, thread, signal, ask)


def _elsewhere(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    statement: EndInterpreter | StartProcess | TerminateProcess | SubmitTask | ApplyTask,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow a statement that acts on another interpreter or process."""
    match statement:
        case EndInterpreter():
            yield from spawn.end_second(now, process, thread, ask, left_over=False)
        case SubmitTask() | ApplyTask():
            yield pools.submit(now, process, thread, statement, ask)
        case StartProcess():
            flushing = facts(ask, process, thread, Flush())
            yield from multiprocess.start(now, process, thread, statement, flushing, ask)
        case TerminateProcess():
            now = change.put(now, process, thread)
            yield from process_waits.terminate(now, process, ask)


def _parent(
    now: Configuration, process: ProcessState, thread: ThreadState, child: ProcessState
) -> tuple[Configuration, ProcessState, ThreadState]:
    """The parent of a new child, waiting for its end."""
    now = replace(now, processes=(*now.processes, child))
    thread = change.push(thread, WaitsForChild(child.path))
    return now, replace(process, forked=process.forked + 1), thread


def _waiting(
    process: ProcessState, statement: Rest | Serve | ServeManager | Supervise | AwaitTask
) -> Frame:
    match statement:
        case ServeManager():
            return ServesManager()
        case AwaitTask():
            return AwaitsTask()
        case Rest():
            return Resting(statement.awaits)
        case Serve():
            return Serving()
    return Supervising((*process.path, 0), statement.how)
