"""What became of data in flight: terminations down, kinds of data across. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exitmatrix.model import Outcome, Scenario
from exitmatrix.model.versions import subject_words
from exitmatrix.report.document import Block, Inline, Row, Symbol, inline, paragraph, table
from exitmatrix.report.labels import OR, LabelledRows, grouped_rows, rank, termination_words
from exitmatrix.report.survey import Group, Survey, regrouped


def data_blocks(scenario: Scenario, surveys: Sequence[Survey]) -> list[Block]:
    """A table, and what it shows, for a scenario that has data in flight."""
    kinds = sorted({kind for one in surveys for o in _outcomes(one) for kind in o.data or ()})
    if not kinds:
        return []
    rows = grouped_rows(
        (
            termination_words(survey, scenario.roles),
            _rows(regrouped(survey, _data_alone), scenario, kinds),
        )
        for survey in sorted(surveys, key=rank)
    )
    about = paragraph(
        inline(
            "What is on disk when a process has ended. ",
            Symbol.YES,
            ": as it should be then;",
        ),
        inline(Symbol.ALIVE, ": the process is alive, and nothing is lost yet."),
    )
    return [about, table(("what ends it", *kinds), rows)]


def _rows(survey: Survey, scenario: Scenario, kinds: Sequence[str]) -> LabelledRows:
    rows: list[tuple[Inline, Row]] = []
    for group in survey.groups:
        subjects = subject_words(group.subjects, survey.measured)
        rows += [
            (subjects if number == 0 else OR, cells)
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
