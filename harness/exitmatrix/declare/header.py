"""Tables in the comments of a file: the script metadata blocks of PEP 723. Pure."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec


class Header(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", frozen=True):
    """A table of a header, of which every key is known.

    The description of a field says which values are valid.
    """


H = TypeVar("H", bound=Header)


class InvalidHeader(ValueError):
    """A table is not what its header may hold: the key, and what would be right."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key
        self.text = text


# Word for word from PEP 723, section "Specification", "Reference Implementation".
_BLOCK = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$",
)


def tables(text: str, kind: str) -> list[dict[str, Any]]:
    """The tables of all blocks of a kind. Raises tomllib.TOMLDecodeError."""
    contents = [match["content"] for match in _BLOCK.finditer(text) if match["type"] == kind]
    return [tomllib.loads("".join(map(_plain, one.splitlines(keepends=True)))) for one in contents]


def _plain(line: str) -> str:
    return line[2:] if line[:2] == "# " else line[1:]


def checked(table: Mapping[str, Any], form: type[H]) -> H:
    """A table as its form has it. Raises InvalidHeader."""
    known = form.__struct_encode_fields__
    for key in table:
        if key not in known:
            raise InvalidHeader(
                key, f"unknown key{nearest_key(key, known)}; valid: {', '.join(known)}"
            )
    for name in _required(form):
        if name not in table:
            raise InvalidHeader(name, "missing")
    try:
        return msgspec.convert(table, form)
    except msgspec.ValidationError as error:
        key = re.split(r"[.\[`]", str(error).partition("`$.")[2])[0]
        valid = msgspec.json.schema_components([form])[1][form.__name__]["properties"][key]
        raise InvalidHeader(key, f"{valid['description']} is valid, not {table[key]!r}") from error


@cache  # of the few forms that there are: to look at the types of one takes a while
def _required(form: type[Header]) -> tuple[str, ...]:
    """The keys that a table of this form needs."""
    return tuple(one.encode_name for one in msgspec.structs.fields(form) if one.required)


def nearest_key(word: str, valid: Iterable[str]) -> str:
    """`, nearest: ...`, or nothing; capitals do not count."""
    folded = {name.casefold(): name for name in valid}
    near = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.5)
    return f", nearest: {', '.join(folded[name] for name in near)}" if near else ""
