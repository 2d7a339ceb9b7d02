"""Makers of statements about a second interpreter, since generation 8. Pure."""

from __future__ import annotations

from exitmatrix.declare.author import Author
from exitmatrix.model.language import EndInterpreter, Nothing, StartInterpreter, Statement

ITS_OWN = ("X", "Y")
"""The functions that it registers, which the main interpreter does not have."""


def start(author: Author, _level: int) -> Statement:
    """The second interpreter of a program; there is no third."""
    if author.second:
        return Nothing()
    author.second = True
    return StartInterpreter(ITS_OWN[: 1 + author.dice.below(len(ITS_OWN))])


def end(_author: Author, _level: int) -> Statement:
    """Its end, where there is one."""
    return EndInterpreter()
