"""Batches of generated programs, by name: every one can be made again from name and number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from exitmatrix.declare.generate import GENERATOR_VERSION, random
from exitmatrix.declare.small_programs import small
from exitmatrix.declare.source import source
from exitmatrix.model.base import Frozen
from exitmatrix.model.language import Code


class Batch(Frozen, kw_only=True):
    """A number of random programs of a seed, or all small ones."""

    seed: int = 0
    programs: int = 0
    handlers: int | None = None  # of small programs: at most so many
    generation: int = GENERATOR_VERSION  # of the generator; small programs are the same in all

    @property
    def name(self) -> str:
        """What the batch is kept under; how many programs there are of it is no part."""
        kind = f"seed-{self.seed}" if self.handlers is None else "small"
        return f"generator-{self.generation}-{kind}"

    def __iter__(self) -> Iterator[tuple[int, Code]]:
        """Numbers and programs. Those with fewer handlers have the same numbers in any batch."""
        if self.handlers is not None:
            return enumerate(small(self.handlers))
        numbers = range(self.programs)
        return ((number, random(self.seed, number, self.generation)) for number in numbers)


def file_digest(text: str) -> str:
    """A short digest of a file: what was seen of another file of the same name is of no use."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def file_of(code: Code) -> tuple[str, str]:
    """The file that is run for a program, and its digest."""
    text = source(code)
    return text, file_digest(text)
