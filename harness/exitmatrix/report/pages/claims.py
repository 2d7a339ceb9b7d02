"""reports/claims.md: the published claims, with what was done, seen and concluded. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from exitmatrix.claims.assess import Assessment, Evidence
from exitmatrix.claims.claim import (
    CONTRADICTED,
    HOLDS,
    IN_SOME_RUNS,
    NOT_MEASURED,
    OTHER_REASON,
    UNTESTABLE,
    Claim,
    ClaimWord,
    PublishedText,
)
from exitmatrix.claims.texts import TEXTS
from exitmatrix.model import Frozen, Outcome, Question, Scenario
from exitmatrix.model.versions import (
    HELD_STILL,
    Subject,
    age,
    release,
    stack_age,
    subject_of,
    subject_words,
)
from exitmatrix.report.by_hand import PREPARE, commands
from exitmatrix.report.document import (
    Block,
    Code,
    Emphasis,
    Inline,
    Item,
    Link,
    Listing,
    Paragraph,
    Quote,
    Row,
    Section,
    Strong,
    codes,
    inline,
    joined,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import printed_words, prose
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.render.text import text
from exitmatrix.report.sections.basis import extent_words
from exitmatrix.report.sections.story import story_section
from exitmatrix.report.sentences import sentences
from exitmatrix.report.survey import Survey, surveys

TITLE = "What was published about exit handlers, and what happens"

HEAD = paragraph(
    "Three texts about Python's exit handlers, one of them in two versions, are the origin of this",
    "project. Here are their claims in our own words, and those of documentation since. Each was",
    "tried on the Pythons and stacks that can run it. Each verdict is computed from the",
    "observations, by the conditions that are listed with it.",
)

LEGEND: Mapping[ClaimWord, Inline] = {
    HOLDS: inline(
        "every run showed it; ",
        Emphasis("since"),
        " or ",
        Emphasis("until"),
        " a version where others did not",
    ),
    OTHER_REASON: "what the author saw happens, but the cause is not the one that the text gives",
    IN_SOME_RUNS: "a race: runs of one and the same cell differ",
    CONTRADICTED: "what was seen differs from what the text says",
    UNTESTABLE: "an opinion: nothing that could be seen would decide it",
    NOT_MEASURED: "cells that it depends on have no observation",
}

BY_HAND = paragraph(
    inline(
        "Below, ",
        Emphasis("done"),
        " is what to type to see it yourself: in bash, in a checkout of this project, and as",
    ),
    inline(
        Code("python"),
        " the Python that is asked, with the Flask that is asked where the program needs one. The",
    ),
    inline("client needs ", Code("requests"), ". First, in the checkout:"),
)

Stated = tuple[str, str]  # of which cells, and the words of a condition


class Reading(Frozen, kw_only=True):
    """What the page is made of."""

    evidence: tuple[Evidence, ...]
    assessments: tuple[Assessment, ...]
    scenarios: dict[str, Scenario]


def render(reading: Reading) -> str:
    """The page in Markdown."""
    return markdown(page(reading))


def page(reading: Reading, asked: Mapping[Question, Survey] | None = None) -> Section:
    """The page; `asked` are the surveys of the evidence, where they are made already."""
    parts = _Page(reading, asked)
    blocks: list[Block] = [
        HEAD,
        parts.measured(),
        story_section(reading.evidence),
        parts.verdicts(),
        Section("Doing it by hand", (BY_HAND, Listing("bash", tuple(PREPARE)))),
    ]
    return Section(TITLE, (*blocks, *(part for one in TEXTS for part in parts.section(one))))


def claim_line(assessment: Assessment) -> str:
    """One line for a terminal."""
    return f"{assessment.claim.id:4} {assessment.verdict}"


def in_full(reading: Reading, assessment: Assessment) -> str:
    """One claim for a terminal."""
    return text(_Page(reading).claim(assessment)).rstrip("\n")


class _Page:
    def __init__(self, reading: Reading, asked: Mapping[Question, Survey] | None = None) -> None:
        self.reading = reading
        self.rows = {
            platform: [one.record for one in reading.evidence if one.platform == platform]
            for platform in sorted({one.platform for one in reading.evidence})
        }
        self.surveys = {
            str(question): one
            for question, one in sorted(
                (surveys(self.rows, reading.scenarios) if asked is None else asked).items(),
                key=lambda item: _natural(str(item[0])),
            )
        }
        self.evidence: defaultdict[str, list[Evidence]] = defaultdict(list)
        for one in reading.evidence:
            self.evidence[str(one.question)].append(one)
        self._named: dict[str, list[str]] = {}  # by pattern: many claims name the same

    # ------------------------------------------------------------ whole page

    def measured(self) -> Paragraph:
        return paragraph(extent_words(self.rows) if self.rows else "Nothing has been measured yet.")

    def verdicts(self) -> Section:
        rows: list[Row] = [
            (
                Link(one.claim.id, f"#{one.claim.id.lower()}"),
                prose(one.claim.says),
                Strong(one.verdict),
            )
            for one in self.reading.assessments
        ]
        legend = points(inline(Emphasis(word), ": ", means, ".") for word, means in LEGEND.items())
        return Section("The verdicts", (table(("claim", "what it says", "verdict"), rows), legend))

    def section(self, one: PublishedText) -> list[Section]:
        mine = [each for each in self.reading.assessments if _text_of(each.claim) == one.id]
        if not mine:
            return []
        about = paragraph(inline(f"{one.where}. ", prose(one.about)))
        return [Section(f"Text {one.id}: {one.title}", (about, *map(self.claim, mine)))]

    # -------------------------------------------------------------- one claim

    def claim(self, one: Assessment) -> Section:
        verdict = Strong(f"{one.verdict[:1].upper()}{one.verdict[1:]}.")
        blocks: list[Block] = [
            Quote(prose(one.claim.says)),
            paragraph(joined(" ", (verdict, *_why(one)))),
            *self._notes(one),
            *self._done(one.claim),
            *self._seen(one.claim),
            *_conditions(one.claim),
            *self._cells(one.claim),
        ]
        return Section(one.claim.id, tuple(blocks))

    def _notes(self, one: Assessment) -> list[Paragraph]:
        notes: list[Inline] = []
        if one.claim.opinion:
            notes.append(prose(one.claim.opinion))
        if one.claim.not_judged:
            notes.append(prose(one.claim.not_judged))
        if len(one.by_stack) == 2:
            (then, first), (_, now) = one.by_stack
            name = _labels(one, then)
            notes.append(
                f"{name}, the stack of 2020, and the newest of each Python agree."
                if first == now
                else f"With {name}, the stack of 2020: {first}. With the newest of each"
                f" Python: {now}."
            )
        elif one.by_stack:
            (only, _) = one.by_stack[0]
            name = _labels(one, only) if only else "the newest of each Python"
            notes.append(f"Only {name} was asked.")
        ruled = (subject for ruling in one.rulings for subject in ruling.subjects)
        everyone = {*ruled, *one.not_asked, *one.unmeasured}
        if one.not_asked:
            names = _subject_words(one.not_asked, everyone)
            notes.append(f"Not asked, because they cannot have what it takes: {names}.")
        if one.unmeasured:
            notes.append(f"Not measured: {_subject_words(one.unmeasured, everyone)}.")
        if one.unwritten:
            notes.append(inline("There is no program for: ", codes(one.unwritten), "."))
        return [paragraph(joined(" ", notes))] if notes else []

    def _names(self, claim: Claim) -> list[str]:
        """The cells that were measured for it, by the order of its patterns."""
        for pattern in claim.rests_on:
            if pattern not in self._named:
                self._named[pattern] = [one for one in self.surveys if fnmatchcase(one, pattern)]
        return list(
            dict.fromkeys(name for pattern in claim.rests_on for name in self._named[pattern])
        )

    def _done(self, claim: Claim) -> list[Block]:
        cells = []
        for name in self._names(claim):
            one = self.surveys[name]
            if one.scenario in self.reading.scenarios:
                program = self.reading.scenarios[one.scenario]
                cells.append((program, one.termination, one.target))
        return [paragraph("Done:"), Listing("bash", tuple(commands(cells)))] if cells else []

    def _seen(self, claim: Claim) -> list[Block]:
        by_answers: dict[tuple[Inline, ...], list[str]] = {}
        for name in self._names(claim):
            answers = (*_answers(self.surveys[name]), *self._helpers(name))
            by_answers.setdefault(answers, []).append(name)
        if not by_answers:
            return []
        items = (
            Item((codes(names),), below=tuple(Item((answer,)) for answer in answers))
            for answers, names in by_answers.items()
        )
        return [paragraph("Seen:"), points(items)]

    def _helpers(self, name: str) -> Iterator[Inline]:
        """Who had processes beside those of the program: no part of what a survey compares."""
        found: dict[tuple[str, ...], list[Subject]] = {}
        for one in self.evidence[name]:
            for helpers in dict.fromkeys(each.helpers for each in one.record.outcomes):
                found.setdefault(helpers, []).append(subject_of(one.platform, one.record))
        for helpers, subjects in found.items():
            counted = [
                inline(Code(each), f" ({helpers.count(each)})") for each in sorted(set(helpers))
            ]
            words = subject_words(subjects, self.surveys[name].measured)
            if counted:
                yield inline(f"{words or 'All'}, besides: ", joined(", ", counted), ".")

    def _cells(self, claim: Claim) -> list[Paragraph]:
        """Of each stack the cells of the newest Python; the command finds the others."""
        mine = [one for name in self._names(claim) for one in self.evidence[name]]
        newest: dict[tuple[str, str], Evidence] = {}
        for one in sorted(mine, key=_age):
            held = one.record.stack if one.record.stack in HELD_STILL else ""
            newest[str(one.question), held] = one
        linked = [_link(one) for _, one in sorted(newest.items())]
        if not linked:
            return []
        return [paragraph(inline("Cells of the newest: ", joined(", ", linked), "."))]


def _labels(one: Assessment, stack: str) -> str:
    """The releases that a stack is for those who were judged with it: Flask 1.1.2."""
    judged = (subject for ruling in one.rulings for subject in ruling.subjects)
    return " and ".join(
        sorted({subject.label for subject in judged if subject.stack == stack}, key=release)
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts 50ms before 100ms."""
    return [(int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]


def _text_of(claim: Claim) -> str:
    return claim.id.rstrip("0123456789")


def _why(one: Assessment) -> Iterator[Inline]:
    """The reasons; where several verdicts were given, with who gave each."""
    measured = [subject for ruling in one.rulings for subject in ruling.subjects]
    for ruling in one.rulings:
        because = prose(ruling.because)
        if len(one.rulings) > 1:
            subjects = subject_words(ruling.subjects, measured)
            because = inline(Emphasis(f"{subjects}, {ruling.verdict}"), ": ", because)
        yield because


def _answers(survey: Survey) -> Iterator[Inline]:
    """What was seen, with who showed it."""
    for group in survey.groups:
        subjects = subject_words(group.subjects, survey.measured)
        seen: list[Inline] = []
        for outcome in group.outcomes:
            seen += [" ", Emphasis("Or:"), " ", _seen(outcome)] if seen else [_seen(outcome)]
        unknown = f"not known: {'; '.join(group.unknown)}"
        yield inline(f"{subjects}: " if subjects else "", inline(*seen) or unknown)


def _seen(outcome: Outcome) -> str:
    parts = [sentences(outcome)]
    if outcome.printed is not None:
        parts.append(f"On stderr, without frames: {printed_words(outcome)}.")
    return " ".join(parts)


def _conditions(claim: Claim) -> list[Block]:
    """What makes which verdict: the first case of which all is met."""
    if not claim.cases:
        return []
    items: list[Inline] = []
    for case in claim.cases:
        cells_of: dict[Stated, list[str]] = {}
        for expect in case.expects:
            cells_of.setdefault((expect.of, expect.shows.words), []).append(expect.cells)
        stated = [
            inline("in some of " if of == "some" else "in ", codes(cells), f": {words}")
            for (of, words), cells in cells_of.items()
        ]
        items.append(inline(Emphasis(case.verdict), ", if ", joined("; and ", stated), "."))
    items.append(inline("else ", Emphasis(CONTRADICTED), "."))
    return [paragraph("Judged by the first of these that every run meets:"), points(items)]


def _subject_words(some: Iterable[Subject], everyone: Iterable[Subject]) -> str:
    return subject_words(list(some), list(everyone)) or "anybody"


def _link(one: Evidence) -> Link:
    """To the line's file: GitHub shows no anchor within it."""
    file = f"observations/{one.platform}/{one.record.interpreter_id}.jsonl"
    return Link(Code(one.record.cell), file)


def _age(one: Evidence) -> tuple[object, ...]:
    subject = subject_of(one.platform, one.record)
    return (*age(subject.python), stack_age(subject.stack), one.platform)
