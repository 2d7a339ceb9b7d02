"""One-line failures, exit statuses, and the signals that stop a command."""

from __future__ import annotations

import difflib
import errno
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from exitmatrix.cli.streams import say

DIFFERS = 1
USAGE_ERROR = 2
HARNESS_FAILED = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Failure(click.ClickException):
    """A one-line failure and its exit status; `details` are lines of another program."""

    def __init__(self, message: str, status: int, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc]
        self.details = details

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the line."""
        say(f"exitmatrix: {self.message}")
        for line in self.details:
            say(line)


def usage_failure(error: click.UsageError) -> Failure:
    """The one-line failure for an error of click; it points to the command's help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its text is the whole help
        group = error.ctx.command
        names = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
        text = f"missing command: {', '.join(names)}"
    else:
        text = error.format_message().rstrip(".")
    text = " ".join(f"{text[:1].lower()}{text[1:]}".split())
    whose = error.ctx.command_path if error.ctx else "exitmatrix"
    return Failure(f"{text}; see `{whose} --help`", USAGE_ERROR)


def no_such(what: str, name: str, known: Iterable[str]) -> Failure:
    """The failure for a name that nothing has, with the nearest of those that there are."""
    return Failure(f"no {what} is called '{name}'; nearest: {near(name, known)}", USAGE_ERROR)


def near(name: str, known: Iterable[str]) -> str:
    """Up to three of the known names, the nearest first; some of them where none is near."""
    names = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.3)
    return ", ".join([names[one] for one in close] or sorted(names.values())[:5])


class Interrupted(BaseException):
    """A signal asked the harness to stop."""


class CriticalSection:
    """Critical section: signals are deferred."""

    def __init__(self) -> None:
        self._inside = self._asked = False

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, error: object, *_: object) -> None:
        self._inside = False
        asked, self._asked = self._asked, False
        if asked and not error:
            raise Interrupted

    def interrupt(self) -> None:
        """Raise Interrupted, now or at the end of the section."""
        if not self._inside:
            raise Interrupted
        self._asked = True


uninterrupted = CriticalSection()


@contextmanager
def ignoring_signals_at_the_end() -> Iterator[None]:
    """Ignore signals during shutdown.

    Python takes a moment to end: a signal that comes then must not change the exit
    status of a command that is done.
    """
    try:
        yield
    finally:
        for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(signum, signal.SIG_IGN)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP stop the run as Ctrl-C does, once: cleaning up is brief."""
    stopping = False

    def stop(_signum: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        # Ignored until the very end: what Python handles, it stops handling in its own last
        # moments (_PySignal_Fini), and one more signal would then change the exit status.
        for signum in signals:
            signal.signal(signum, signal.SIG_IGN)
        uninterrupted.interrupt()

    signals = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signals.remove(signal.SIGINT)  # as for a job in the background
    before = {s: signal.signal(s, stop) for s in signals}
    try:
        yield
    except Interrupted:
        raise Failure("stopped before anything was measured", INTERRUPTED) from None
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        reason = os.strerror(errno.EAGAIN)  # Python does not say it: Modules/_threadmodule.c
        raise Failure(f"no thread can be started: {reason}", HARNESS_FAILED) from error
    finally:
        if not stopping:  # else the little that is left to say is said in peace
            for signum, handler in before.items():
                signal.signal(signum, handler)
