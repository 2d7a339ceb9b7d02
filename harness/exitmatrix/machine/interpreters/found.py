"""What a search for Pythons gave."""

from __future__ import annotations

from exitmatrix.model import Frozen, Interpreter


class Rejected(Frozen, kw_only=True):
    """A file that was looked at and is no Python that can be measured."""

    path: str
    reason: str


class Shadowed(Frozen, kw_only=True):
    """Of two binaries with one id, the one that was used and the one that was left."""

    id: str
    path: str
    left: str


class NamedPython(Frozen, kw_only=True):
    """What a path that the caller named turned out to be: an interpreter's id, or why none."""

    name: str
    id: str = ""
    reason: str = ""


class Found(Frozen, kw_only=True):
    """What the search for interpreters gave; `named` answers for each path the caller named."""

    interpreters: tuple[Interpreter, ...]
    rejected: tuple[Rejected, ...] = ()
    shadowed: tuple[Shadowed, ...] = ()
    named: tuple[NamedPython, ...] = ()
