"""Tell a person how a run goes: to stderr, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal, Protocol, Self

from exitmatrix.cli.streams import say
from exitmatrix.machine.clock import stopwatch

Kind = Literal["auto", "rich", "plain", "none"]
BETWEEN = 10.0  # seconds between two lines of plain progress


class Reporter(Protocol):
    """Something that shows how far a stage of known length has come."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End."""

    def show(self, done: int, total: int, note: str, *, now: bool = False) -> None:
        """`done` of `total`; `note` says what goes on now. `now`: nothing else will for a while."""


class PlainLines:
    """Plain lines: one when the stage begins, and then at most one in ten seconds."""

    def __init__(self, title: str, unit: str, elapsed: Callable[[], float]) -> None:
        """`elapsed` tells the seconds since the stage began."""
        self._title, self._unit = title, unit
        self._elapsed = elapsed
        self._due = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, done: int, total: int, note: str, *, now: bool = False) -> None:
        """Print a line if one is due, or if there will be none for a while."""
        elapsed = self._elapsed()
        if elapsed < self._due and not now:
            return
        self._due = elapsed + BETWEEN
        tail = f" ({note})" if note else ""
        say(f"{self._title}: {done} of {total} {self._unit}{tail}")


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, done: int, total: int, note: str, *, now: bool = False) -> None:
        """Show nothing."""


def reporter(kind: Kind, title: str, unit: str) -> Reporter:
    """The reporter that was asked for; `auto` asks whether stderr is a terminal."""
    if kind == "none":
        return Silence()
    if kind == "rich" or (kind == "auto" and sys.stderr.isatty()):
        from exitmatrix.cli.bar import Bar  # noqa: PLC0415 - rich takes a tenth of a command's start

        return Bar(title, unit)
    return PlainLines(title, unit, stopwatch())
