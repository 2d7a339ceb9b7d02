"""One cell, on record and seen again."""

from __future__ import annotations

from exitmatrix.model.base import Frozen
from exitmatrix.model.outcome import Outcome
from exitmatrix.model.outcome_sets import contains, join
from exitmatrix.model.record import Record


class Change(Frozen, kw_only=True):
    """One cell, as it is on record and as it is now."""

    platform: str
    old: Record
    new: Record  # of `diff`, perhaps another interpreter's or stack's
    runs: int = 0  # how many runs the new one rests on; 0: not told
    python: str = ""  # what `--python` finds the new one by, where that is not the old one's id
    instead: tuple[str, ...] = ()  # what `--with` had installed for the new one

    @property
    def news(self) -> tuple[Outcome, ...]:
        """The outcomes that are not on record."""
        return tuple(one for one in self.new.outcomes if not contains(self.old.outcomes, one))

    @property
    def replaces(self) -> bool:
        """Whether no run showed anything that is on record: not another face of a race."""
        return not any(join(a, b) for a in self.old.outcomes for b in self.new.outcomes)
