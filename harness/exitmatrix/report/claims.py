"""reports/claims.md: the published claims, with what was done, seen and concluded. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from exitmatrix.claims.assess import Assessment, Evidence
from exitmatrix.claims.claim import (
    CONTRADICTED,
    HOLDS,
    IN_SOME_RUNS,
    NOT_MEASURED,
    OTHER_REASON,
    UNTESTABLE,
    Claim,
    Text,
    Word,
)
from exitmatrix.claims.texts import TEXTS
from exitmatrix.model import Frozen, Outcome, Scenario
from exitmatrix.model.versions import (
    HELD_STILL,
    Subject,
    age,
    stack_age,
    stack_words,
    subject_of,
    subject_words,
)
from exitmatrix.report.basis import summary
from exitmatrix.report.by_hand import PREPARE, commands
from exitmatrix.report.questions import Question, questions
from exitmatrix.report.sentences import sentences
from exitmatrix.report.story import story
from exitmatrix.report.tables import markdown
from exitmatrix.report.words import code, plain, printed_words, prose, text

Lines = list[str]

HEAD = """\
# What was published about exit handlers, and what is seen

Three texts about Python's exit handlers, one of them in two versions, are the origin of this
project. Their claims are told here in our own words. Each was tried again, on every Python and
stack that can run it, and each verdict is computed from the observations by the conditions that
stand with it.""".splitlines()

LEGEND: Mapping[Word, str] = {
    HOLDS: "every run showed it; *since* or *until* a version where others did not",
    OTHER_REASON: "what the author saw is there, and has another cause than the text says",
    IN_SOME_RUNS: "a race: runs of one and the same cell differ",
    CONTRADICTED: "what was seen is not what the text says",
    UNTESTABLE: "an opinion: nothing that could be seen would decide it",
    NOT_MEASURED: "cells that it rests on have no observation",
}

BY_HAND = """\
Below, *done* is what to type to see it for oneself: bash, a checkout of this project, and as
`python` the Python that is asked, with the Flask that is asked where the program needs one. The
client needs `requests`. First, in the checkout:""".splitlines()


class Reading(Frozen, kw_only=True):
    """What the page is made of."""

    evidence: tuple[Evidence, ...]
    assessments: tuple[Assessment, ...]
    scenarios: dict[str, Scenario]


def render(reading: Reading) -> str:
    """The page."""
    page = _Page(reading)
    parts = [
        page.head(),
        story(reading.evidence),
        page.verdicts(),
        ["## Doing it by hand", "", *BY_HAND, "", "```bash", *PREPARE, "```"],
        *(part for one in TEXTS for part in page.section(one)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def short(assessment: Assessment) -> str:
    """One line for a terminal."""
    return f"{assessment.claim.id:4} {assessment.verdict}"


def in_full(reading: Reading, assessment: Assessment) -> str:
    """One claim for a terminal."""
    return plain("\n".join(_Page(reading).claim(assessment)))


class _Page:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.rows = {
            platform: [one.record for one in reading.evidence if one.platform == platform]
            for platform in sorted({one.platform for one in reading.evidence})
        }
        self.asked = {str(one.key): one for one in questions(self.rows).values()}

    # ------------------------------------------------------------ whole page

    def head(self) -> Lines:
        measured = summary(self.rows) if self.rows else "Nothing has been measured yet."
        return [*HEAD, "", measured]

    def verdicts(self) -> Lines:
        rows = [
            (
                f"[{one.claim.id}](#{one.claim.id.lower()})",
                prose(one.claim.says),
                f"**{text(one.verdict)}**",
            )
            for one in self.reading.assessments
        ]
        lines = ["## The verdicts", "", *markdown(("claim", "what it says", "verdict"), rows)]
        told = [f"- *{word}*: {means}." for word, means in LEGEND.items()]
        return [*lines, "", *told]

    def section(self, one: Text) -> list[Lines]:
        mine = [each for each in self.reading.assessments if _text_of(each.claim) == one.id]
        if not mine:
            return []
        head = [
            f"## Text {one.id}: {text(one.title)}",
            "",
            f"{text(one.where)}. {prose(one.about)}",
        ]
        return [head, *(self.claim(each) for each in mine)]

    # -------------------------------------------------------------- one claim

    def claim(self, one: Assessment) -> Lines:
        parts = [
            [f"### {one.claim.id}", "", f"> {prose(one.claim.says)}"],
            [" ".join((f"**{text(one.verdict[:1].upper() + one.verdict[1:])}.**", *_why(one)))],
            self._notes(one),
            self._done(one.claim),
            self._seen(one.claim),
            _conditions(one.claim),
            self._cells(one.claim),
        ]
        return [line for part in parts if part for line in (*part, "")][:-1]

    def _notes(self, one: Assessment) -> Lines:
        said = []
        if one.claim.opinion:
            said.append(prose(one.claim.opinion))
        if one.claim.not_judged:
            said.append(prose(one.claim.not_judged))
        if len(one.by_stack) == 2:
            (then, first), (_, now) = one.by_stack
            name = stack_words(then)
            said.append(
                f"{name}, the stack of 2020, and the newest of each Python agree."
                if first == now
                else f"With {name}, the stack of 2020: {first}. With the newest of each"
                f" Python: {now}."
            )
        elif one.by_stack:
            name = (
                stack_words(one.by_stack[0][0])
                if one.by_stack[0][0]
                else "the newest of each Python"
            )
            said.append(f"Only {name} was asked.")
        ruled = (who for ruling in one.rulings for who in ruling.subjects)
        everyone = {*ruled, *one.not_asked, *one.unmeasured}
        if one.not_asked:
            who = _who(one.not_asked, everyone)
            said.append(f"Not asked, because they cannot have what it takes: {who}.")
        if one.unmeasured:
            said.append(f"Not measured: {_who(one.unmeasured, everyone)}.")
        if one.unwritten:
            said.append(
                f"There is no program for: {', '.join(f'`{each}`' for each in one.unwritten)}."
            )
        return [" ".join(said)] if said else []

    def _names(self, claim: Claim) -> list[str]:
        """The cells that were measured for it, by the order of its patterns."""
        names = {
            name: None
            for pattern in claim.rests_on
            for name in sorted(self.asked, key=_natural)
            if self.asked[name].key.matches(pattern)
        }
        return list(names)

    def _done(self, claim: Claim) -> Lines:
        cells = []
        for name in self._names(claim):
            one = self.asked[name]
            if one.scenario in self.reading.scenarios:
                program = self.reading.scenarios[one.scenario]
                cells.append((program, one.termination, one.target))
        return ["Done:", "", "```bash", *commands(cells), "```"] if cells else []

    def _seen(self, claim: Claim) -> Lines:
        told: dict[str, list[str]] = {}
        for name in self._names(claim):
            answers = [*_answers(self.asked[name]), *self._helpers(name)]
            told.setdefault("\n".join(answers), []).append(name)
        if not told:
            return []
        lines = ["Seen:", ""]
        for said, names in told.items():
            lines.append(f"- {', '.join(map(code, names))}")
            lines += [f"  - {answer}" for answer in said.split("\n")]
        return lines

    def _helpers(self, name: str) -> Iterator[str]:
        """Who had processes beside those of the program: no part of what a question compares."""
        found: dict[tuple[str, ...], list[Subject]] = {}
        for one in self.reading.evidence:
            if str(one.question) == name:
                for helpers in {each.helpers for each in one.record.outcomes}:
                    who = subject_of(one.platform, one.record)
                    found.setdefault(helpers, []).append(who)
        for helpers, subjects in found.items():
            counted = [f"{code(each)} ({helpers.count(each)})" for each in sorted(set(helpers))]
            words = subject_words(subjects, self.asked[name].measured)
            if counted:
                yield f"{text(words) or 'All'}, besides: {', '.join(counted)}."

    def _cells(self, claim: Claim) -> Lines:
        """Of each stack the cells of the newest Python; the command finds the others."""
        mine = [
            one
            for one in self.reading.evidence
            if any(one.question.matches(pattern) for pattern in claim.rests_on)
        ]
        newest: dict[tuple[str, str], Evidence] = {}
        for one in sorted(mine, key=_age):
            held = stack_words(one.record.stack) if one.record.stack in HELD_STILL else ""
            newest[str(one.question), held] = one
        linked = [_link(one) for _, one in sorted(newest.items())]
        return [f"Cells of the newest: {', '.join(linked)}."] if linked else []


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts 50ms before 100ms."""
    return [(int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]


def _text_of(claim: Claim) -> str:
    return claim.id.rstrip("0123456789")


def _why(one: Assessment) -> Iterator[str]:
    """The reasons; where several verdicts were given, with who gave each."""
    measured = [who for ruling in one.rulings for who in ruling.subjects]
    for ruling in one.rulings:
        because = prose(ruling.because)
        if len(one.rulings) > 1:
            who = subject_words(ruling.subjects, measured)
            because = f"*{text(who)}, {ruling.verdict}*: {because}"
        yield because


def _answers(question: Question) -> Iterator[str]:
    """What was seen, with who showed it."""
    for group in question.groups:
        who = subject_words(group.subjects, question.measured)
        name = f"{text(who)}: " if who else ""
        seen = " *Or:* ".join(_seen(outcome) for outcome in group.outcomes)
        yield f"{name}{seen or text('not known: ' + '; '.join(group.unknown))}"


def _seen(outcome: Outcome) -> str:
    parts = [text(sentences(outcome))]
    if outcome.printed is not None:
        parts.append(f"On stderr, without frames: {printed_words(outcome)}.")
    if outcome.data:
        states: dict[str, list[str]] = {}
        for kind, state in outcome.data.items():
            states.setdefault(state, []).append(kind)
        told = "; ".join(f"{state}: {', '.join(kinds)}" for state, kinds in states.items())
        parts.append(f"{text(told[:1].upper() + told[1:])}.")
    return " ".join(parts)


def _conditions(claim: Claim) -> Lines:
    """What makes which verdict: the first case of which all is met."""
    if not claim.cases:
        return []
    lines = ["Judged by the first of these that every run meets:", ""]
    for case in claim.cases:
        asks: dict[tuple[str, str], list[str]] = {}
        for expect in case.expects:
            cells = asks.setdefault((expect.of, expect.shows.words), [])
            cells.append(f"`{expect.cells}`")
        told = [
            f"{'in some of' if of == 'some' else 'in'} {', '.join(cells)}: {text(words)}"
            for (of, words), cells in asks.items()
        ]
        lines.append(f"- *{case.verdict}*, if {'; and '.join(told)}.")
    return [*lines, f"- else *{CONTRADICTED}*."]


def _who(some: Iterable[Subject], everyone: Iterable[Subject]) -> str:
    return text(subject_words(list(some), list(everyone)) or "anybody")


def _link(one: Evidence) -> str:
    """To the line's file: GitHub shows no anchor within it."""
    file = f"observations/{one.platform}/{one.record.interpreter_id}.jsonl"
    return f"[{code(one.record.cell)}]({file})"


def _age(one: Evidence) -> tuple[object, ...]:
    who = subject_of(one.platform, one.record)
    return (*age(who.python), stack_age(who.stack), one.platform)
