"""The page of one question: the answer, the order, versions, why, and a program. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.texts import TEXTS
from exitmatrix.model.versions import subject_words
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Item,
    Link,
    Listing,
    Row,
    Section,
    Strong,
    inline,
    joined,
    paragraph,
    points,
    table,
)
from exitmatrix.report.labels import termination_words
from exitmatrix.report.pages.changes import command
from exitmatrix.report.phrases import prose
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sections.remedies import what_to_do
from exitmatrix.report.sentences import sentences
from exitmatrix.report.site.content import Family, Site
from exitmatrix.report.site.questions import Answered
from exitmatrix.report.survey import Group
from exitmatrix.report.timeline import figure, of_the_program


def family_page(family: Family, site: Site, asking: Sequence[Answered] = ()) -> Section:
    """The page, as a document; `asking` are the questions of people that it answers."""
    question = family.question
    scenario = site.scenarios.get(question.scenario)
    roles = scenario.roles if scenario else ()
    known = TERMINATIONS.get(question.termination)
    blocks: list[Block] = [
        paragraph(prose(f"{scenario.title}." if scenario else "A program that is gone.")),
        paragraph(prose(known.does if known else "Not in the catalogue any more.")),
        Section("The answer", tuple(_answer(family))),
        *_figures(family, site),
        *_versions(family),
        *_why(family, site),
        *what_to_do([question]),
        *_program(family, site),
        Section("Measure it again", (Listing("bash", (command(family.records[0][1]),)),)),
        *_asked(asking),
        _everybody(family),
    ]
    title = inline(Code(question.scenario), ", ", termination_words(family.survey, roles or ("",)))
    return Section(title, tuple(blocks))


def _answer(family: Family) -> Iterator[Block]:
    """The newest's answer, in short and in sentences."""
    group = family.survey.groups[0]
    yield paragraph(Strong(short_answer(group)))
    for outcome in group.outcomes:
        yield paragraph(inline(*_or(outcome is not group.outcomes[0]), sentences(outcome)))
    for reason in group.unknown:
        yield paragraph(f"Some runs showed too little: {reason}.")
    who = subject_words(group.subjects, family.survey.measured)
    if who:
        yield paragraph(inline("So it is on ", Strong(who), "; others do otherwise, see below."))


def _or(several: bool) -> tuple[Inline, ...]:
    return ("Or: ",) if several else ()


def _figures(family: Family, site: Site) -> Iterator[Section]:
    """What happened in a run of the newest, for each outcome."""
    who, record = family.records[0]
    several = len(record.outcomes) > 1
    timelines = site.timelines.get((who.platform, record.cell), ())
    for number, (outcome, timeline) in enumerate(zip(record.outcomes, timelines, strict=False), 1):
        if timeline:
            roles = [one.role for one in outcome.processes]
            title = f"In order, outcome {number}" if several else "In order"
            told = paragraph(
                inline(
                    "A run of ",
                    Code(record.cell),
                    ". What libraries register and what helpers do is left out; ",
                    Code("exitmatrix explain"),
                    " shows it.",
                )
            )
            yield Section(title, (told, figure(of_the_program(timeline, roles), roles)))


def _versions(family: Family) -> list[Section]:
    """Who shows what, where not all do the same."""
    groups = family.survey.groups
    if len(groups) == 1:
        several = len(family.survey.measured) > 1
        same = f"All {len(family.survey.measured)} that were measured do the same."
        return [Section("Versions", (paragraph(same if several else "Only one was measured."),))]
    rows: list[Row] = [
        (
            subject_words(group.subjects, family.survey.measured),
            short_answer(group),
            _in_full(group),
        )
        for group in groups
    ]
    return [Section("Versions", (table(("who", "in short", "what happens"), rows),))]


def _in_full(group: Group) -> Inline:
    return joined(" Or: ", map(sentences, group.outcomes)) or f"not known: {group.unknown[0]}"


def _why(family: Family, site: Site) -> list[Section]:
    """The rules that give the newest's outcome, each with its source."""
    who, record = family.records[0]
    judgement = site.judgements.get((who.platform, record.cell))
    if judgement is None:
        return []
    blocks: list[Block] = []
    if judgement.why:
        blocks.append(paragraph(inline(f"{judgement.verdict.verdict}: ", prose(judgement.why))))
    found = (TEXTS.get(id) for id in judgement.verdict.rules)
    known = [one for one in found if one]
    if known:
        blocks.append(points(Item((prose(one.because), _source(one.source))) for one in known))
    return [Section("Why", tuple(blocks))] if blocks else []


def _source(source: str) -> Inline:
    return f"Source: {source}" if source else ""


def _program(family: Family, site: Site) -> list[Section]:
    """The newest's cell as a program of its own."""
    program = site.programs.get(family.question)
    if program is not None:
        about = paragraph("A program that shows it without the harness. It says how to run it.")
        listing = Listing("python", tuple(program.rstrip("\n").splitlines()))
        return [Section("A program that shows it", (about, listing))]
    reason = site.refusals.get(family.question)
    if reason is None:
        return []
    return [Section("A program that shows it", (paragraph(f"There is none: {reason}."),))]


def _asked(asking: Sequence[Answered]) -> list[Section]:
    if not asking:
        return []
    links = points(Link(prose(one.asked.asks), one.path) for one in asking)
    return [Section("Who asks this", (links,))]


def _everybody(family: Family) -> Section:
    """Every interpreter, by which the page is linked to, below its answer."""
    answer_of = {
        subject: short_answer(group) for group in family.survey.groups for subject in group.subjects
    }
    stacks: dict[Inline, dict[str, list[str]]] = {}
    for who, record in family.records:
        mine = stacks.setdefault(answer_of[who], {})
        mine.setdefault(record.interpreter_id, []).append(record.stack)
    named: set[str] = set()
    items: list[Item] = []
    for answer, some in stacks.items():
        below = (
            Item((f"{name} {', '.join(those)}",), name="" if name in named else name)
            for name, those in some.items()
        )
        items.append(Item((answer,), below=tuple(below)))
        named |= set(some)
    return Section("Every interpreter", (points(items),))


def data(family: Family) -> bytes:
    """The outcomes and who showed them, for programs."""
    cells = {subject: record.cell for subject, record in family.records}
    groups = [
        {
            "cells": [cells[subject] for subject in group.subjects],
            "outcomes": group.outcomes,
            "unknown": group.unknown,
        }
        for group in family.survey.groups
    ]
    return msgspec.json.encode({"format": 1, "question": str(family.question), "groups": groups})
