"""What the site is made of: records with all that is known of them, brought together once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Frozen, Judgement, Question, Record, Scenario, Timeline
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.record import Records
from exitmatrix.model.versions import Subject, subject_age, subject_of
from exitmatrix.report.document import Section
from exitmatrix.report.pages.claims import Reading
from exitmatrix.report.sections.budget import length_of
from exitmatrix.report.survey import Survey, surveys


class Site(Frozen, kw_only=True):
    """All that the pages tell."""

    records: Records
    families: tuple[Family, ...]  # of all records
    judgements: Mapping[tuple[str, str], Judgement]  # by platform and cell
    scenarios: Mapping[str, Scenario]
    timelines: Mapping[tuple[str, str], tuple[Timeline | None, ...]]
    """Of a run for each outcome, by platform and cell."""
    programs: Mapping[Question, str]  # reproducers, where there is one
    refusals: Mapping[Question, str]  # why there is none
    claims: Reading
    boundaries: Section  # the page of boundaries


class Family(Frozen, kw_only=True):
    """One question with the records that answer it, newest first."""

    survey: Survey
    records: tuple[tuple[Subject, Record], ...]

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.survey.question

    @property
    def folder(self) -> str:
        """The folder of what belongs to it alone."""
        return folder_of(self.question)

    @property
    def page(self) -> str:
        """The page that answers it, and its place there."""
        return page_of(self.question)

    @property
    def is_grid(self) -> bool:
        """Whether it is one of many that differ in a length alone."""
        return bool(length_of(self.question.scenario))


def surveys_of(asked: Sequence[Family]) -> Mapping[Question, Survey]:
    """The surveys by their questions, in the order of questions."""
    return {one.question: one.survey for one in sorted(asked, key=lambda one: one.question)}


def folder_of(question: Question) -> str:
    """The folder of a question: short, and stable."""
    return f"c/{question}"


def page_of(question: Question) -> str:
    """The page that answers a question, and its place where the page answers several.

    All ways to end one program below one launcher share a page.
    """
    if question.launcher == DIRECT:
        return f"{folder_of(question)}/index.html"
    return f"c/{question.scenario}/{question.launcher}/index.html#{question.ending}"


def families(records: Records, scenarios: Mapping[str, Scenario]) -> list[Family]:
    """Every question, in the order of scenarios and terminations."""
    asked: dict[Question, list[tuple[Subject, Record]]] = {}
    for platform, rows in records.items():
        for record in rows:
            asked.setdefault(record.question, []).append((subject_of(platform, record), record))
    places = {id: place for place, id in enumerate(TERMINATIONS)}
    found = [
        Family(
            survey=survey,
            records=tuple(
                sorted(asked[question], key=lambda one: subject_age(one[0]), reverse=True)
            ),
        )
        for question, survey in surveys(records, scenarios).items()
    ]
    return sorted(
        found,
        key=lambda one: (
            one.question.scenario,
            places.get(one.question.termination, len(places)),
            one.question,
        ),
    )
