"""Records in memory: many cells have the same parts, and equal parts are one object. Pure.

So memory follows the different outcomes, of which there are few, and not the cells.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from exitmatrix.model import Frozen, Outcome, Record, Timeline

ENCODER = msgspec.json.Encoder()
PARTS = {
    "interpreter": dict[str, Any],
    "packages": dict[str, str],
    "platform": dict[str, str],
    "outcomes": tuple[Outcome, ...],
    "seen": tuple[Outcome, ...],
    "timelines": tuple[Timeline, ...],
}
NAMES = ("stack", "scenario", "launcher", "termination", "target", "since")


class _Line(Frozen, kw_only=True):
    """A record whose parts are still text."""

    format: int
    cell: str
    interpreter: msgspec.Raw
    packages: msgspec.Raw
    stack: str
    scenario: str
    launcher: str
    termination: str
    target: str
    platform: msgspec.Raw
    since: str
    outcomes: msgspec.Raw
    unknown: tuple[str, ...] = ()
    seen: msgspec.Raw = msgspec.Raw(b"[]")
    runs: int | None = None
    timelines: msgspec.Raw = msgspec.Raw(b"[]")


class Sharing:
    """Records that have their equal parts in common."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Line)
        self._decoders = {name: msgspec.json.Decoder(kind) for name, kind in PARTS.items()}
        self._known: dict[str, dict[bytes, Any]] = {name: {} for name in PARTS}
        self._names: dict[str, str] = {}

    def decode(self, line: bytes) -> Record:
        """The record that a line holds. Raises what msgspec raises for one that holds none."""
        given = self._decoder.decode(line)
        parts = {name: self._part(name, bytes(getattr(given, name))) for name in PARTS}
        names: dict[str, Any] = {name: self._name(getattr(given, name)) for name in NAMES}
        return Record(
            format=given.format,
            cell=given.cell,
            unknown=given.unknown,
            runs=given.runs,
            **parts,
            **names,
        )

    def share(self, record: Record) -> Record:
        """The same record, with its parts shared with equal ones."""
        parts = {name: self._part(name, ENCODER.encode(getattr(record, name))) for name in PARTS}
        names = {name: self._name(getattr(record, name)) for name in NAMES}
        return replace(record, **parts, **names)

    def _name(self, text: str) -> str:
        return self._names.setdefault(text, text)

    def _part(self, name: str, text: bytes) -> Any:
        known = self._known[name]
        part = known.get(text)
        if part is None:  # none of them is null
            part = known[text] = self._decoders[name].decode(text)
        return part
