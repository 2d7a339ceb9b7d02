"""An outcome in words, for the head of a reproducer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from exitmatrix.model import Outcome, Process


def summary(outcome: Outcome) -> tuple[str, ...]:
    """A line for each process, for the port where no exit status tells of it, and what is left."""
    return tuple(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    for one in outcome.processes:
        yield f"{one.role}: {'; '.join(_words(one))}"
    if outcome.answer and any(one.exit is None for one in outcome.processes):
        yield f"client: {'no answer' if outcome.answer == 'none' else outcome.answer}"
    if outcome.port and (len(outcome.processes) > 1 or outcome.survivors):
        yield f"port: {outcome.port}"
    if outcome.left:
        yield f"left in shared memory: {', '.join(outcome.left)}"


def _words(process: Process) -> Iterator[str]:
    yield f"ran {_names(process.fired or ()) or 'nothing'}"
    if process.raised:
        yield f"{_names(process.raised)} raised"
    if process.unfinished:
        yield f"{_names(process.unfinished)} unfinished"
    yield _exit(process.exit)
    if process.stdout:
        yield f"output {process.stdout}"


def _names(handlers: Sequence[str]) -> str:
    return ", ".join(handlers)


def _exit(status: dict[str, Any] | None) -> str:
    match status:
        case None:
            return "still running"
        case {"code": value}:
            return f"exit {value}"
        case {"signal": value}:
            return str(value)
        case _:
            return "ended; how was not seen"
