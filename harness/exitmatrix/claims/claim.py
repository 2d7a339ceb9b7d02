"""A claim of a published text, and what would have to be seen for it. Frozen data."""

from __future__ import annotations

from typing import Literal

from exitmatrix.claims.conditions import Condition
from exitmatrix.model import Frozen

ClaimWord = Literal[
    "holds",
    "holds, but not for the reason given",
    "holds in some runs",
    "contradicted",
    "cannot be tested",
    "not measured",
]

HOLDS: ClaimWord = "holds"
OTHER_REASON: ClaimWord = "holds, but not for the reason given"
IN_SOME_RUNS: ClaimWord = "holds in some runs"
CONTRADICTED: ClaimWord = "contradicted"
UNTESTABLE: ClaimWord = "cannot be tested"
NOT_MEASURED: ClaimWord = "not measured"


class PublishedText(Frozen, kw_only=True):
    """One of the published texts."""

    id: str
    title: str
    where: str
    about: str


class Expect(Frozen, kw_only=True):
    """What the cells of a pattern have to show."""

    cells: str  # SCENARIO/TERMINATION@TARGET, with `*`
    shows: Condition
    of: Literal["every", "some"] = "every"  # of the cells of the pattern
    if_it_can_be_had: bool = False  # else a Python without such a cell is not asked at all


class Case(Frozen, kw_only=True):
    """One thing that may be seen, what it makes of the claim, and why."""

    verdict: ClaimWord
    because: str
    expects: tuple[Expect, ...]


class Claim(Frozen, kw_only=True):
    """One statement of a text."""

    id: str
    says: str
    cases: tuple[Case, ...] = ()
    beside: tuple[str, ...] = ()  # cells that are shown with it, and judge nothing
    opinion: str = ""  # why nothing that could be seen would decide it
    not_judged: str = ""  # what else the text says there, which is no matter of observation

    @property
    def judged_by(self) -> tuple[Expect, ...]:
        """What its cases ask, each pattern once."""
        asked = {one.cells: one for case in self.cases for one in case.expects}
        return tuple(asked.values())

    @property
    def rests_on(self) -> tuple[str, ...]:
        """Patterns of the cells that have to be measured for it."""
        return tuple(dict.fromkeys((*(one.cells for one in self.judged_by), *self.beside)))


def every(cells: str, shows: Condition) -> Expect:
    """All cells of a pattern have to show it."""
    return Expect(cells=cells, shows=shows)


def some(cells: str, shows: Condition) -> Expect:
    """At least one cell of a pattern has to show it."""
    return Expect(cells=cells, shows=shows, of="some")


def if_had(cells: str, shows: Condition) -> Expect:
    """All cells of a pattern, where there are any; others are not asked."""
    return Expect(cells=cells, shows=shows, if_it_can_be_had=True)


def case(verdict: ClaimWord, because: str, *expects: Expect) -> Case:
    """What may be seen, and what it makes of the claim."""
    return Case(verdict=verdict, because=because, expects=expects)
