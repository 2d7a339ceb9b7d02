"""Smaller programs than a given one. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.declare.statements import HOLDING, NAMING, function_names, size, statements
from exitmatrix.model.language import (
    ApplyTask,
    Code,
    Function,
    Raise,
    Register,
    RunLoop,
    StartThread,
    Statement,
    SubmitTask,
    SysExit,
    UsePool,
    Write,
)

Suite = tuple[Statement, ...]

POOLS = (ApplyTask, SubmitTask, UsePool)

PLAINER: dict[type, Statement] = {Raise: Raise(), SysExit: SysExit(0)}
"""The simplest statement of a kind; the others have nothing that could be left out."""


def weight(code: Code) -> tuple[int, int, str]:
    """What is smallest has the fewest statements, then the plainest ones; then by its text."""
    fancy = sum(
        (isinstance(one, Register) and one.arguments != "")
        or (type(one) in PLAINER and one != PLAINER[type(one)])
        or (isinstance(one, StartThread) and one.ends != "joined")
        or (isinstance(one, POOLS) and one.ends != "with")
        or (isinstance(one, RunLoop) and (one.tasks or one.generators) != ())
        for one in statements(code)
    )
    return size(code), fancy, repr(code)


def smaller(code: Code) -> Iterator[Code]:
    """Programs that lack one thing of this one, those that lack most first.

    Each weighs less, so whoever goes on from one of them comes to an end.
    """
    found = {weight(one): one for one in (*_shorter(code), *_plainer(code), renamed(code))}
    return iter([found[key] for key in sorted(found) if key < weight(code)])


def renamed(code: Code) -> Code:
    """The program with functions and texts named in the order in which they are mentioned."""
    mentioned = [one.function for one in statements(code) if isinstance(one, NAMING)]
    letters = dict(
        zip(
            dict.fromkeys((*mentioned, *function_names(code))), string.ascii_uppercase, strict=False
        )
    )
    texts: dict[str, str] = {}

    def lettered(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(letters[name] for name in names)

    def other(one: Statement) -> Statement:
        if isinstance(one, Write):
            return Write(texts.setdefault(one.text, f"w{len(texts) + 1}."))
        if isinstance(one, HOLDING):
            one = replace(one, body=tuple(map(other, one.body)))
        if isinstance(one, RunLoop):
            one = replace(one, tasks=lettered(one.tasks), generators=lettered(one.generators))
        if isinstance(one, NAMING):
            one = replace(one, function=letters[one.function])
        return one

    body = tuple(map(other, code.body))
    functions = [Function(letters[one.name], tuple(map(other, one.body))) for one in code.functions]
    return Code(body=body, functions=tuple(sorted(functions, key=lambda one: one.name)))


def _shorter(code: Code) -> Iterator[Code]:
    for body in _bodies(code.body):
        yield replace(code, body=body)
    for place, function in enumerate(code.functions):
        before, after = code.functions[:place], code.functions[place + 1 :]
        yield replace(code, functions=before + after)
        for body in _bodies(function.body):
            one = (Function(function.name, body),) if body else ()
            yield replace(code, functions=before + one + after)


def _bodies(body: Suite) -> Iterator[Suite]:
    """The bodies with one statement less, or with what is in one in its place."""
    for half in (body[: len(body) // 2], body[len(body) // 2 :]):
        if 1 < len(body) != len(half):
            yield half
    for place, one in enumerate(body):
        before, after = body[:place], body[place + 1 :]
        yield before + after
        if isinstance(one, HOLDING):
            yield before + one.body + after
            for inner in _bodies(one.body):
                yield (*before, replace(one, body=inner), *after)


def _plainer(code: Code) -> Iterator[Code]:
    for body in _plainer_bodies(code.body):
        yield replace(code, body=body)
    for place, function in enumerate(code.functions):
        for body in _plainer_bodies(function.body):
            functions = list(code.functions)
            functions[place] = Function(function.name, body)
            yield replace(code, functions=tuple(functions))


def _plainer_bodies(body: Suite) -> Iterator[Suite]:
    for place, one in enumerate(body):
        for other in _plainer_statements(one):
            yield (*body[:place], other, *body[place + 1 :])


def _plainer_statements(one: Statement) -> Iterator[Statement]:
    if type(one) in PLAINER:
        yield PLAINER[type(one)]
    if isinstance(one, Register) and one.arguments:
        yield Register(one.function)
    if isinstance(one, StartThread) and one.ends != "joined":
        yield replace(one, ends="joined")
    if isinstance(one, RunLoop) and one.tasks:
        yield replace(one, tasks=())
    if isinstance(one, RunLoop) and one.generators:
        yield replace(one, generators=())
    if isinstance(one, POOLS) and one.ends != "with":
        yield replace(one, ends="with")
    if isinstance(one, HOLDING):
        for body in _plainer_bodies(one.body):
            yield replace(one, body=body)
