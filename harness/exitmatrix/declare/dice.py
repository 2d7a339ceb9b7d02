"""Pseudo-random choices that are the same on every machine and Python. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_64 = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


class Dice:
    """SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).

    `random.Random` promises the same sequence for `random()` only
    (docs: library/random, Notes on Reproducibility); here every choice counts.
    """

    def __init__(self, *seed: int) -> None:
        self._state = 0
        for number in seed:
            self._state = self._next() ^ (number & _64)

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1; the modulo's bias is below 2**-50 here."""
        return self._next() % limit

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.below(100) < percent

    def one(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as the others."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[tuple[int, T]]) -> T:
        """One of the options, each as likely as its weight says."""
        place = self.below(sum(weight for weight, _ in options))
        for weight, option in options:
            if place < weight:
                return option
            place -= weight
        raise AssertionError("weights are positive")

    def _next(self) -> int:
        self._state = (self._state + _GAMMA) & _64
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _64
        return mixed ^ (mixed >> 31)
