"""What the panel of the first page shows besides the answer: subjects, order, reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape

from exitmatrix.judge.texts import ALL_LAWS, telling
from exitmatrix.model import Frozen, Record
from exitmatrix.model.versions import Subject, subject_words
from exitmatrix.report.phrases import prose
from exitmatrix.report.render.html import html_words
from exitmatrix.report.site.content import Family, Site
from exitmatrix.report.site.laws import PATH as LAWS_PAGE
from exitmatrix.report.survey import Group, visible
from exitmatrix.report.timeline import figure, of_the_program


class Panel(Frozen, kw_only=True):
    """One group of subjects, told by its newest one."""

    subjects: str  # the subjects, in words
    steps: tuple[tuple[int, str], ...]  # of one run: the process by its place, 0 for none
    laws: tuple[str, ...]  # those that matter, by their ids


def panels(family: Family, site: Site) -> Iterator[Panel]:
    """One for each group of subjects that agree."""
    records = dict(family.records)  # newest first
    for group in family.survey.groups:
        members = {*group.subjects}
        subject = next(subject for subject in records if subject in members)
        judgement = site.judgements.get((subject.platform, records[subject].cell))
        rules = judgement.verdict.rules if judgement else ()
        yield Panel(
            subjects=subject_words(group.subjects, family.survey.measured) or _all(group),
            steps=tuple(_steps(subject, records[subject], group, site)),
            laws=telling(id for id in rules if id in ALL_LAWS),
        )


def _all(group: Group) -> str:
    number = len(group.subjects)
    return f"All {number} that were measured" if number > 1 else "The only one that was measured"


def _steps(subject: Subject, record: Record, group: Group, site: Site) -> Iterator[tuple[int, str]]:
    """The order of events of a run: of the outcome that is told in sentences, if one was kept."""
    timelines = site.timelines.get((subject.platform, record.cell), ())
    kept = [pair for pair in zip(record.outcomes, timelines, strict=False) if pair[1]]
    kept.sort(key=lambda pair: visible(pair[:1]) != group.outcomes[:1])
    for outcome, timeline in kept[:1]:
        roles = [one.role for one in outcome.processes]
        for role, what in figure(of_the_program(timeline or (), roles), roles).steps:
            yield (roles.index(role) + 1, f"{role} {what}") if role else (0, what)


@cache
def law_words(id: str) -> str:
    """A law, and the way to its source, as HTML."""
    because = html_words(prose(ALL_LAWS[id].because))
    return f'{because} <a href="{LAWS_PAGE}#{escape(id)}">Source</a>'


def order_html(steps: Sequence[tuple[int, str]]) -> str:
    """The order of events: a column for each process, and across them what happens between."""
    columns = max((column for column, _ in steps), default=1)
    lines = (
        f'<li style="grid-area:{row}/{column or "1/auto/-1"}">{escape(words)}</li>'
        for row, (column, words) in enumerate(steps, 1)
    )
    width = f"repeat({columns},minmax(0,1fr))"
    return f'<ol class="order" style="grid-template-columns:{width}">{"".join(lines)}</ol>'
