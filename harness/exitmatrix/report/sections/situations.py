"""The table that opens the page: what people run, and what happens to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from exitmatrix.declare.launchers import LAUNCHERS_BY_ID
from exitmatrix.declare.spoken import (
    BELOW_TITLES,
    PLAIN,
    SCENARIO_TITLES,
    SUBJECTS,
    ending_below,
    ending_in,
    rows,
)
from exitmatrix.model import Ending, Question, Scenario
from exitmatrix.model.app import Situation
from exitmatrix.model.cell import DIRECT
from exitmatrix.report.document import Code, Inline, Row, Section, Symbol, inline, paragraph, table
from exitmatrix.report.sections.answers import NO_SUCH_THING, NOT_MEASURED, short_answer
from exitmatrix.report.survey import Group, Survey

LEAD = inline(
    "Do the atexit handlers run? Each entry is what the newest Python showed with the newest"
    " release. ",
    Code("exitmatrix answer"),
    " says it in full, with the order of events and what to do.",
)


def situations_section(
    surveys: Mapping[Question, Survey], scenarios: Mapping[str, Scenario]
) -> list[Section]:
    """The section, where servers were measured."""
    known = [id for id in SUBJECTS if id in scenarios]
    asked = {survey.scenario for survey in surveys.values()}
    if not any(scenarios[id].command and id in asked for id in known):
        return []
    lines: list[Row] = []
    for id in (id for id in known if id in asked):
        endings = [(situation, ending_in(situation, scenarios[id])) for _, situation in rows()]
        lines.append((SCENARIO_TITLES[id], *_cells(surveys, id, DIRECT, endings)))
        if id == PLAIN:
            lines += _below(surveys, scenarios[id])
    head = ("what runs", *(named.title for named, _ in rows()))
    return [Section("Will my clean-up run?", (paragraph(LEAD), table(head, lines)))]


def _below(surveys: Mapping[Question, Survey], scenario: Scenario) -> Iterator[Row]:
    """The same program below what many programs run below, where that was measured."""
    measured = {one.launcher for one in surveys if one.scenario == scenario.id}
    for id, title in BELOW_TITLES.items():
        if id in measured:
            endings = [(one, ending_below(one, scenario, LAUNCHERS_BY_ID[id])) for _, one in rows()]
            yield title, *_cells(surveys, scenario.id, id, endings)


def _cells(
    surveys: Mapping[Question, Survey],
    scenario: str,
    launcher: str,
    endings: Sequence[tuple[Situation, Ending | None]],
) -> list[Inline]:
    """An entry for each situation."""
    cells: list[Inline] = []
    for situation, ending in endings:
        if ending is None:
            cells.append(NO_SUCH_THING)
            continue
        survey = surveys.get(Question(scenario, launcher, ending.termination, ending.target))
        cells.append(situation_entry(situation, survey.groups[0]) if survey else NOT_MEASURED)
    return cells


def situation_entry(situation: Situation, group: Group) -> Inline:
    """The short answer; of what goes on after the first signal, what its last one makes of it.

    Of the newest release alone: what an older one shows, be it in rare runs, is no answer for it.
    """
    group = replace(group, outcomes=group.newest)
    ends = [one.exit for outcome in group.outcomes for one in outcome.processes]
    if ends and not any(ends) and situation.kills_in_the_end:
        return inline(Symbol.NO, " no; it goes on until SIGKILL")
    return short_answer(group)
