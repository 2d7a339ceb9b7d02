"""Tell a person how a run goes: to stderr, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Literal, Protocol, Self, TextIO

import click
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

Kind = Literal["auto", "rich", "plain", "none"]
STEPS = 20  # lines of plain progress over a whole run


class Reporter(Protocol):
    """Something that shows how far a stage of known length has come."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End."""

    def show(self, done: int, total: int, note: str) -> None:
        """`done` of `total`; `note` says what goes on now."""


class Bar:
    """A bar with an estimate of the time that is left."""

    def __init__(self, title: str, unit: str) -> None:
        self._title = title
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
            expand=True,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int, note: str) -> None:
        """Move the bar."""
        if self._task is None:
            self._task = self._progress.add_task(self._title, total=total, note=note)
        self._progress.update(self._task, completed=done, total=total, note=note)


class Lines:
    """A plain line for each twentieth of the way."""

    def __init__(self, title: str, unit: str) -> None:
        self._title, self._unit = title, unit
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, done: int, total: int, note: str) -> None:
        """Print a line if enough has happened since the last."""
        step = STEPS * done // max(total, 1)
        if step != self._last:
            self._last = step
            tail = f" ({note})" if note else ""
            say(f"{self._title}: {done} of {total} {self._unit}{tail}")


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, done: int, total: int, note: str) -> None:
        """Show nothing."""


def reporter(kind: Kind, title: str, unit: str) -> Reporter:
    """The reporter that was asked for; `auto` asks whether stderr is a terminal."""
    if kind == "none":
        return Silence()
    if kind == "rich" or (kind == "auto" and Console(stderr=True).is_terminal):
        return Bar(title, unit)
    return Lines(title, unit)


def say(text: str) -> None:
    """One line of diagnostics."""
    click.echo(printable(text), err=True)


def printable(text: str) -> str:
    """Text without what would act on a terminal: some of it comes from observed programs."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# On a terminal colours pass (SGR, ECMA-48), and nothing else that acts: no other escape, no
# control character, and none that reorders what is read (Unicode TR 36).
ACTING = re.compile(
    r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


class Outliving:
    """A stream that goes on when its reader went away: `| head`, a terminal that was closed.

    What nobody reads is thrown away; what is measured, and the exit status, stay the same.
    """

    def __init__(self, stream: TextIO, tames: bool = False) -> None:
        self._stream = stream
        self._tames = tames

    def write(self, text: str) -> int:
        """Write, if anybody reads."""
        if self._tames:
            text = ACTING.sub("\N{REPLACEMENT CHARACTER}", text)
        try:
            return self._stream.write(text)
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Flush, if anybody reads."""
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        # What is buffered must go somewhere, or it would fail again at the very end.
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, self._stream.fileno())
        os.close(nobody)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def outlive_readers() -> None:
    """Have stdout and stderr survive their readers, and no file ever take their numbers."""
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # the caller had closed it (`>&-`)
    os.close(spare)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Outliving):
            # Results hold what observed programs said; the bar on stderr moves the cursor.
            tames = name == "stdout" and stream.isatty()
            setattr(sys, name, Outliving(stream, tames))
