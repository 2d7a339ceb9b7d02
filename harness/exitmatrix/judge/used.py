"""A program with what a library adds to it: facts become statements, which the laws know. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from exitmatrix.declare.libraries import LIBRARIES
from exitmatrix.declare.silent import SILENT
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Program
from exitmatrix.model.language import (
    Catch,
    Handle,
    Register,
    ReplaceExit,
    Share,
    Statement,
    TryFinally,
    Use,
)
from exitmatrix.model.library import Library


def with_libraries(
    program: Program, packages: Mapping[str, str], python: Mapping[str, Any]
) -> Program:
    """The program as its Python executes it. Raises NotPredicted where a library is not known."""
    code = program.code
    named = [one.library for one in code.body if isinstance(one, Use)]
    if not named:
        return program
    used = {name: library_of(name, packages, python) for name in named}
    functions = (*code.functions, *(one for library in used.values() for one in library.functions))
    names = {name for library in used.values() for name in _names(library)}
    code = replace(
        code, body=_used(code.body, used), functions=functions, library=tuple(sorted(names))
    )
    data = (*program.data, *(kind for library in used.values() for kind in library.data))
    helpers = tuple(name for library in used.values() for name in library.helpers)
    return replace(program, code=code, data=data, helpers=helpers)


def library_of(id: str, packages: Mapping[str, str], python: Mapping[str, Any]) -> Library:
    """The facts that hold for the release and the Python measured. Raises NotPredicted."""
    holding = [one for one in LIBRARIES.get(id, ()) if _holds(one, packages, python)]
    if not holding:
        raise NotPredicted(f"nothing is known of {id} in this release")
    return max(holding, key=lambda one: (Version(one.since or "0"), one.python, one.implementation))


def _holds(library: Library, packages: Mapping[str, str], python: Mapping[str, Any]) -> bool:
    return (
        library.package in packages
        and Version(packages[library.package]) >= Version(library.since or "0")
        and library.implementation in ("", python["implementation"])
        and SpecifierSet(library.python, prereleases=True).contains(python["version"])
    )


def _used(body: tuple[Statement, ...], used: Mapping[str, Library]) -> tuple[Statement, ...]:
    for place, one in enumerate(body):
        if not isinstance(one, Use):
            continue
        library = used[one.library]
        rest = _used(body[place + 1 :], used)
        if library.around:
            rest = (TryFinally(rest, library.around),)
        if library.catches:
            rest = (Catch(rest, library.catches),)
        return (*body[:place], *_adds(library), *rest)
    return body


def _adds(library: Library) -> tuple[Statement, ...]:
    return (
        *(Register(name) for name in library.handlers),
        *(Handle(signal, function) for signal, function in library.signals),
        *((ReplaceExit(library.before_exit),) if library.before_exit else ()),
        *map(Share, library.shares),
    )


def _names(library: Library) -> tuple[str, ...]:
    """The names of functions that belong to the library."""
    named = (*library.handlers, *(function for _, function in library.signals))
    return tuple(name for name in named if not name.startswith(SILENT))
