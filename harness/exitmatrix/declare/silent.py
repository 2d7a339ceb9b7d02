"""Functions that report nothing: the program calls them itself, and no event shows it. Pure.

A function with a mechanism in its name, as `finally:f`, is decorated and tells of itself. One
without is an atexit handler: it is seen when atexit calls it, and not otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import fields, replace

from exitmatrix.declare.statements import statements
from exitmatrix.model.language import (
    Call,
    Code,
    Function,
    JoinDaemon,
    Keep,
    RunLoop,
    Statement,
    Submit,
    TryFinally,
)

CALLERS = Call | JoinDaemon | Keep | RunLoop | Submit | TryFinally
"""Statements whose functions something else than atexit calls."""

HELD = ("body", "begin")
"""Fields of statements that hold others."""

SILENT = "-"
"""Begins the name of a function that says nothing of itself."""


def silenced(code: Code, tells: Collection[str] = ()) -> Code:
    """The program, in which an atexit handler that something else calls says nothing.

    But for those that are decorated all the same, and tell.
    """
    called = {name for one in statements(code) for name in _called(one)}
    quiet = {name for name in called if ":" not in name and not name.startswith(SILENT)} - {*tells}
    if not quiet:
        return code
    aliases = (Function(f"{SILENT}{name}", code.function(name)) for name in sorted(quiet))
    functions = (*code.functions, *aliases)
    return replace(
        code,
        body=_body(code.body, quiet),
        functions=tuple(Function(one.name, _body(one.body, quiet)) for one in functions),
    )


def _called(one: Statement) -> tuple[str, ...]:
    if isinstance(one, RunLoop):
        return (*one.tasks, *one.generators, *one.pool)
    return (one.function,) if isinstance(one, CALLERS) else ()


def _body(body: tuple[Statement, ...], quiet: Collection[str]) -> tuple[Statement, ...]:
    return tuple(_statement(one, quiet) for one in body)


def _statement(one: Statement, quiet: Collection[str]) -> Statement:
    def name(of: str) -> str:
        return f"{SILENT}{of}" if of in quiet else of

    changes: dict[str, Any] = {
        each.name: _body(getattr(one, each.name), quiet)
        for each in fields(one)
        if each.name in HELD
    }
    if isinstance(one, RunLoop):
        for kind in ("tasks", "generators", "pool"):
            changes[kind] = tuple(map(name, getattr(one, kind)))
    elif isinstance(one, CALLERS):
        changes["function"] = name(one.function)
    return replace(one, **changes) if changes else one
