"""Immutable values, and the version of the record format."""

from __future__ import annotations

from typing import dataclass_transform

import msgspec

FORMAT = 1
"""Version of the record format. Keys may be added under one number, not renamed."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all values: immutable, compared by content, defaults not written.

    Keys that a later version added are read over: they may be added, not renamed.
    """
