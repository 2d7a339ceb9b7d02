"""Immutable values, and the version of the record format."""

from __future__ import annotations

from typing import Any, dataclass_transform

import msgspec

FORMAT = 1
"""Version of the record format. Keys may be added under one number, not renamed."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True, gc=False):
    """Base of all values: fields are set once, compared by content, defaults not written.

    Keys that a later version added are read over: they may be added, not renamed.
    A hash is computed once. The collector of cycles does not look at values: a field is given
    when the value is made, so it holds what was there before.
    """


def doc(description: str, **rules: Any) -> msgspec.Meta:
    """What the published schema says of a value beyond its type; reading is not stricter for it.

    A name of JSON Schema that is a word of Python has an underscore behind it.
    """
    named = {name.rstrip("_"): rule for name, rule in rules.items()}
    return msgspec.Meta(description=description, extra_json_schema=named or None)
