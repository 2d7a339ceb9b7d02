"""The table that opens the page: what people run, and what happens to it."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.declare.spoken import SUBJECTS, TITLES, ending_in, rows
from exitmatrix.model import Question, Scenario
from exitmatrix.model.cell import DIRECT
from exitmatrix.report.document import Code, Inline, Row, Section, inline, paragraph, table
from exitmatrix.report.sections.answers import NO_SUCH_THING, NOT_MEASURED, short_answer
from exitmatrix.report.survey import Survey

LEAD = inline(
    "Do the handlers of atexit run? Each entry is what the newest Python showed with the newest"
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
        cells: list[Inline] = []
        for _, situation in rows():
            ending = ending_in(situation, scenarios[id])
            if ending is None:
                cells.append(NO_SUCH_THING)
                continue
            survey = surveys.get(Question(id, DIRECT, ending.termination, ending.target))
            cells.append(short_answer(survey.groups[0]) if survey else NOT_MEASURED)
        lines.append((TITLES[id], *cells))
    head = ("what runs", *(spoken.title for spoken, _ in rows()))
    return [Section("Will my clean-up run?", (paragraph(LEAD), table(head, lines)))]
