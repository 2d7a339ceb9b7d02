"""Progress as a bar on a terminal."""

from __future__ import annotations

import sys
from typing import Any, Self, TextIO

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

from exitmatrix.cli.streams import Guarded, one_line


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
