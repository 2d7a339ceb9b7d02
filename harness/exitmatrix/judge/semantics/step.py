"""One step: from a moment to all that may come next. Pure.

A thread that can go on does one thing. Where several can, any may be first:
the kernel does not say. So a step gives a set of moments.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from exitmatrix.declare.statements import statements
from exitmatrix.judge.laws.law import Dies
from exitmatrix.judge.semantics import pools
from exitmatrix.judge.semantics.ask import Ask
from exitmatrix.judge.semantics.ends import stopped
from exitmatrix.judge.semantics.go_on import GO_ON
from exitmatrix.judge.semantics.outside import arrive
from exitmatrix.judge.semantics.signals import notice
from exitmatrix.judge.semantics.state import (
    AtexitRun,
    Configuration,
    Finalization,
    ProcessState,
    ThreadCode,
    ThreadState,
)
from exitmatrix.judge.semantics.unwind import unwind
from exitmatrix.judge.semantics.waits import ShutsDown, Supervising
from exitmatrix.model.language import (
    ApplyTask,
    Code,
    Nothing,
    RegisterThreading,
    RunLoop,
    StartProcess,
    StartThread,
    SubmitTask,
    UsePool,
)

THREADING = (
    ApplyTask | RegisterThreading | RunLoop | StartProcess | StartThread | SubmitTask | UsePool
)
"""What imports it."""


def next_moments(now: Configuration, ask: Ask) -> list[Configuration]:
    """All moments that may follow at once. Raises NotPredicted."""
    found: list[Configuration] = []
    several = len(now.processes) > 1 and not ask.ordered
    for process in now.processes:
        for thread in process.threads:
            found += _thread_steps(now, process, thread, ask)
        if found and several and _apart(now):
            return found
    if now.events:
        found += arrive(now, ask, at_rest=not found)
    return found


def _apart(now: Configuration) -> bool:
    """Whether no process does anything to another now.

    What each of them may come to does not depend on who is first then, but for the
    order of what they write: it is enough to look at one after the other.
    """
    if now.events and now.events[0].when in ("in a handler", "at any time", "orphaned"):
        return False
    for process in now.processes:
        for one in process.owned:
            if one.daemon and now.process(one.path).exit is None:
                return False
        for thread in process.threads:
            if isinstance(thread.top, ShutsDown) and pools.may_break(now, thread.top):
                return False
            for place, frame in enumerate(thread.frames, start=1):
                if isinstance(frame, Supervising) and (
                    process.pending or thread.raising or thread.frames[place:]
                ):
                    return False
    return True


def _thread_steps(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    if process.doomed and thread.id == process.main:
        return (stopped(now, process, thread, Dies(process.doomed), Nothing(), ask),)
    if thread.done or (thread.after_main and not process.main_code_ended):
        return ()
    if process.pending and thread.id == process.main and _sees_signals(process, thread, ask.code):
        noticed, later = notice(now, process, thread, ask)
        beside = pools.go_on_beside(now, process, thread, ask)
        return (*noticed, *beside, *(_next(now, process, thread, ask) if later else ()))
    return _next(now, process, thread, ask)


def _next(
    now: Configuration, process: ProcessState, thread: ThreadState, ask: Ask
) -> Iterable[Configuration]:
    if thread.raising is not None:
        return unwind(now, process, thread, thread.raising, ask)
    return GO_ON[type(thread.top)](now, process, thread, ask)


def _sees_signals(process: ProcessState, main: ThreadState, code: Code) -> bool:
    """Whether the main thread comes to Python code where a signal's handler can run."""
    if main.raising is not None:
        return False
    match main.top:
        case Finalization(stage):
            return stage in ("threading", "threads") and _loads_threading(process, code)
        case AtexitRun() as running:
            return not running.final or running.how == "popped"
        case ThreadCode():
            return False
    return True


@lru_cache(maxsize=256)
def _uses_threads(code: Code) -> bool:
    return any(isinstance(one, THREADING) for one in statements(code))


def _loads_threading(process: ProcessState, code: Code) -> bool:
    """Whether the module `threading` is there, whose `_shutdown` is what the end calls first."""
    return bool(process.library) or _uses_threads(code)
