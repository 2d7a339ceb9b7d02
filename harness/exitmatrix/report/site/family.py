"""The page of one question: the answer, the order, versions, why, and a program. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import msgspec

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.texts import ALL_LAWS, telling
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
from exitmatrix.report.site.laws import COMMON
from exitmatrix.report.site.laws import PATH as LAWS_PAGE
from exitmatrix.report.site.questions import Answered
from exitmatrix.report.survey import Group
from exitmatrix.report.timeline import figure, of_the_program


def family_page(family: Family, site: Site, asking: Sequence[Answered] = ()) -> Section:
    """The page, as a document; `asking` are the questions of people that it answers."""
    question = family.question
    scenario = site.scenarios.get(question.scenario)
    roles = scenario.roles if scenario else ()
    title_of_it = prose(f"{scenario.title}." if scenario else "A program that is gone.")
    blocks: list[Block] = [
        paragraph(title_of_it, inline(Code(question.termination), ": ", ending_words(family))),
        Section("The answer", tuple(answer_blocks(family))),
        *figures(family, site),
        Section("Versions", (*versions(family), *interpreters(family))),
        *_why(family, site),
        *what_to_do([question], named=False),
        *_program(family, site),
        *asked(asking),
    ]
    title = inline(Code(question.scenario), ", ", termination_words(family.survey, roles or ("",)))
    return Section(title, tuple(blocks))


def ending_words(family: Family) -> Inline:
    """What ends the program, in a sentence."""
    known = TERMINATIONS.get(family.question.termination)
    return prose(known.does if known else "Not in the catalogue any more.")


def answer_blocks(family: Family) -> Iterator[Block]:
    """The newest's answer, in short and in sentences."""
    group = family.survey.groups[0]
    yield paragraph(Strong(short_answer(group)))
    for outcome in group.outcomes:
        yield paragraph(
            inline("Or: " if outcome is not group.outcomes[0] else "", sentences(outcome))
        )
    for reason in group.unknown:
        yield paragraph(f"Some runs showed too little: {reason}.")
    subjects = subject_words(group.subjects, family.survey.measured)
    if subjects:
        yield paragraph(
            inline("This holds for ", Strong(subjects), ". Others differ: see the table.")
        )


def figures(family: Family, site: Site) -> Iterator[Section]:
    """What happened in a run of the newest, for each outcome."""
    for title, blocks in drawn(family, site):
        yield Section(title, blocks)


def drawn(family: Family, site: Site) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """The order of events of each outcome, with a title."""
    subject, record = family.records[0]
    several = len(record.outcomes) > 1
    timelines = site.timelines.get((subject.platform, record.cell), ())
    for number, (outcome, timeline) in enumerate(zip(record.outcomes, timelines, strict=False), 1):
        if timeline:
            roles = [one.role for one in outcome.processes]
            title = f"In order, outcome {number}" if several else "In order"
            seen = paragraph(
                inline("Seen on ", Code(f"{record.interpreter_id}/{record.stack}"), ".")
            )
            yield title, (seen, figure(of_the_program(timeline, roles), roles))


def versions(family: Family) -> Iterator[Block]:
    """Which subjects show what, where not all do the same."""
    groups = family.survey.groups
    if len(groups) == 1:
        several = len(family.survey.measured) > 1
        same = f"All {len(family.survey.measured)} that were measured do the same."
        yield paragraph(same if several else "Only one was measured.")
        return
    rows: list[Row] = [
        (
            subject_words(group.subjects, family.survey.measured),
            short_answer(group),
            _in_full(group),
        )
        for group in groups
    ]
    yield table(("who", "in short", "what happens"), rows)


def _in_full(group: Group) -> Inline:
    return joined(" Or: ", map(sentences, group.outcomes)) or f"not known: {group.unknown[0]}"


def laws_behind(family: Family, site: Site) -> tuple[str, ...]:
    """The laws that give the newest's outcome, by their ids."""
    subject, record = family.records[0]
    judgement = site.judgements.get((subject.platform, record.cell))
    return tuple(id for id in judgement.verdict.rules if id in ALL_LAWS) if judgement else ()


def open_words(family: Family, site: Site) -> Iterator[Block]:
    """What the laws do not explain of it."""
    subject, record = family.records[0]
    judgement = site.judgements.get((subject.platform, record.cell))
    if judgement and judgement.why:
        yield paragraph(inline(f"{judgement.verdict.verdict}: ", prose(judgement.why)))


@cache
def law_item(id: str, name: str = "") -> Item:
    """A law, and the way to its source."""
    return Item((prose(ALL_LAWS[id].because), Link("Source", f"{LAWS_PAGE}#{id}")), name=name)


def _why(family: Family, site: Site) -> list[Section]:
    """The laws that matter here, and a link to those on which most cells rest."""
    blocks: list[Block] = [*open_words(family, site)]
    known = laws_behind(family, site)
    shown = telling(known)
    if shown:
        blocks.append(points(map(law_item, shown)))
    if len(shown) < len(known):
        there = Link("what holds for most programs", f"{LAWS_PAGE}#{COMMON}")
        blocks.append(paragraph(inline("And ", there, ".")))
    return [Section("Why", tuple(blocks))] if blocks else []


def _program(family: Family, site: Site) -> list[Section]:
    """The newest's cell as a program of its own, and the command that measures it again."""
    again = Listing("bash", (command(family.records[0][1]),))
    program = site.programs.get(family.question)
    if program is not None:
        about = paragraph("This program shows it without exitmatrix, and says how to run it:")
        listing = Listing("python", tuple(program.rstrip("\n").splitlines()))
        return [Section("See it again", (again, about, listing))]
    reason = site.refusals.get(family.question)
    none = [paragraph(f"No program shows it without exitmatrix: {reason}.")] if reason else []
    return [Section("See it again", (again, *none))]


def asked(asking: Sequence[Answered]) -> list[Section]:
    """The questions of people that it answers."""
    if not asking:
        return []
    links = points(Link(prose(one.asked.asks), one.path) for one in asking)
    return [Section("Who asks this", (links,))]


def interpreters(*families: Family) -> Iterator[Block]:
    """Every interpreter, by which a page is linked to, below its answer and with its stacks."""
    by_answer: dict[Inline, dict[str, list[tuple[str, str]]]] = {}
    answers = {
        (one.question, subject): short_answer(group)
        for one in families
        for group in one.survey.groups
        for subject in group.subjects
    }
    for family in families:
        mine: dict[tuple[Inline, str, str], list[str]] = {}
        for subject, record in family.records:
            key = answers[family.question, subject], record.interpreter_id, subject.python.full
            mine.setdefault(key, []).append(record.stack)
        for (answer, id, full), stacks in mine.items():
            by_answer.setdefault(answer, {}).setdefault(", ".join(stacks), []).append((id, full))
    named: set[str] = set()
    items: list[Item] = []
    for answer, by_stacks in by_answer.items():
        for with_these, some in by_stacks.items():
            below = []
            for id, full in some:
                below.append(Item((full,), name="" if id in named else id))
                named.add(id)
            words = "" if len(by_answer) == 1 else answer
            what = "" if with_these == "none" else f"with {with_these}"
            label = joined(", ", (words, what)) or "all"
            items.append(Item((inline(label, ":"),), below=tuple(below)))
    yield points(items)


def family_data(*families: Family) -> bytes:
    """The outcomes and who showed them, for programs."""
    return msgspec.json.encode(
        {"format": 3, "questions": {str(one.question): _groups(one) for one in families}}
    )


def _groups(family: Family) -> list[dict[str, object]]:
    records = dict(family.records)
    groups: list[dict[str, object]] = []
    for group in family.survey.groups:
        interpreters: dict[str, list[str]] = {}
        for subject in group.subjects:
            record = records[subject]
            interpreters.setdefault(record.stack, []).append(record.interpreter_id)
        groups.append(
            {"interpreters": interpreters, "outcomes": group.outcomes, "unknown": group.unknown}
        )
    return groups
