"""A plan in parts of about equal cost, for several machines. Pure.

What is divided are the questions: all cells that ask one are of one part, whatever the
interpreter and the stack, because one that shows a race has all of them run twenty times.
Which part a question is in follows from the scenarios and the selection alone, so that
machines with other Pythons divide alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.declare.terminations import CATALOGUE
from exitmatrix.model import Frozen, Question, Scenario
from exitmatrix.plan.cells import Plan, Selection, combinations, matches_any
from exitmatrix.plan.schedule import SEVERAL, SINGLE

PLAIN, SERVES, SEVERAL_SERVE = 1, 15, 30
"""Hundredths of a second of processor that a trial takes, as measured with a bare program, with
Flask's server and with its debug server."""


class Shard(Frozen):
    """One of so many parts."""

    number: int  # from 1
    of: int

    def __str__(self) -> str:
        """2/8."""
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The part that a text names. Raises ValueError."""
        match = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", text)
        if not match or int(match[1]) > int(match[2]):
            raise ValueError(f"'{text}' is not a part; write 2/8 for the second of eight")
        return cls(int(match[1]), int(match[2]))


def of_shard(
    planned: Plan, scenarios: Sequence[Scenario], selection: Selection, shard: Shard
) -> Plan:
    """The cells of a plan whose question is in a part."""
    mine = balanced(costs(scenarios, selection), shard.of)[shard.number - 1]
    cells = tuple(cell for cell in planned.cells if cell.question in mine)
    return Plan(cells=cells, left_out=planned.left_out)


def costs(scenarios: Iterable[Scenario], selection: Selection) -> dict[Question, int]:
    """All that a selection may ask, on whatever Python, and what each costs about."""
    endings = [one for one in CATALOGUE if matches_any(one.id, selection.termination)]
    return {
        Question(one.id, asked.launcher, asked.termination.id, asked.target): cost(one)
        for one in scenarios
        if matches_any(one.id, selection.scenario)
        for asked, _ in combinations(one, endings, selection)
    }


def cost(scenario: Scenario) -> int:
    """What a cell of a scenario costs, as far as can be said before it has run."""
    several = len(scenario.roles) > 1
    trial = (SEVERAL_SERVE if several else SERVES) if _serves(scenario) else PLAIN
    return trial * (SEVERAL if several else SINGLE)


def _serves(scenario: Scenario) -> bool:
    return bool(scenario.serves or scenario.server)


def balanced(weights: Mapping[Question, int], parts: int) -> list[frozenset[Question]]:
    """The questions in parts: the dearest first, each into the part that costs least so far.

    (Graham's rule LPT: no part costs more than 4/3 of what the best division would.)
    """
    total: defaultdict[int, int] = defaultdict(int)
    held: list[set[Question]] = [set() for _ in range(parts)]
    for question in sorted(weights, key=lambda one: (-weights[one], one)):
        part = min(range(parts), key=lambda one: (total[one], one))
        total[part] += weights[question]
        held[part].add(question)
    return [frozenset(one) for one in held]
