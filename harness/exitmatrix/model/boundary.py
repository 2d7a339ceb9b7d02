"""What was learnt from generated programs, as it is committed."""

from __future__ import annotations

from typing import Any, Literal

from exitmatrix.model.base import Frozen
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code


class Boundary(Frozen, kw_only=True):
    """A program that tells two neighbouring interpreters apart, and what it shows on either."""

    left: str  # ids of interpreters, the older one first
    right: str
    program: Code
    shows: tuple[Seen, Seen]
    runs: int  # on each side, all with the same result


class BatchResult(Frozen, kw_only=True):
    """What became of the programs of a batch."""

    batch: str  # generator and seed
    programs: int
    runs: int
    pythons: dict[str, dict[str, Any]]  # by id, as a record describes them
    mispredicted: int  # runs, as are the next three
    withheld: int  # because no law was measured
    endless: int  # that did not end, and for which the laws foresee no end
    unknown: int  # that were not seen to end, and for which they do


WitnessKind = Literal["program", "cell", "never"]


class Witness(Frozen, kw_only=True):
    """What contradicts damaged laws: a program by what it shows on a Python, or a cell on record.

    Or a program by what it never showed, in so many runs: all that the damage does is to allow it.
    """

    damage: str
    python: str
    program: Code | None = None
    shows: Seen | None = None
    never: bool = False  # `shows` is what it never showed
    runs: int = 1  # it took so many to see it, or not to see it
    cell: str = ""

    @property
    def kind(self) -> WitnessKind:
        """What contradicts the damaged laws."""
        return "never" if self.never else "cell" if self.cell else "program"
