"""What became of data in flight: terminations down, kinds of data across. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.model import Outcome, Question, Scenario
from exitmatrix.model.versions import subject_words
from exitmatrix.report.document import (
    Inline,
    Row,
    Section,
    Symbol,
    inline,
    joined,
    paragraph,
    table,
)
from exitmatrix.report.labels import OR, rank, termination_words
from exitmatrix.report.phrases import prose
from exitmatrix.report.survey import Group, Survey, regrouped

Block = tuple[tuple[Inline, Row], ...]  # who, and what became of each kind, for each outcome


def data_sections(
    surveys: Mapping[Question, Survey], programs: Mapping[str, Scenario]
) -> list[Section]:
    """A section for each scenario that has data in flight."""
    sections = []
    for scenario in programs.values():
        mine = [one for one in surveys.values() if one.scenario == scenario.id]
        kinds = sorted({kind for one in mine for o in _outcomes(one) for kind in o.data or ()})
        if kinds:
            sections.append(_section(scenario, kinds, mine))
    return sections


def _section(scenario: Scenario, kinds: Sequence[str], surveys: Iterable[Survey]) -> Section:
    """Terminations after which everything looks the same share their rows."""
    blocks: dict[Block, list[Inline]] = {}
    for survey in sorted(surveys, key=rank):
        block = _block(regrouped(survey, _data_alone), scenario, kinds)
        blocks.setdefault(block, []).append(termination_words(survey, scenario.roles))
    rows: list[Row] = []
    for block, endings in blocks.items():
        label = joined(", ", endings)
        for who, cells in block:
            named = inline(label, ": ", who) if who else label
            rows.append((OR if who == OR else named, *cells))
            label = "the same"
    about = paragraph(
        inline(
            "What is on disk when nobody is alive any more. ",
            Symbol.YES,
            " is what a clean end makes of it;",
        ),
        inline(Symbol.ALIVE, " while a process is alive, nothing is lost yet."),
    )
    return Section(
        inline("Data in flight: ", prose(scenario.title)),
        (about, table(("what ends it", *kinds), rows)),
    )


def _block(survey: Survey, scenario: Scenario, kinds: Sequence[str]) -> Block:
    rows: list[tuple[Inline, Row]] = []
    for group in survey.groups:
        who = subject_words(group.subjects, survey.measured)
        rows += [
            (who if number == 0 else OR, cells)
            for number, cells in enumerate(_cells(group, scenario, kinds))
        ]
    return tuple(rows)


def _cells(group: Group, scenario: Scenario, kinds: Sequence[str]) -> list[Row]:
    seen: list[Row] = [
        tuple(_cell(outcome, kind, scenario.data.get(kind)) for kind in kinds)
        for outcome in group.outcomes
    ]
    if group.unknown or not seen:
        seen.append((inline(Symbol.UNKNOWN, " not known"),) * len(kinds))
    return seen


def _cell(outcome: Outcome, kind: str, clean: str | None) -> Inline:
    if outcome.data is None:
        return inline(Symbol.ALIVE, " in flight")
    state = outcome.data.get(kind)
    if state is None:
        return inline(Symbol.UNKNOWN, " not known")
    return inline(Symbol.YES if state == clean else Symbol.NO, f" {state}") if clean else state


def _data_alone(outcome: Outcome) -> Outcome:
    return Outcome(processes=(), order=None, survivors=(), helpers=(), data=outcome.data)


def _outcomes(survey: Survey) -> Iterable[Outcome]:
    return (outcome for group in survey.groups for outcome in group.outcomes)
