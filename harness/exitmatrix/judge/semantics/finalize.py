"""How an interpreter comes to its end, stage by stage. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Blocks, Calls, Dies, Exits, Facts, Leaves, Waits, Writes
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics import change, process_waits, run, signals, spawn, workers
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import (
    Configuration,
    Entering,
    Finalization,
    FinalizationStage,
    MainCode,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import AwaitsTask, Raised, Resting
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import JoinDaemon, RunLoop

CALLED = "(called)"
"""What sys.exitfunc is once it has been called: nothing, unless it is set again."""


def step(
    now: Configuration, process: ProcessState, main: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow a stage, once it can be over. Raises NotPredicted."""
    ending = main.top
    assert isinstance(ending, Finalization)
    about = Facts(
        profile=ask.profile,
        exception=ending.raised,
        reported=ending.reported,
        start=ask.code.start,
        reader=process.reader,
        sigpipe=signals.disposition(process, "SIGPIPE"),
        full=process.full,
        stuck=process.stuck,
        buffered=bool(process.buffered),
    )
    match ending.stage:
        case "code ended":
            (effect,) = ask("code ended", about)
            if isinstance(effect, Blocks):
                yield _blocked(now, process, main)
                return
            if isinstance(effect, Writes) and effect.written:
                now = _flush(now, process, ask.profile)
                waited = any(one.waited for one in process.pending)
                if process.buffered and (waited or process.forgotten):
                    yield from _asked(now, process, main, ask)
                    return
            yield _at(now, process, main, ending, "threading")
        case "threading" if process.threading:
            yield _of_threading(now, process, main)
        case "threading":
            yield _at(now, process, main, ending, "threads")
        case "threads":
            yield from _threads(now, process, main, ending, about, ask)
        case "handlers":
            yield _handlers(now, process, main, ending, ask)
        case "globals":
            yield from _globals(now, process, main, ending, about, ask)
        case "streams" if process.second:
            yield from spawn.end_second(now, process, main, ask, left_over=True)
        case "streams":
            yield from _streams(now, process, ending, about, ask)


def flush_before_hook(
    now: Configuration, process: ProcessState, main: ThreadState, raised: Raised, ask: Ask
) -> tuple[Configuration, bool]:
    """After the flush that may come before a hook is told, and whether that waits for a reader.

    Raises NotPredicted.
    """
    if not isinstance(main.top, MainCode):
        return now, False
    about = Facts(
        profile=ask.profile,
        exception=raised.name,
        hook="sys.excepthook",
        start=ask.code.start,
        reader=process.reader,
        sigpipe=signals.disposition(process, "SIGPIPE"),
        full=process.full,
        buffered=bool(process.buffered),
    )
    (effect,) = ask("code ended", about)
    if isinstance(effect, Blocks):
        return _blocked(now, process, main), True
    if isinstance(effect, Writes) and effect.written:
        now = _flush(now, process, ask.profile)
    return now, False


def _asked(
    now: Configuration, process: ProcessState, main: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow once a flush has asked for signals."""
    process = now.process(process.path)
    waiting = (*process.pending, *process.forgotten)
    process = replace(process, pending=waiting, forgotten=())
    yield from signals.notice(now, process, main, ask)[0]


def _globals(
    now: Configuration,
    process: ProcessState,
    main: ThreadState,
    ending: Finalization,
    about: Facts,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow when the handlers have run, until all globals have been released."""
    open_pool = any(process_waits.is_in(now, one, AwaitsTask) for one in process.owned)
    if open_pool and ask.profile.pool_notices and ask.profile.releases_globals:
        # A global that holds the Pool has it terminated, and may wait for threads that are no more:
        # docs: library/multiprocessing, multiprocessing.pool.Pool; bpo-34172, bpo-38501. Up to 3.7
        # its own threads hold it; PyPy releases no globals.
        raise NotPredicted("no law says what happens: an open Pool when globals are released")
    if process.second and ask.profile.second_interpreter == "runs first":
        yield from spawn.end_second(now, process, main, ask, left_over=True)
    elif process.kept:
        again = change.EXIT_FUNCTION in process.library  # and so multiprocessing
        held = ("main module" if again else "frame") if ending.frame else ""
        yield from _release(now, process, main, replace(about, held=held), ask)
    else:
        yield _at(now, process, main, ending, "streams")


def _of_threading(now: Configuration, process: ProcessState, main: ThreadState) -> Configuration:
    """The newest function of threading's own list begins."""
    *left, function = process.threading
    begun = change.push(main, Entering(function))
    process = replace(process, threading=tuple(left))
    return change.put(now, process, begun)


def _handlers(
    now: Configuration, process: ProcessState, main: ThreadState, ending: Finalization, ask: Ask
) -> Configuration:
    """The last run of the handlers begins, if there was none. Raises NotPredicted."""
    now = _at(now, process, main, ending, "globals")
    process = now.process(process.path)
    if process.exitfunc == CALLED:
        return now
    if process.exitfunc and ask.profile.exitfunc:
        running = run.begin_exitfunc(process.exitfunc)
    else:
        running = run.begin(process, run.walk(ask), final=True)
    process = replace(process, exitfunc=CALLED)
    main = change.push(_main(process), running)
    return change.put(now, process, main)


def _streams(
    now: Configuration, process: ProcessState, ending: Finalization, about: Facts, ask: Ask
) -> Iterator[Configuration]:
    """The process is gone, with what it had buffered. Raises NotPredicted."""
    (effect,) = ask("streams", about)
    if isinstance(effect, Blocks):
        yield _blocked(now, process, _main(process))
        return
    if isinstance(effect, Dies):
        yield change.end(now, process, Exit(signal=effect.signal), flushed=effect.flushed)
        return
    written = isinstance(effect, Writes) and effect.written
    how = ending.exit
    for late in ask("late traceback", about) if process.prints else ():
        if isinstance(late, Dies):  # stdout is flushed before stderr
            yield change.end(now, process, Exit(signal=late.signal), flushed=written)
    if written and process.buffered and process.daemonic:
        # The signal of its starter may still come, as releasing modules takes a while.
        yield change.flush(now, process)
        return
    if isinstance(effect, Writes) and effect.failed and not how.signal:
        how = Exit(effect.failed)
    yield change.end(now, process, how, flushed=written)


def _blocked(now: Configuration, process: ProcessState, main: ThreadState) -> Configuration:
    """The main thread waits for somebody who reads."""
    return change.put(now, process, change.push(main, Resting()))


def _release(
    now: Configuration, process: ProcessState, main: ThreadState, about: Facts, ask: Ask
) -> Iterator[Configuration]:
    """A global is released; in which order several are, no law says. Raises NotPredicted."""
    if process.prints:
        raise NotPredicted("no law says what happens: globals beside a thread that prints")
    if process.imported:
        raise NotPredicted("no law says what happens: the globals of a file that was imported")
    if process.pooled and (process.abandoned or any(map(workers.works, process.threads))):
        raise NotPredicted("no law says what happens: globals beside a pool of threads")
    if any(isinstance(one, RunLoop) for one in ask.code.body):
        raise NotPredicted("no law says what happens: globals of a program with an event loop")
    for function in dict.fromkeys(process.kept):  # the order is that of no law
        held = about.held or _held(process, function, ask)
        (effect,) = ask("globals", replace(about, held=held))
        others = list(process.kept)
        others.remove(function)
        after = replace(process, kept=tuple(others))
        begun = change.push(main, Entering(function)) if isinstance(effect, Calls) else main
        yield change.put(now, after, begun)


def _held(process: ProcessState, function: str, ask: Ask) -> str:
    """What holds on to a function of the program, and so to its globals.

    A daemon that is asked to end, and joined, is that of a library: its code is not the program's.
    """
    asked = any(isinstance(one, JoinDaemon) for one in ask.code.function(function))
    others = process.abandoned or any(one.daemon for one in process.threads)
    if others and not asked:
        return "thread"
    return "module" if process.held or process.finalizers else ""


def _flush(now: Configuration, process: ProcessState, profile: Profile) -> Configuration:
    """A flush whose failure nobody sees."""
    if not process.reader and profile.keeps_unwritten:
        return now
    return change.flush(now, process)


def _threads(
    now: Configuration,
    process: ProcessState,
    main: ThreadState,
    ending: Finalization,
    about: Facts,
    ask: Ask,
) -> Iterator[Configuration]:
    waited = False
    for other in process.threads:
        if other.id == main.id:
            continue
        effects = ask("thread", replace(about, daemon=other.daemon))
        waited = waited or all(isinstance(effect, Waits) and effect.waits for effect in effects)
    if not waited:
        yield _at(now, process, main, ending, "handlers")


def handlers_over(
    now: Configuration, process: ProcessState, main: ThreadState, about: Facts, ask: Ask
) -> Iterator[Configuration]:
    """What may follow the last run of the handlers. Raises NotPredicted."""
    ending = main.top
    if not isinstance(ending, Finalization):
        raise NotPredicted("a last run of the handlers that is not the end")
    for effect in ask("end of handlers", about):
        match effect:
            case Exits(None):
                yield change.put(now, process, main)
            case Exits(status):
                # SystemExit begins the end anew: CPython 2.7 Python/pythonrun.c, Py_Exit.
                other = Finalization("code ended", Exit(status or 0), "SystemExit")
                main = change.swap(main, other)
                yield change.put(now, process, main)
            case Leaves(status, flushed):
                now = change.with_process(now, process)  # with what it has printed
                yield change.end(now, process, Exit(status), flushed=flushed)
            case _:
                raise NotPredicted(f"{effect!r} of handlers")


def _at(
    now: Configuration,
    process: ProcessState,
    main: ThreadState,
    ending: Finalization,
    stage: FinalizationStage,
) -> Configuration:
    current = now.process(process.path)
    moved = change.swap(main, replace(ending, stage=stage))
    return change.put(now, current, moved)


def _main(process: ProcessState) -> ThreadState:
    main = process.thread(process.main)
    assert main is not None
    return main
