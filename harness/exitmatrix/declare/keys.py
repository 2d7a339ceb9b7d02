"""The keys of a scenario's header, and the kind of value that each takes.

What a value means, and which of its kind are valid, is in scenario.py and program.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec

from exitmatrix.declare.header import Header
from exitmatrix.model import ImplementationName

LONGEST = 3000  # milliseconds: a trial with three such handlers stays within its limit
LINE = r"^(?=.*\S)[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+$"

IMPLEMENTATIONS = "|".join(get_args(ImplementationName))
OneLine = Annotated[str, msgspec.Meta(pattern=LINE)]
Barred = Annotated[str, msgspec.Meta(pattern=rf"^({IMPLEMENTATIONS})(-\S+)?$")]
Length = Annotated[int, msgspec.Meta(gt=0, le=LONGEST)]


def _says(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


Texts = Annotated[tuple[str, ...], _says("a list of texts")]


class Script(Header, frozen=True):
    """The block itself: the keys that PEP 723 knows."""

    requires_python: Annotated[str, _says('a text such as ">=3.9"')] = ""
    dependencies: Texts = ()
    tool: Annotated[Mapping[str, Any], _says("a table")] = {}


class Own(Header, frozen=True, kw_only=True):
    """The table [tool.exitmatrix]."""

    title: Annotated[OneLine, _says("one line of text")]
    roles: Texts
    ready: Any  # one of several forms
    terminations: Texts
    program: Annotated[Mapping[str, Any] | None, _says("a table")] = None
    not_on: Annotated[
        Mapping[Barred, OneLine],
        _says('a reason for cpython, pypy, or a pattern of ids, as {"pypy-3.9.*" = "WHY"},'),
    ] = {}
    handler_ms: Annotated[
        tuple[Length, ...], _says(f"a list of milliseconds up to {LONGEST} that rise")
    ] = ()
    starts: Texts = ()
    acts: Annotated[str, _says("a role")] = ""
    printed: Annotated[bool, _says("true or false")] = False
    data: Annotated[Mapping[str, Any], _says("a table of kinds")] = {}
    command: Texts = ()
    server: Annotated[str, _says("a text")] = ""
    launchers: Texts = ()
    needs: Texts = ()
    busy: Texts = ()
    rests: Annotated[int, _says("seconds, less than 20")] = 0
    runner: Texts = ()


class Described(Header, frozen=True):
    """The table [tool.exitmatrix.program]."""

    steps: Annotated[list[Any], _says("a list")] = msgspec.field(default_factory=list)
    handlers: Annotated[Mapping[str, Any], _says("a table")] = {}
    tells: Texts = ()
    server: Annotated[Literal["", "threads", "one thread"], _says("threads or one thread")] = ""
    supervisor: Annotated[Literal["", "reloader", "wait"], _says("reloader or wait")] = ""
    data: Annotated[Mapping[str, str], _says("a table of natures")] = {}
