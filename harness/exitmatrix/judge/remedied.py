"""Whether outcomes show what a remedy promises. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exitmatrix.declare.remedies import Remedy
from exitmatrix.model import Outcome, Process


def before(remedy: Remedy, outcomes: Iterable[Outcome], idle: Collection[str]) -> bool:
    """Whether each outcome without the remedy already shows what the remedy promises."""
    if remedy.instead_of == remedy.shown_by and not remedy.data:
        return all(_all_of_atexit(one, idle) for one in outcomes)
    kind = remedy.data.before if remedy.data else ""
    return all(_shows(remedy, one, idle, kind) for one in outcomes)


def after(remedy: Remedy, outcomes: Iterable[Outcome], idle: Collection[str]) -> bool:
    """Whether each outcome with it does. `idle`: roles without handlers of the application."""
    kind = remedy.data.after if remedy.data else ""
    return all(_shows(remedy, one, idle, kind) for one in outcomes)


def who_runs(remedy: Remedy, outcome: Outcome) -> tuple[Process, ...]:
    """The processes that run the handler that a remedy names."""
    return tuple(one for one in outcome.processes if remedy.runs in (one.fired or ()))


def _shows(remedy: Remedy, outcome: Outcome, idle: Collection[str], kind: str) -> bool:
    if remedy.data:
        return (outcome.data or {}).get(kind) == remedy.data.state
    if remedy.ends:
        return not outcome.survivors
    return bool(who_runs(remedy, outcome)) if remedy.runs else _all_of_atexit(outcome, idle)


def _all_of_atexit(outcome: Outcome, idle: Collection[str]) -> bool:
    return all(
        [name for name in one.fired or () if ":" not in name] == ["C", "B", "A"]
        for one in outcome.processes
        if one.role not in idle
    )
