"""Writing to stdout and stderr: text is escaped, and a reader may go away.

Some of what the commands print was said by observed programs, or is a name that
somebody chose: colours, titles, cursor movements and bidirectional controls in it
would act on the reader's terminal. All text passes through `inert` here, also into
a pipe. The only escapes that are sent are the styles of `write_styled`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:  # every command imports this module, and few print in styles
    from exitmatrix.report.live import StyledText

KEPT = "\n\t"
"""What is laid out by, and acts on nothing else."""

STYLES = {"bold": "1", "cyan": "36", "yellow": "33"}
"""SGR parameters, ECMA-48 8.3.117."""


def inert(text: str) -> str:
    r"""Text in which nothing acts on a terminal: what is not printable is shown as \uXXXX.

    That is the notation of JSON: a document stays valid, and means the same.
    """
    if text.translate(_WITHOUT_KEPT).isprintable():
        return text
    return "".join(c if c.isprintable() or c in KEPT else _escaped(c) for c in text)


_WITHOUT_KEPT = dict.fromkeys(map(ord, KEPT))


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))


def one_line(text: str) -> str:
    """As `inert`, with nothing that lays out either: a name with a line feed forges no line."""
    return "".join(_escaped(c) if c in KEPT else c for c in inert(text))


def say(text: str) -> None:
    """One line of diagnostics, on stderr."""
    click.echo(one_line(text), err=True)


def echo_styled(*spans: StyledText) -> None:
    """One line on stdout, in colour for a terminal whose user wants some (no-color.org)."""
    stream: object = sys.stdout
    if isinstance(stream, Guarded) and stream.isatty() and not os.environ.get("NO_COLOR"):
        stream.write_styled(spans)
        stream.write("\n")
        stream.flush()
    else:
        click.echo("".join(text for text, _ in spans))


class Outliving:
    """A stream that ignores a broken pipe.

    A reader may go away, as with `| head` or a terminal that is closed. What nobody
    reads is thrown away; what is measured, and the exit status, stay the same.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:
        """The encoding of the stream."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:
        """What becomes of a character that the encoding does not have."""
        return self._stream.errors

    def isatty(self) -> bool:
        """Whether a terminal reads."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write, if anybody reads."""
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


class Guarded(Outliving):
    """A stream of inert text. There is no `buffer` by which bytes could go round it."""

    def write(self, text: str | bytes) -> int:
        """Write the text, inert, if anybody reads; click prints completions as bytes."""
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        return super().write(inert(text))

    def write_styled(self, spans: Iterable[StyledText]) -> None:
        """Write texts in their styles, for a terminal."""
        for text, style in spans:
            shown = inert(text)
            super().write(f"\x1b[{STYLES[style]}m{shown}\x1b[0m" if style else shown)

    def unguarded(self) -> Outliving:
        """The stream itself, for a progress bar, which moves the cursor."""
        return Outliving(self._stream)


def guard_streams() -> None:
    """Put guards before stdout and stderr, and let no file ever take their numbers."""
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # the caller had closed it (`>&-`)
    os.close(spare)
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is not None and not isinstance(stream, Guarded):
            if hasattr(stream, "reconfigure"):  # a terminal may know fewer characters than we use
                stream.reconfigure(errors="backslashreplace")
            setattr(sys, name, Guarded(stream))
