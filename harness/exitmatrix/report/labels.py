"""How a survey is named and placed in a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.report.document import Code, Inline, Symbol, inline, joined
from exitmatrix.report.survey import Group, Survey

Place = tuple[str, Inline]  # a scenario, and the termination in words

OR = inline(Symbol.RACE, " or")
"""Labels every outcome of a race but the first."""


def rank(survey: Survey) -> tuple[bool, int, str, int, str]:
    """Sorts terminations: from outside first, each in the order of the catalogue."""
    known = TERMINATIONS.get(survey.termination)
    place = list(TERMINATIONS).index(survey.termination) if known else len(TERMINATIONS)
    order = {"parent": 0, "child": 1, "group": 2}
    return (
        known is None or known.delivery == "in-process",
        place,
        survey.termination,
        order.get(survey.target, 0),
        survey.target,
    )


def termination_words(survey: Survey, roles: Sequence[str]) -> Inline:
    """The termination, and its target where there is a choice."""
    name: Inline = Code(survey.termination)
    if survey.launcher != "direct":
        name = inline(f"{survey.launcher}: ", name)
    known = TERMINATIONS.get(survey.termination)
    from_outside = known is None or known.delivery.startswith("signal")
    return inline(name, f" to {survey.target}") if len(roles) > 1 and from_outside else name


def place_words(where: Iterable[Place]) -> Inline:
    """Where something shows, by scenario; an ending that is the only one goes without saying."""
    by_scenario: dict[str, list[Inline]] = {}
    for scenario, termination in where:
        by_scenario.setdefault(scenario, []).append(termination)
    return joined(
        "; ",
        (
            Code(scenario)
            if endings == [Code("return")]
            else inline(Code(scenario), " ", joined(", ", endings))
            for scenario, endings in by_scenario.items()
        ),
    )


def unknown_words(group: Group) -> Inline:
    """That runs showed too little, and why."""
    return inline(Symbol.UNKNOWN, f" not known: {'; '.join(group.unknown)}")
