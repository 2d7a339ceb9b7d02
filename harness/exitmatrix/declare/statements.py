"""What a program of the small language consists of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exitmatrix.model.language import (
    Code,
    Fork,
    Handle,
    Register,
    SetExitFunction,
    StartThread,
    Statement,
    Unregister,
    UnregisterNamesake,
)

NAMING = Register | Unregister | UnregisterNamesake | SetExitFunction | Handle
"""Statements that name a function."""


def size(code: Code) -> int:
    """How many statements there are, those of functions and of other bodies included."""
    return sum(1 for _ in statements(code)) + len(code.functions)


def statements(code: Code) -> Iterator[Statement]:
    """All statements of a program, wherever they stand."""
    yield from walk(code.body)
    for function in code.functions:
        yield from walk(function.body)


def kinds(code: Code) -> frozenset[str]:
    """Which statements stand where: "main: fork", "function: sys.exit", "after main: register"."""
    found = set(_kinds("main", code.body))
    for function in code.functions:
        found |= set(_kinds("function", function.body))
    return frozenset(found)


def _kinds(place: str, body: Iterable[Statement]) -> Iterator[str]:
    for one in body:
        yield f"{place}: {one.__struct_config__.tag}"
        if isinstance(one, Fork):
            yield from _kinds("child", one.body)
        if isinstance(one, StartThread):
            yield f"{place}: {one.ends}"
            yield from _kinds(f"thread, {one.ends}", one.body)


def names(code: Code) -> tuple[str, ...]:
    """The functions of a program: those that are described, then those that are only named."""
    named = [one.name for one in code.functions]
    named += [one.function for one in statements(code) if isinstance(one, NAMING)]
    return tuple(dict.fromkeys(named))


def walk(body: Iterable[Statement]) -> Iterator[Statement]:
    """The statements of a body, and those of the bodies in it."""
    for one in body:
        yield one
        if isinstance(one, Fork | StartThread):
            yield from walk(one.body)
