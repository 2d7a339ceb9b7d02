"""What a harness and its engine say to each other: one JSON value a line."""

from __future__ import annotations

import msgspec

from exitmatrix.model import Trial, TrialSpec


class TrialRequest(msgspec.Struct, frozen=True):
    """A trial that is wanted, and its number."""

    number: int
    order: TrialSpec


class Hello(msgspec.Struct, tag="hello", frozen=True):
    """The engine's first word: it is up and takes orders."""


class TrialResult(msgspec.Struct, tag="trial", frozen=True):
    """The trial that was wanted under a number."""

    number: int
    trial: Trial


class Usage(msgspec.Struct, tag="usage", frozen=True):
    """The engine's last word: processor time in seconds, user and system together."""

    observed: float = 0.0
    harness: float = 0.0
    peak_kilobytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        """What two engines used, one after the other."""
        return Usage(
            observed=self.observed + other.observed,
            harness=self.harness + other.harness,
            peak_kilobytes=max(self.peak_kilobytes, other.peak_kilobytes),
        )


Message = Hello | TrialResult | Usage
