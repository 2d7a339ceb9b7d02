"""Tables in the comments of a file: the script metadata blocks of PEP 723. Pure."""

from __future__ import annotations

import re
import tomllib
from typing import Any

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
