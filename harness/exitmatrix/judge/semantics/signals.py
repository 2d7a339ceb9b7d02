"""How a process receives a signal, and when its main thread notices. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Calls, Facts, Later, Proceeds, Raises, Unnoticed
from exitmatrix.judge.semantics import change, loops, run
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.state import (
    AtexitRun,
    BelowHandler,
    Configuration,
    Entering,
    Pending,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.waits import AwaitsJoin, Lingering, Raised, Resting, WaitsForChild
from exitmatrix.model.language import Signal

AT_START = {"SIGINT": "interrupt", "SIGPIPE": "ignored", "SIGXFSZ": "ignored"}
"""Dispositions that Python sets when it starts; others are the default."""


def disposition(process: ProcessState, signal: str) -> str:
    """What the process does with a signal now."""
    if signal in ("SIGKILL", "SIGSTOP"):
        return "default"  # whatever was set: signal(2)
    return dict(process.signals).get(signal) or AT_START.get(signal, "default")


def receive(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    signal: str,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow once the process of a thread got a signal from it."""
    how = disposition(process, signal)
    in_main = thread.id == process.main
    about = Facts(
        profile=ask.profile,
        signal=signal,
        disposition=how,
        in_main=in_main,
        passed_on=signal in process.passed_on,
    )
    for effect in ask("signal", about):
        if isinstance(effect, Calls | Raises):
            pending = Pending(signal, own=thread.id == process.main)
            if signal not in (one.signal for one in process.pending):
                process = replace(process, pending=(*process.pending, pending))
            yield change.put(now, process, thread)
        elif isinstance(effect, Later):
            doomed = replace(process, doomed=process.doomed or signal)
            yield change.put(now, doomed, thread)
        elif isinstance(effect, Proceeds):
            yield change.put(now, process, thread)
        else:
            yield stopped(now, process, thread, effect, Signal(signal), ask)


def interrupt(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Configuration:
    """The moment after a thread has called for what SIGINT would do."""
    how = disposition(process, "SIGINT")
    about = Facts(profile=ask.profile, disposition=how, rootless=process.off_main)
    (effect,) = ask("interrupt", about)
    if isinstance(effect, Unnoticed):
        process = replace(process, unnoticed=True)
    elif not isinstance(effect, Proceeds):
        # It is noted under the interpreter's lock, which the main thread takes only afterwards.
        pending = Pending("SIGINT", own=True, simulated=True)
        process = replace(process, pending=(*process.pending, pending))
    return change.put(now, process, thread)


def notice(
    now: Configuration,
    process: ProcessState,
    main: ThreadState,
    ask: Ask,
) -> tuple[list[Configuration], bool]:
    """What may follow once the main thread looks for signals, and whether it may go on without."""
    pending, *left = process.pending
    outer = next((one for one in reversed(main.frames) if isinstance(one, BelowHandler)), None)
    if outer:
        about = Facts(
            profile=ask.profile, signal=pending.signal, nested=True, in_call=outer.in_call
        )
        if ask("noticing", about) == (Later(),):
            return [], True
    later = False
    if not pending.own:
        effects = ask("noticing", Facts(profile=ask.profile, signal=pending.signal))
        later = any(isinstance(effect, Later) for effect in effects)
    how = disposition(process, pending.signal)
    process = replace(process, pending=tuple(left))
    in_call = isinstance(main.top, AwaitsJoin | Resting | Lingering | WaitsForChild)
    main = loops.call_back(process, main, pending.signal)
    if how.startswith(":"):
        main = change.push(main, BelowHandler(in_call), Entering(how[1:]))
    elif how == "runner":
        main = loops.cancel(main)
    elif how == "loop":
        pass  # a function that does nothing, and what the loop calls
    elif how == "interrupt" and isinstance(main.top, AtexitRun):
        # Where atexit is Python code, it is that code which is interrupted: no handler follows.
        last = Raised("KeyboardInterrupt", text="KeyboardInterrupt")
        main = change.swap(main, run.interrupted(main.top, last))
    elif how == "interrupt":
        main = change.fail(main, Raised("KeyboardInterrupt", text="KeyboardInterrupt"))
    elif pending.simulated:
        (effect,) = ask("interrupt", Facts(profile=ask.profile, disposition=how))
        if not isinstance(effect, Raises):
            raise NotPredicted(f"{effect!r} of a simulated signal")
        main = change.fail(main, Raised(effect.name))
    else:
        raise NotPredicted(f"no law says what happens: {pending.signal}, whose handler is gone")
    return [change.put(now, process, main)], later
