"""How atexit goes through its list of handlers. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.judge.semantics.state import HandlerRun, ProcessState

EMPTY = ""
"""Stands in a place of the list from which a handler was removed."""


def begin(process: ProcessState, how: str, *, final: bool) -> HandlerRun:
    """A run of the handlers that are registered now."""
    copied = process.handlers if how == "copied" else ()
    return HandlerRun(final, how, next=len(process.handlers) - 1, copied=copied)


def begin_exitfunc(function: str) -> HandlerRun:
    """A run of sys.exitfunc, where that is not atexit's."""
    return HandlerRun(final=True, how="copied", next=0, copied=(function,))


def take(process: ProcessState, run: HandlerRun) -> tuple[ProcessState, HandlerRun, str]:
    """The next handler, "" when all have run, and what is left of list and run."""
    if run.how == "popped":
        if not process.handlers:
            return process, run, ""
        return replace(process, handlers=process.handlers[:-1]), run, process.handlers[-1]
    there = run.copied if run.how == "copied" else process.handlers
    place = run.next
    if run.how == "reversed" and place >= len(there):
        place = -1
    while place >= 0 and (place >= len(there) or there[place] == EMPTY):
        place -= 1
    if place < 0:
        return replace(process, handlers=()), replace(run, next=-1), ""
    return process, replace(run, next=place - 1), there[place]


def register(process: ProcessState, function: str) -> ProcessState:
    """One more."""
    return replace(process, handlers=(*process.handlers, function))


def unregister(process: ProcessState, function: str) -> ProcessState:
    """All that are equal; their places stay."""
    left = tuple(EMPTY if one == function else one for one in process.handlers)
    return replace(process, handlers=left)
