"""stdout and stderr: they outlive their readers, and nothing acts on a terminal."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, TextIO

import click


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


def protect_streams() -> None:
    """Ignore broken pipes on stdout and stderr, and let no other file take their numbers."""
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # the caller had closed it (`>&-`)
    os.close(spare)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Outliving):
            # Results hold what observed programs said; the bar on stderr moves the cursor.
            tames = name == "stdout" and stream.isatty()
            setattr(sys, name, Outliving(stream, tames))
