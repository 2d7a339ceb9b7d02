"""What a record holds that this version of the program does not know. Pure.

Keys may be added under one format. A line that nothing was measured for is never
written anew, so it keeps them; this is for a record that has grown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from exitmatrix.model import Frozen, Outcome, Process, Record
from exitmatrix.model.outcome_sets import essence

INTERPRETER = {
    "implementation",
    "version",
    "implementation_version",
    "free_threaded",
    "debug",
    "build",
}
PLATFORM = {"system", "machine"}

Json = dict[str, Any]
T = TypeVar("T")


def has_foreign_keys(line: bytes) -> bool:
    """Whether a line that is a record holds what this version would not write."""
    given = msgspec.json.decode(line)
    return bool(
        _foreign(given, Record)
        or given["interpreter"].keys() - INTERPRETER
        or given["platform"].keys() - PLATFORM
        or any(
            _foreign(outcome, Outcome)
            or any(_foreign(one, Process) for one in outcome["processes"])
            for outcome in given["outcomes"]
        )
    )


def with_foreign_keys(old: bytes, new: Record) -> bytes:
    """The line of a record that takes the place of another, with what that held beside."""
    before: Json = msgspec.json.decode(old)
    now: Json = msgspec.to_builtins(new)
    for part, known in (("interpreter", INTERPRETER), ("platform", PLATFORM)):
        now[part] |= beside(known, before[part])
    now["outcomes"] = [_outcome(one, before["outcomes"]) for one in new.outcomes]
    return msgspec.json.encode(now | _foreign(before, Record))


def _outcome(one: Outcome, before: list[Json]) -> Json:
    """An outcome with the unknown keys that it has on record, if it is there."""
    now: Json = msgspec.to_builtins(one)
    for given in before:
        if essence(msgspec.convert(given, Outcome)) == essence(one):
            pairs = zip(now["processes"], given["processes"], strict=True)
            processes = [process | _foreign(old, Process) for process, old in pairs]
            return now | {"processes": processes} | _foreign(given, Outcome)
    return now


def beside(known: Collection[str], given: Mapping[str, T] | None) -> dict[str, T]:
    """What a table holds beside the keys that are known."""
    return {key: value for key, value in (given or {}).items() if key not in known}


def _foreign(given: Json, kind: type[Frozen]) -> Json:
    return beside(kind.__struct_encode_fields__, given)
