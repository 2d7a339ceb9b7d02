"""What to do where clean-up does not run, as it was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exitmatrix.declare.remedies import REMEDIES, Remedy, remedies_for
from exitmatrix.declare.spoken import SCENARIO_TITLES
from exitmatrix.judge.remedied import who_runs
from exitmatrix.model import Question, Scenario
from exitmatrix.model.cell import DIRECT
from exitmatrix.report.document import (
    Code,
    Inline,
    Item,
    Row,
    Section,
    Symbol,
    inline,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.sections.answers import NOT_MEASURED, short_answer
from exitmatrix.report.survey import Survey

HEAD = ("subject", "ending", "before", "remedy", "after", "cost")
LEAD = inline(
    "The smallest change that makes clean-up run, or makes it unnecessary. Before and after are"
    " what the newest Python showed with the newest release; ",
    Code("exitmatrix explain"),
    " shows either cell.",
)


def remedies_section(
    surveys: Mapping[Question, Survey], scenarios: Mapping[str, Scenario]
) -> list[Section]:
    """The section, with a row for each remedy of which something is on record."""
    rows = [
        _row(one, surveys, scenarios)
        for one in REMEDIES
        if Question.parse(one.instead_of) in surveys
    ]
    return [Section("What to do about it", (paragraph(LEAD), table(HEAD, rows)))] if rows else []


def what_to_do(questions: Iterable[Question], *, named: bool = True) -> list[Section]:
    """The remedies that were measured for some cells, in a section of their page.

    Each is `named` by its cell, where the page is about several.
    """
    items = [
        Item(
            (
                inline(
                    *((Code(one.instead_of), ": ") if named else ()),
                    inline(prose(one.change), " But: ", prose(one.cost)),
                ),
                inline("Measured as ", Code(one.shown_by), "."),
            )
        )
        for question in questions
        for one in remedies_for(str(question))
    ]
    return [Section("What to do", (points(items),))] if items else []


def _row(one: Remedy, surveys: Mapping[Question, Survey], scenarios: Mapping[str, Scenario]) -> Row:
    asked, shows = Question.parse(one.instead_of), Question.parse(one.shown_by)
    return (
        _subject(asked, scenarios),
        Code(str(asked.ending)),
        _before(one, surveys.get(asked)),
        prose(one.change),
        _after(one, surveys.get(shows), shows),
        prose(one.cost),
    )


def _subject(asked: Question, scenarios: Mapping[str, Scenario]) -> Inline:
    known = scenarios.get(asked.scenario)
    title = prose(SCENARIO_TITLES.get(asked.scenario) or (known.title if known else asked.scenario))
    return title if asked.launcher == DIRECT else inline(title, ", below ", Code(asked.launcher))


def _before(one: Remedy, survey: Survey | None) -> Inline:
    if survey is None:
        return NOT_MEASURED
    if one.data:
        return _data(survey, one.data.before)
    seen = short_answer(survey.groups[0])
    if one.runs and _all_ran(seen) and not _roles(one, survey):
        return inline(seen, "; ", Code(one.runs), " does not run")
    return seen


def _after(one: Remedy, survey: Survey | None, shows: Question) -> Inline:
    """What is seen with it, and the cell that shows it."""
    if survey is None:
        return NOT_MEASURED
    if one.data:
        seen = _data(survey, one.data.after)
    elif one.runs:
        seen = inline(Code(one.runs), f" runs in the {_roles(one, survey)}")
    else:
        seen = short_answer(survey.groups[0])
        seen = inline("it ends: ", seen) if one.ends else seen
    return inline(seen, " (", Code(str(shows)), ")")


def _all_ran(seen: Inline) -> bool:
    return Symbol.YES in (seen if isinstance(seen, tuple) else (seen,))


def _data(survey: Survey, kind: str) -> Inline:
    states = sorted({(one.data or {}).get(kind, "") for one in survey.groups[0].outcomes})
    return f"{kind}: {' or '.join(states)}"


def _roles(one: Remedy, survey: Survey) -> str:
    roles = {
        process.role.partition("#")[0]
        for outcome in survey.groups[0].outcomes
        for process in who_runs(one, outcome)
    }
    return " and the ".join(sorted(roles))
