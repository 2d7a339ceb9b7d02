"""The words by which an interpreter is chosen. Pure."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from exitmatrix.machine.interpreters.found import Found
from exitmatrix.model import Interpreter


class NoSuchInterpreterError(LookupError):
    """A name or pattern that matches no interpreter.

    `wanted` is what was asked for, `nearest` the most similar ids, `reason` why a path was
    rejected ("" where `wanted` is a pattern).
    """

    def __init__(self, wanted: str, nearest: tuple[str, ...] = (), reason: str = "") -> None:
        self.wanted = wanted
        self.nearest = nearest
        self.reason = reason
        message = f"no interpreter matches {wanted!r}"
        if reason:
            message = f"{wanted} cannot be used: {reason}"
        elif nearest:
            message += f"; nearest: {', '.join(nearest)}"
        super().__init__(message)


def is_path(name: str) -> bool:
    """Tell a path to a binary or folder from an id or a pattern of ids."""
    return os.sep in name or name.startswith(("~", "."))


def names(interpreter: Interpreter) -> frozenset[str]:
    """The requests that an interpreter meets.

    As for uv and tox, 3.13 is any CPython 3.13, python3.13 the same, 3.13t a free-threaded
    and 3.13d a debug build, and a PyPy is named as such: pypy3.11.
    """
    major, minor = interpreter.language
    versions = {f"{one}{_flags(interpreter)}" for one in (major, f"{major}.{minor}")}
    versions.add(f"{interpreter.version}{_flags(interpreter)}")
    prefixes = ["pypy", "pypy-"]
    if interpreter.implementation == "cpython":
        prefixes = ["", "python", "cpython", "cpython-"]
    return frozenset(f"{prefix}{version}" for prefix in prefixes for version in versions)


def _flags(interpreter: Interpreter) -> str:
    return "t" * interpreter.free_threaded + "d" * interpreter.debug


def _texts(interpreter: Interpreter) -> set[str]:
    """What patterns are held against: ids, and bare versions, which are CPython's."""
    if interpreter.implementation == "pypy":
        return {interpreter.id}
    return {interpreter.id, interpreter.release, f"{interpreter.version}{_flags(interpreter)}"}


def select(found: Found, patterns: Sequence[str]) -> tuple[Interpreter, ...]:
    """Give the interpreters that any of `patterns` names; all of them if there are none.

    A pattern is an id, an `fnmatch` pattern over ids or over versions, one of the `names`, or a
    path that was given to `find`. A build that the caller named by its path is chosen by that,
    or by its own id: other words mean the Pythons of the machine, beside which it stands.
    The order is that of `found`. Raises NoSuchInterpreterError when one names nothing.
    """
    if not patterns:
        return found.interpreters
    chosen: set[str] = set()
    for pattern in patterns:
        matches = _matches(found, pattern)
        if not matches:
            raise _nothing(found, pattern)
        chosen |= matches
    return tuple(each for each in found.interpreters if each.id in chosen)


def _matches(found: Found, pattern: str) -> set[str]:
    if is_path(pattern):
        return {named.id for named in found.named if named.name == pattern and named.id}
    return {each.id for each in found.interpreters if _is(each, pattern)}


def _is(interpreter: Interpreter, pattern: str) -> bool:
    if interpreter.named and interpreter.build:
        return fnmatchcase(interpreter.id, pattern)
    texts = _texts(interpreter)
    return pattern in names(interpreter) or any(fnmatchcase(one, pattern) for one in texts)


def _nothing(found: Found, pattern: str) -> NoSuchInterpreterError:
    if is_path(pattern):
        reasons = [named.reason for named in found.named if named.name == pattern]
        return NoSuchInterpreterError(
            pattern, reason=reasons[0] if reasons else "it was not looked at"
        )
    plain = re.sub(r"[*?\[\]]", "", pattern)
    ids = [interpreter.id for interpreter in found.interpreters]
    near = difflib.get_close_matches(plain, ids, cutoff=0.4)
    if not near:  # 3.12 is as little like cpython-3.12.1 as it is short
        near = difflib.get_close_matches(f"cpython-{plain}", ids, cutoff=0.4)
    return NoSuchInterpreterError(pattern, tuple(near))
