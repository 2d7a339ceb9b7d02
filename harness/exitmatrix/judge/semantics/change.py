"""How one moment becomes another: small functions from state to state. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from exitmatrix.declare.silent import SILENT
from exitmatrix.judge.laws.law import POOL, PROCESS_POOL
from exitmatrix.judge.laws.libraries import FINALIZERS
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    Entering,
    Finalization,
    FinalizerRun,
    Frame,
    FunctionRun,
    ProcessState,
    ThreadCode,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import (
    EndsProcesses,
    JoinsPools,
    JoinsProcessPools,
    Looping,
    Raised,
)
from exitmatrix.model.execution import Exit, Line, Moment
from exitmatrix.model.language import Code

EXIT_FUNCTION = "multiprocessing.util._exit_function"
"""The handler that multiprocessing registers, once in a process."""

POOLS = "-pools"
"""The exit function of pools of threads, in threading's own list."""

PROCESS_POOLS = "-process pools"
"""The same of pools of processes."""

AT_WORK: Mapping[str, Frame] = {
    FINALIZERS: FinalizerRun(),
    PROCESS_POOL: JoinsProcessPools(),
    PROCESS_POOLS: JoinsProcessPools(),
    EXIT_FUNCTION: EndsProcesses(),
    POOL: JoinsPools(),
    POOLS: JoinsPools(),
}
"""What handlers of libraries do that do anything."""

BEFORE = "(before)"
"""Stands for a handler that was registered before the program's first line, and says nothing."""


def with_process(now: Configuration, process: ProcessState) -> Configuration:
    """The moment, with one process changed."""
    processes = now.processes
    if len(processes) == 1:
        return replace(now, processes=(process,))
    if len(processes) == 2:  # most programs have one or two
        first, second = processes
        both = (process, second) if first.path == process.path else (first, process)
        return replace(now, processes=both)
    return replace(
        now,
        processes=tuple(process if one.path == process.path else one for one in processes),
    )


def with_thread(process: ProcessState, thread: ThreadState) -> ProcessState:
    """The process, with one thread changed."""
    if len(process.threads) == 1:
        return replace(process, threads=(thread,))
    return replace(
        process,
        threads=tuple(thread if one.id == thread.id else one for one in process.threads),
    )


def put(now: Configuration, process: ProcessState, thread: ThreadState) -> Configuration:
    """The moment, with one process and one of its threads changed."""
    return with_process(now, with_thread(process, thread))


def without_thread(process: ProcessState, id: int) -> ProcessState:
    """The process, with a thread ended."""
    return replace(process, threads=tuple(one for one in process.threads if one.id != id))


def push(thread: ThreadState, *frames: Frame) -> ThreadState:
    """Push frames: the thread begins something."""
    return replace(thread, frames=(*thread.frames, *frames))


def pop(thread: ThreadState) -> ThreadState:
    """Pop a frame: the thread is done with what it was doing last."""
    return replace(thread, frames=thread.frames[:-1])


def swap(thread: ThreadState, frame: Frame) -> ThreadState:
    """Replace the top frame: what the thread is doing has come further."""
    return replace(thread, frames=(*thread.frames[:-1], frame))


def fail(thread: ThreadState, raised: Raised) -> ThreadState:
    """An exception is raised in the thread."""
    return replace(thread, raising=raised)


def say(process: ProcessState, function: str, moment: Moment) -> ProcessState:
    """A function says something of itself."""
    if not _tells(function):
        return process
    return replace(process, lines=(*process.lines, Line(function, moment)))


def _tells(function: str) -> bool:
    return function != BEFORE and not function.startswith(SILENT)


def enter(
    process: ProcessState, thread: ThreadState, code: Code
) -> tuple[ProcessState, ThreadState]:
    """The function that is being called begins."""
    assert isinstance(thread.top, Entering)
    label = thread.top.function
    does = AT_WORK.get(label) or Body(code.function(function_of(label)))
    begun = push(pop(thread), FunctionRun(label))
    if does != Body(()):
        begun = push(begun, does)
    return say(process, label, "began"), begun


def function_of(label: str) -> str:
    """`cleanup` for `cleanup('first')`; a silent function's name begins with a hyphen."""
    return label.partition("(")[0]


def flush(now: Configuration, process: ProcessState) -> Configuration:
    """What a process has buffered comes out, if anybody reads it."""
    if process.reader:
        now = replace(now, stdout=(*now.stdout, *process.buffered))
    return with_process(now, replace(process, buffered=()))


def end(now: Configuration, process: ProcessState, how: Exit, *, flushed: bool) -> Configuration:
    """A process is gone."""
    if flushed:
        now = flush(now, process)
    last = remains(now.process(process.path))
    return with_process(now, replace(last, exit=how, streams_flushed=flushed and not how.signal))


def remains(process: ProcessState) -> ProcessState:
    """What is there of a process when it is gone: what it has done, not what it would have."""
    return replace(
        process,
        threads=(),
        daemons=any(one.daemon for one in process.threads),
        buffered=(),
        handlers=(),
        threading=(),
        listed=(),
        processes_over=False,
    )


def fork(process: ProcessState, thread: ThreadState, child: Body) -> ProcessState:
    """What the kernel and Python make of a fork: a copy, of whose threads one is left."""
    return replace(
        process,
        path=(*process.path, process.forked),
        threads=(replace(push(_copied(thread), child), daemon=False, after_main=False),),
        main=thread.id,
        off_main=process.off_main or thread.id != process.main,
        forked=0,
        pending=(),
        doomed="",
        late=process.finalizing,
        abandoned=process.abandoned or len(process.threads) > 1,
        lines=(),
        marked=False,
        role="child",
        loading=False,
        torn=process.torn or process.loading,
        owned=(),
        others=(*process.others, *process.owned),
        left_open=(),
        shared=(),
        inherited=running(process),
    )


def _copied(thread: ThreadState) -> ThreadState:
    """The thread in a child: an event loop does not take it for the one in which it runs."""
    frames = (replace(one, copy=True) if isinstance(one, Looping) else one for one in thread.frames)
    return replace(thread, frames=tuple(frames))


def running(process: ProcessState) -> tuple[str, ...]:
    """The functions that have begun in a process and not ended, whichever thread is in them."""
    left = list(process.inherited)
    for line in process.lines:
        if line.moment == "began":
            left.append(line.function)
        else:
            del left[len(left) - 1 - left[::-1].index(line.function)]
    return tuple(left)


def releasing(thread: ThreadState) -> bool:
    """Whether a thread does what is done when globals are released, behind all handlers."""
    match thread.frames:
        case (Finalization("globals"), Entering() | FunctionRun(), *_):
            return True
    return False


def rootless(process: ProcessState) -> bool:
    """Whether its main thread is one that was no main thread before a fork."""
    main = process.thread(process.main)
    return main is not None and isinstance(main.frames[0], ThreadCode)


def dispose(process: ProcessState, signal: str, how: str = "") -> ProcessState:
    """The process, whose code has said what a signal does; without a word: what it did at first."""
    others = tuple(one for one in process.signals if one[0] != signal)
    passed_on = tuple(one for one in process.passed_on if one != signal)
    signals = tuple(sorted((*others, (signal, how)))) if how else others
    return replace(process, signals=signals, passed_on=passed_on)
