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


def try_in_loop(author: Author, level: int) -> Statement:
    """A `try` statement of the main task."""
    rest = author.names[level + 1 :]
    if not rest:
        return Nothing()
    body = (*author.body("loop", 2, level), *author.ending(30, level))
    return TryFinally(body, author.dice.one(rest))


def loop_in_function(author: Author, level: int) -> Statement:
    """A loop in a function, since generation 10; what is beside it is a later function."""
    rest = author.names[level + 1 :]
    body = (*author.body("loop", 3, level), *author.ending(30, level))
    tasks = (author.dice.one(rest),) if rest and author.dice.chance(45) else ()
    generators = (author.dice.one(rest),) if rest and author.dice.chance(30) else ()
    return RunLoop(body=body, tasks=tasks, generators=generators)


def pause(_author: Author, _level: int) -> Statement:
    """The loop has its turn."""
    return Pause()
