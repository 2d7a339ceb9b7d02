"""Makers of statements about event loops, since generation 7. Pure."""

from __future__ import annotations

from exitmatrix.declare.author import Author
from exitmatrix.model.language import (
    HandleInLoop,
    Nothing,
    Pause,
    RunLoop,
    Statement,
    TryFinally,
)


def loop(author: Author, _level: int) -> Statement:
    """asyncio.run, whose main task may have another task and a generator beside it."""
    body = (*author.body("loop", 5, -1), *author.ending(45, -1))
    tasks = (author.dice.one(author.names),) if author.dice.chance(55) else ()
    generators = (author.dice.one(author.names),) if author.dice.chance(35) else ()
    return RunLoop(body=body, tasks=tasks, generators=generators)


def handle_in_loop(author: Author, level: int) -> Statement:
    """The function that belongs to a signal, called by the loop."""
    signals = author.callable(level)
    if not signals:
        return Nothing()
    signal = author.dice.one(signals)
    return HandleInLoop(signal, author.names[author.handled[signal]])


def try_in_loop(author: Author, _level: int) -> Statement:
    """A `try` statement of the main task."""
    body = (*author.body("loop", 2, -1), *author.ending(30, -1))
    return TryFinally(body, author.dice.one(author.names))


def pause(_author: Author, _level: int) -> Statement:
    """The loop has its turn."""
    return Pause()
