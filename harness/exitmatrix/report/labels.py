"""How a survey is named and placed in a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.report.document import Code, Inline, Row, Symbol, inline, joined
from exitmatrix.report.survey import Group, Survey

LabelKey = tuple[str, Inline]  # a scenario, and the termination in words

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


def signal_sent(survey: Survey) -> str:
    """The signal that a termination begins with; "" for one that is none."""
    known = TERMINATIONS.get(survey.termination)
    return known.signal if known else ""


def place_words(where: Iterable[LabelKey]) -> Inline:
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


LabelledRows = tuple[tuple[Inline, Row], ...]  # who, and what they show; `OR` for a further outcome


def grouped_rows(shown: Iterable[tuple[Inline, LabelledRows]]) -> list[Row]:
    """Rows of a table, from what each termination shows: those that show the same share them."""
    names: dict[LabelledRows, list[Inline]] = {}
    for name, rows in shown:
        names.setdefault(rows, []).append(name)
    lines: list[Row] = []
    for rows, some in names.items():
        label = joined(", ", some)
        for first, cells in rows:
            lines.append(
                (OR if first == OR else inline(label, ": ", first) if first else label, *cells)
            )
            label = label if len(some) == 1 else "the same"
    return lines


def unknown_words(group: Group) -> Inline:
    """Words for runs that showed too little, with the reason."""
    return inline(Symbol.UNKNOWN, f" not known: {'; '.join(group.unknown)}")
