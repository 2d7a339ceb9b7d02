"""How atexit goes through its list of handlers. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Brings, Facts, Walks
from exitmatrix.judge.laws.libraries import FINALIZERS
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.change import function_of
from exitmatrix.judge.semantics.state import AtexitRun, ProcessState
from exitmatrix.judge.semantics.waits import Raised

EMPTY = ""
"""Stands in a place of the list from which a handler was removed."""


def walk(ask: Ask) -> str:
    """How the list of handlers is gone through. Raises NotPredicted."""
    (effect,) = ask("handlers", Facts(profile=ask.profile))
    if not isinstance(effect, Walks):
        raise NotPredicted(f"{effect!r} is no way through a list")
    return effect.how


def begin(process: ProcessState, how: str, *, final: bool) -> AtexitRun:
    """A run of the handlers that are registered now."""
    copied = process.handlers if how == "copied" else ()
    return AtexitRun(final, how, next=len(process.handlers) - 1, copied=copied)


def begin_exitfunc(function: str) -> AtexitRun:
    """A run of sys.exitfunc, where that is not atexit's."""
    return AtexitRun(final=True, how="apart", next=0, copied=(function,))


def begin_second(functions: tuple[str, ...]) -> AtexitRun:
    """A run of a second interpreter's handlers."""
    return AtexitRun(final=False, how="apart", next=len(functions) - 1, copied=functions)


def interrupted(run: AtexitRun, last: Raised) -> AtexitRun:
    """A run that is cut short."""
    return replace(run, how="apart", copied=(), next=-1, last=last)


def take(process: ProcessState, run: AtexitRun) -> tuple[ProcessState, AtexitRun, str]:
    """The next handler, "" when all have run, and what is left of list and run."""
    if run.how == "popped":
        if not process.handlers:
            return process, run, ""
        name = process.handlers[-1]
        return replace(process, handlers=process.handlers[:-1]), replace(run, current=name), name
    there = run.copied if run.how in ("copied", "apart") else process.handlers
    place = run.next
    if run.how == "reversed" and place >= len(there):
        place = -1
    while place >= 0 and (place >= len(there) or there[place] == EMPTY):
        place -= 1
    if place < 0:
        left = process.handlers if run.how == "apart" else ()
        return replace(process, handlers=left), replace(run, next=-1), ""
    return process, replace(run, next=place - 1, current=there[place]), there[place]


def register(process: ProcessState, function: str) -> ProcessState:
    """Append a handler to the list."""
    return replace(process, handlers=(*process.handlers, function))


def bring(process: ProcessState, library: str, ask: Ask) -> ProcessState:
    """Append the handlers that a library registers, unless it has already. Raises NotPredicted."""
    (effect,) = ask("import", Facts(profile=ask.profile, library=library))
    if not isinstance(effect, Brings):
        raise NotPredicted(f"{effect!r} of an import")
    new = tuple(one for one in effect.handlers if one not in process.library)
    return replace(process, handlers=(*process.handlers, *new), library=(*process.library, *new))


def finalize(process: ProcessState, function: str) -> ProcessState:
    """Append a finalizer; the first one registers the handler that runs them all."""
    if FINALIZERS not in process.library:
        library = (*process.library, FINALIZERS)
        process = register(replace(process, library=library), FINALIZERS)
    return replace(process, finalizers=(*process.finalizers, function))


def unregister(process: ProcessState, function: str) -> ProcessState:
    """Remove all handlers that are equal; their places stay."""
    left = tuple(EMPTY if function_of(one) == function else one for one in process.handlers)
    return replace(process, handlers=left)
