"""Tell a person how a run goes: to stderr, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Literal, Protocol, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from exitmatrix.cli.streams import Guarded, one_line, say
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


def _stderr() -> TextIO:
    """Where a bar may move the cursor."""
    stream: Any = sys.stderr
    return stream.unguarded() if isinstance(stream, Guarded) else stream  # type: ignore[return-value]


class Bar:
    """A bar with an estimate of the time that is left."""

    def __init__(self, title: str, unit: str) -> None:
        self._title = title
        self.note = ""
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(file=_stderr()),
            expand=True,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int, note: str, *, now: bool = False) -> None:  # noqa: ARG002
        """Move the bar."""
        self.note = note = one_line(note)
        if self._task is None:
            self._task = self._progress.add_task(self._title, total=total, note=note)
        self._progress.update(self._task, completed=done, total=total, note=note)


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
    if kind == "rich" or (kind == "auto" and Console(stderr=True).is_terminal):
        return Bar(title, unit)
    return PlainLines(title, unit, stopwatch())
