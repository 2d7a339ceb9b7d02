"""A page for each question that people ask and records answer; those that none answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from exitmatrix.declare.questions import QUESTIONS, Part, PeopleAsk, url_of
from exitmatrix.model import Frozen
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
from exitmatrix.report.phrases import prose
from exitmatrix.report.sections.answers import NOT_MEASURED, short_answer
from exitmatrix.report.sections.remedies import what_to_do
from exitmatrix.report.sentences import sentences
from exitmatrix.report.site.content import Family
from exitmatrix.report.survey import Group

INDEX = "questions/index.html"


class Answered(Frozen, kw_only=True):
    """A question with what is on record of it, case by case."""

    asked: PeopleAsk
    seen: tuple[tuple[Part, tuple[Family, ...]], ...]

    @property
    def families(self) -> tuple[Family, ...]:
        """All that answers it; the first is the answer in short."""
        return tuple(one for _, some in self.seen for one in some)

    @property
    def path(self) -> str:
        """The file of its page."""
        return f"{self.asked.folder}/index.html"


def answered_questions(families: Sequence[Family]) -> tuple[Answered, ...]:
    """Every question with the cells on record that answer it."""
    named = [(str(one.question), one) for one in families]
    return tuple(
        Answered(
            asked=question,
            seen=tuple(
                (case, tuple(one for name, one in named if fnmatchcase(name, case.cells)))
                for case in question.cases
            ),
        )
        for question in QUESTIONS
    )


def question_page(one: Answered) -> Section:
    """The page: in short, case by case, what to do, how to try it, and who asks."""
    blocks: list[Block] = [
        *_in_short(one),
        Section("Case by case", tuple(_cases(one))),
        *what_to_do(family.question for family in one.families),
        *_try(one.asked),
        *_missing(one.asked),
        *_threads(one.asked),
    ]
    return Section(prose(one.asked.asks), tuple(blocks))


def _in_short(one: Answered) -> Iterator[Block]:
    """What the newest showed in the first case of which something is on record."""
    case, family = next((case, some[0]) for case, some in one.seen if some)
    group = family.survey.groups[0]
    yield paragraph(Strong(short_answer(group)))
    yield paragraph(inline("First case below: ", case.says, "."))
    yield paragraph(joined(" Or: ", map(sentences, group.outcomes)) or "Not seen well enough.")
    subjects = subject_words(group.subjects, family.survey.measured)
    if subjects:
        yield paragraph(inline("So it is on ", Strong(subjects), "; others are in the table."))


def _cases(one: Answered) -> Iterator[Block]:
    rows: list[Row] = []
    for case, families in one.seen:
        rows += [
            (
                case.says,
                _newest(family.survey.groups[0]),
                Link(Code(str(family.question)), family.page),
                _others(family),
            )
            for family in families
        ]
        if not families:
            rows.append((case.says, NOT_MEASURED, "", ""))
    yield paragraph(
        "Each answer is the newest Python's, with the newest release that was measured. The cell"
        " leads to the order of events, the laws with their sources, and a program that shows it."
    )
    yield table(("what happens", "clean-up", "cell", "other versions"), rows)


def _newest(group: Group) -> Inline:
    """The answer, and what became of data in flight where there was some."""
    data = {
        f"{kind}: {state}" for one in group.outcomes for kind, state in (one.data or {}).items()
    }
    return joined("; ", (short_answer(group), ", ".join(sorted(data))))


def _others(family: Family) -> Inline:
    """The subjects that do otherwise, where that shows in the short answer."""
    first, *others = family.survey.groups
    by_answer: dict[Inline, list[Group]] = {}
    for group in others:
        by_answer.setdefault(_newest(group), []).append(group)
    by_answer.pop(_newest(first), None)
    return joined(
        " ",
        (
            inline(
                subject_words(
                    [subject for group in some for subject in group.subjects],
                    family.survey.measured,
                )
                or "some",
                ": ",
                answer,
                ".",
            )
            for answer, some in by_answer.items()
        ),
    )


def _try(asked: PeopleAsk) -> list[Section]:
    if not asked.tries:
        return []
    return [Section("Try it on your own program", (Listing("bash", (asked.tries,)),))]


def _missing(asked: PeopleAsk) -> list[Section]:
    if not asked.missing:
        return []
    return [Section("What these records do not tell", (paragraph(f"Missing: {asked.missing}."),))]


def _threads(asked: PeopleAsk) -> list[Section]:
    if not asked.threads:
        return []
    links = points(Link(one, url_of(one)) for one in asked.threads)
    return [Section("Who asks it", (links,))]


def questions_index(all_of_them: Sequence[Answered]) -> Section:
    """Those that have a page, each with its answer in short; then the others."""
    known = [one for one in all_of_them if one.families]
    others = [one for one in all_of_them if not one.families]
    rows: list[Row] = [
        (
            str(one.asked.number),
            Link(prose(one.asked.asks), one.path),
            short_answer(one.families[0].survey.groups[0]),
        )
        for one in known
    ]
    lead = paragraph(
        f"{len(known)} questions that people ask in public trackers, answered by what was measured."
        " Their order is by how many people a question is likely to hit."
    )
    blocks: list[Block] = [lead, table(("", "question", "answer of its first case"), rows)]
    if others:
        blocks.append(Section("Not answered by these records", (points(map(_open, others)),)))
    return Section("Asked most", tuple(blocks))


def _open(one: Answered) -> Item:
    """A question without a cell: what is missing, how to try it, and who asks."""
    asked = one.asked
    lines: list[Inline] = [inline(f"{asked.number}. ", prose(asked.asks))]
    lacking = asked.missing or "records of " + ", ".join(case.says for case in asked.cases)
    lines.append(f"Missing: {lacking}.")
    if asked.tries:
        lines.append(inline("On your own program: ", Code(asked.tries), "."))
    if asked.threads:
        links = joined(", ", (Link(each, url_of(each)) for each in asked.threads))
        lines.append(inline("Asked in ", links, "."))
    return Item(tuple(lines), name=asked.id)


def questions_about(all_of_them: Sequence[Answered]) -> Mapping[str, Sequence[Answered]]:
    """The questions that a cell answers, by its question."""
    found: dict[str, list[Answered]] = {}
    for one in all_of_them:
        for family in one.families:
            mine = found.setdefault(str(family.question), [])
            if one not in mine:
                mine.append(one)
    return found
