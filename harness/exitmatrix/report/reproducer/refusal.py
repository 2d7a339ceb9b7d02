"""Why there is no program for a cell."""

from __future__ import annotations


class Refusal(Exception):
    """The cell needs something that cannot be said without the harness. The text says what."""
