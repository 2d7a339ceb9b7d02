"""Promises of a clean end at work: finally clauses, finalizers of weakref, hooks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Calls, Facts, PassesOn, Swallows, Writes
from exitmatrix.judge.semantics import change
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import (
    Catching,
    Configuration,
    Entering,
    FinalizerRun,
    Finally,
    Hooked,
    MainCode,
    ProcessState,
    ThreadCode,
    ThreadState,
    Unwinding,
)
from exitmatrix.judge.semantics.waits import Raised


def hook(
    process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask, *, again: bool = False
) -> str:
    """The function that is to be told of an exception before it ends a thread; "" for none.

    Raises NotPredicted.
    """
    name = "threading.excepthook" if isinstance(thread.top, ThreadCode) else "sys.excepthook"
    function = dict(process.hooks).get(name, "")
    if not function:
        return ""
    about = Facts(profile=ask.profile, exception=raised.name, hook=name, again=again)
    (effect,) = ask("hook", about)
    return function if isinstance(effect, Calls) else ""


def begin_hook(thread: ThreadState, function: str, raised: Raised) -> ThreadState:
    """The thread, in which the hook begins."""
    if isinstance(thread.top, MainCode):
        thread = change.swap(thread, MainCode(raised.name))
    calm = change.push(replace(thread, raising=None), Hooked(raised))
    return change.push(calm, Entering(function))


def go_on(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow when the frame above has ended. Raises NotPredicted."""
    match thread.top:
        case Finally(function):
            yield change.put(now, process, _clean_up(thread, function, None, ask))
        case Catching():
            yield change.put(now, process, change.pop(thread))
        case Unwinding(raised):
            yield change.put(now, process, replace(change.pop(thread), raising=raised))
        case FinalizerRun():
            yield from _next_finalizer(now, process, thread)


def unwind(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Iterator[Configuration]:
    """What may follow when an exception comes from the frame above. Raises NotPredicted."""
    match thread.top:
        case Finally(function):
            yield change.put(now, process, _clean_up(thread, function, raised, ask))
        case Catching(exits):
            (effect,) = ask("except", Facts(profile=ask.profile, exception=raised.name))
            if not isinstance(effect, Swallows):
                raise NotPredicted(f"{effect!r} of a try statement")
            caught = dict(exits)
            status = caught.get(raised.name, caught.get(""))
            if status is not None:
                raised = Raised("SystemExit", status)
            yield change.put(now, process, replace(change.pop(thread), raising=raised))
        case Unwinding():
            yield change.put(now, process, change.pop(thread))
        case FinalizerRun():
            yield from _finalizer_raised(now, process, thread, raised, ask)
        case Hooked(known):
            yield change.put(now, process, _hook_raised(process, thread, known, raised, ask))


def _hook_raised(
    process: ProcessState, thread: ThreadState, known: Raised, raised: Raised, ask: Ask
) -> ThreadState:
    """The thread, which goes on with what the hook raised, or with what it was told of."""
    main = isinstance(thread.frames[-2], MainCode)
    hook = "sys.excepthook" if main else "threading.excepthook"
    about = Facts(
        profile=ask.profile,
        exception=raised.name,
        reported=known.name,
        hook=hook,
        buffered=bool(process.buffered),
    )
    (effect,) = ask("hook exception", about)
    return change.pop(thread) if isinstance(effect, PassesOn) else replace(thread, raising=None)


def _clean_up(thread: ThreadState, function: str, raised: Raised | None, ask: Ask) -> ThreadState:
    """The thread, whose try statement is left: its finally clause begins. Raises NotPredicted."""
    about = Facts(profile=ask.profile, exception=raised.name if raised else "")
    (effect,) = ask("finally", about)
    if not isinstance(effect, Calls):
        raise NotPredicted(f"{effect!r} of a finally clause")
    calm = change.swap(replace(thread, raising=None), Unwinding(raised))
    return change.push(calm, Entering(function))


def _next_finalizer(
    now: Configuration, process: ProcessState, thread: ThreadState
) -> Iterator[Configuration]:
    """The newest finalizer that is left begins, or the run of them is over."""
    if process.finalizers_over or not process.finalizers:
        over = replace(process, finalizers=(), finalizers_over=True)
        yield change.put(now, over, change.pop(thread))
        return
    *left, function = process.finalizers
    begun = change.push(thread, Entering(function))
    yield change.put(now, replace(process, finalizers=tuple(left)), begun)


def _finalizer_raised(
    now: Configuration, process: ProcessState, thread: ThreadState, raised: Raised, ask: Ask
) -> Iterator[Configuration]:
    """What may follow an exception of a finalizer. Raises NotPredicted."""
    if raised.name == "Exception" and "sys.excepthook" in dict(process.hooks):
        raise NotPredicted("no law says what happens: a hook that is told of a finalizer")
    about = Facts(
        profile=ask.profile,
        exception=raised.caught_as,
        reader=process.reader,
        full=process.full,
        stuck=process.stuck,
        buffered=bool(process.buffered),
    )
    for effect in ask("finalizer exception", about):
        if isinstance(effect, Writes):
            now = change.flush(now, process)
            process = now.process(process.path)
        if isinstance(effect, PassesOn):
            over = replace(process, finalizers=(), finalizers_over=True)
            yield change.put(now, over, change.pop(thread))
        else:
            yield change.put(now, process, replace(thread, raising=None))
