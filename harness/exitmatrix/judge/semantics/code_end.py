"""How the code of a thread comes to its end, and the last run of the handlers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import (
    Blocks,
    Dies,
    Facts,
    Finalizes,
    Leaves,
    Prints,
    Raises,
)
from exitmatrix.judge.semantics import change, finalize, pools, process_end, promises, run, workers
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import end_of_thread, stopped
from exitmatrix.judge.semantics.signals import disposition
from exitmatrix.judge.semantics.state import (
    AtexitRun,
    Configuration,
    Entering,
    Finalization,
    Hooked,
    MainCode,
    ProcessState,
    ThreadCode,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import (
    AwaitsResult,
    ProcessCode,
    ProcessEnd,
    Raised,
    Resting,
    TaskCode,
)
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import Nothing

CODE = AwaitsResult | MainCode | ProcessCode | ProcessEnd | TaskCode | ThreadCode | workers.FRAMES
"""Below code, where what an exception does depends on whose code it is."""


def leave(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Iterator[Configuration]:
    """An exception leaves the code of a thread, of which a hook may have to be told first."""
    if isinstance(thread.top, TaskCode | AwaitsResult):
        yield from pools.leave(now, process, thread, raised, ask)
    elif isinstance(thread.top, workers.FRAMES):
        yield workers.unwind(now, process, thread, raised, ask)
    elif isinstance(thread.top, ProcessCode):
        yield from process_end.leave(now, process, thread, raised, ask)
    elif isinstance(thread.top, ProcessEnd):
        yield process_end.unwind(now, process, thread, raised, ask)
    elif function := promises.hook(process, thread, raised, ask):
        calm = replace(thread, raising=None)
        now, waits = finalize.flush_before_hook(now, process, calm, raised, ask)
        process = now.process(process.path)
        yield (
            now
            if waits
            else change.put(now, process, promises.begin_hook(thread, function, raised))
        )
    elif isinstance(thread.top, ThreadCode):
        ask("thread exception", Facts(profile=ask.profile, exception=raised.name))
        yield from end_of_thread(now, process, replace(thread, raising=None), False, ask)
    else:
        yield from _end_of_main(now, process, thread, raised, ask)


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """The code of a thread is done, or a hook that was told of what it raised."""
    raised, below = None, thread
    if isinstance(thread.top, Hooked):
        raised, below = thread.top.raised, change.pop(thread)
        if thread.top.forgotten:
            raised = replace(raised, name="Exception")
    if isinstance(below.top, MainCode):
        yield from _end_of_main(now, process, below, raised, ask)
    elif isinstance(below.top, ThreadCode):
        sleeps = below.top.sleeps
        if raised:
            ask("thread exception", Facts(profile=ask.profile, exception=raised.name))
        yield from end_of_thread(now, process, below, sleeps and not raised, ask)


def next_handler(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """The next handler begins, or the run of them is over. Raises NotPredicted."""
    assert isinstance(thread.top, AtexitRun)
    process, running, name = run.take(process, thread.top)
    if name:
        yield change.put(now, process, change.push(change.swap(thread, running), Entering(name)))
        return
    thread = change.pop(thread)
    last = running.last or Raised("")
    about = Facts(profile=ask.profile, exception=last.name, status=last.status)
    if running.final:
        if running.last:
            process = printed(process, running.last, ask, again=True)
        yield from _after_handlers(now, process, thread, running.last, ask)
        return
    for effect in ask("run over", about):
        if isinstance(effect, Raises):
            yield change.put(now, process, change.fail(thread, last))
        else:
            yield change.put(now, process, thread)


def _after_handlers(
    now: Configuration, process: ProcessState, main: ThreadState, last: Raised | None, ask: Ask
) -> Iterator[Configuration]:
    """The last run of the handlers is over; a hook may have to be told of what one raised."""
    function = promises.hook(process, main, last, ask, again=True) if last else ""
    raised = last or Raised("")
    about = Facts(profile=ask.profile, exception=raised.name, status=raised.status)
    for moment in finalize.handlers_over(now, process, main, about, ask):
        after = moment.process(process.path)
        thread = after.thread(main.id)
        if function and thread:
            yield change.put(moment, after, change.push(thread, Entering(function)))
        else:
            yield moment


def _end_of_main(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    raised: Raised | None,
    ask: Ask,
) -> Iterator[Configuration]:
    name, status = (raised.name, raised.status) if raised else ("", 0)
    if raised:
        process = printed(process, raised, ask)
    about = Facts(
        profile=ask.profile,
        exception=name,
        status=status,
        start=ask.code.start,
        stuck=process.stuck,
        reader=process.reader,
        sigpipe=disposition(process, "SIGPIPE"),
        buffered=bool(process.buffered),
    )
    for effect in ask("main exception", about):
        match effect:
            case Blocks():
                waits = change.push(replace(thread, raising=None), Resting())
                yield change.put(now, process, waits)
            case Finalizes(code, signal):
                process = replace(process, finalized=True)
                reported = thread.top.reported if isinstance(thread.top, MainCode) else ""
                ending = Finalization("code ended", Exit(code, signal), name, reported)
                yield change.put(now, process, change.swap(replace(thread, raising=None), ending))
            case Dies() | Leaves():
                now = change.with_process(now, process)
                yield stopped(now, process, thread, effect, Nothing(), ask)
            case _:
                raise NotPredicted(f"{effect!r} is no end")


def printed(
    process: ProcessState, raised: Raised, ask: Ask, *, handler: str = "", again: bool = False
) -> ProcessState:
    """The process, once an exception was written to stderr."""
    if not ask.code.printed:
        return process
    about = Facts(
        profile=ask.profile,
        exception=raised.name,
        text=raised.text or raised.name,
        handler=handler,
        hooked=process.hooked,
        again=again,
    )
    (effect,) = ask("stderr", about)
    if not isinstance(effect, Prints):
        raise NotPredicted(f"{effect!r} of stderr")
    before = () if effect.alone else process.printed
    return replace(process, printed=(*before, *effect.lines))
