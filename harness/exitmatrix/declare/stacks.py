"""The stacks that are measured, and which interpreter can have them.

A stack is declared where it is pinned: in the header of pins/NAME.in. Those files are
part of the package as its modules are, and read when this one is imported.

    # /// stack
    # family = "flask"                    the scenarios that it is for
    # requires-python = ">=2.7,<3.14"
    # imports = "flask, werkzeug.serving" what an environment must be able to import
    # too-old = "..."                     what keeps a Python out that is older than that
    # too-new = "..."                     and one that is newer
    # ///
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from exitmatrix.declare.header import Header, InvalidHeader, checked, tables
from exitmatrix.declare.requirements import normalised
from exitmatrix.model import Interpreter, Stack

PINS = Path(__file__).with_name("pins")

STACK_NAME = re.compile("[a-z0-9][a-z0-9.-]*")
"""How a stack is called, in records too."""

NONE = Stack(
    name="none",
    family="none",
    requires=">=2.7",
    too_old="Python 2.7 is the oldest that is measured",
)
"""The bare interpreter."""


class InvalidStack(ValueError):
    """A file with pins declares no stack. The text names the file and the key."""


HeaderText = Annotated[str, msgspec.Meta(description="a text")]


class StackHeader(Header, frozen=True):
    """What a stack's header holds."""

    family: HeaderText
    requires_python: HeaderText
    too_old: HeaderText
    too_new: HeaderText = ""
    imports: HeaderText = ""


def declared(name: str, text: str) -> Stack | None:
    """The stack that a text with pins declares; None for one that only completes another.

    Raises InvalidStack.
    """
    try:
        blocks = tables(text, "stack")
        headers = [checked(one, StackHeader) for one in blocks]
        for one in headers:
            SpecifierSet(one.requires_python)
    except tomllib.TOMLDecodeError as error:
        raise InvalidStack(f"{name}.in: the header is no TOML: {error}") from error
    except (InvalidHeader, InvalidSpecifier) as error:
        raise InvalidStack(f"{name}.in: {error}") from error
    if len(headers) > 1:
        raise InvalidStack(f"{name}.in: two headers; a file declares one stack")
    for one in headers:
        return Stack(
            name=name,
            family=one.family,
            requires=one.requires_python,
            imports=one.imports,
            too_old=one.too_old,
            too_new=one.too_new,
        )
    return None


def stacks_in_order(stacks: Iterable[Stack]) -> tuple[Stack, ...]:
    """The bare interpreter, then family by family, each from old to new."""
    return tuple(sorted(stacks, key=lambda one: (one != NONE, one.family, _release(one))))


def _release(stack: Stack) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", stack.name.removeprefix(stack.family))]


def load_stacks(pins: Path) -> tuple[Stack, ...]:
    """The stacks that the files of a folder declare, and the bare interpreter.

    Raises InvalidStack.
    """
    found = (declared(one.stem, one.read_text()) for one in pins.glob("*.in"))
    return stacks_in_order([NONE, *filter(None, found)])


STACKS = load_stacks(PINS)


def applies(stack: Stack, interpreter: Interpreter) -> str | None:
    """Say why an interpreter cannot have a stack, or None if it can."""
    language = interpreter.language
    if interpreter.implementation == "pypy" and language < (3, 0):
        return "no way is known to isolate PyPy 2.7 from its own site-packages"
    if SpecifierSet(stack.requires).contains("{}.{}".format(*language)):
        return None
    why = stack.too_old if language < min(_versions(stack.requires)) else stack.too_new
    return why or f"{stack.name} needs Python {stack.requires}"


def _versions(requires: str) -> Iterator[tuple[int, int]]:
    for major, minor in re.findall(r"(\d+)\.(\d+)", requires):
        yield int(major), int(minor)


def packages_of(stack: Stack, pins: Path = PINS) -> frozenset[str]:
    """The packages that a stack pins, by name; of the bare interpreter none."""
    return frozenset(normalised(one.name) for one in _pinned(stack, pins))


def unpinned(stack: Stack, pins: Path = PINS) -> tuple[str, ...]:
    """What a stack pins, of whatever release, each for the Pythons that it is pinned for."""
    found = _pinned(stack, pins)
    return tuple(f"{one.name}{f' ; {one.marker}' if one.marker else ''}" for one in found)


def _pinned(stack: Stack, pins: Path) -> list[Requirement]:
    if stack.family == "none":
        return []
    lines = (pins / f"{stack.name}.txt").read_text().splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum()]


def pins_of(stack: Stack, interpreter: Interpreter) -> str | None:
    """Name the file that pins a stack for an interpreter; None for an empty stack."""
    if stack.family == "none":
        return None
    if interpreter.language == (2, 7):
        return f"{stack.name}-py2.7.txt"
    return f"{stack.name}.txt"
