"""The page of races: what was seen, in how many runs, and how rare what was not seen is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.model import Record
from exitmatrix.model.versions import Subject, subject_words
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Link,
    Row,
    Section,
    inline,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sentences import sentences
from exitmatrix.report.site.content import Family, Site

LEAD = paragraph(
    "Where runs of one cell differ, it is chance which of two events comes first. Every outcome"
    " that was seen is kept; such a cell is run twenty times or more. Records hold no frequencies,"
    " which are a machine's own: they hold how many runs stood behind the set when it last grew."
    " What none of n runs showed has a probability below 3/n, at 95 %."
)
MOST = 6  # outcomes of a race that are told here; the page of the cell tells all


def races_page(site: Site) -> Section:
    """The page; grids of lengths are left to the grace budget of the matrix."""
    racy = [one for one in site.families if one.survey.racy and not one.is_grid]
    about = paragraph(f"{len(racy)} of {len(site.families):,} ways to end a program are races.")
    parts = (_race(one, site) for one in racy)
    return Section("Races, with their odds", (LEAD, about, *parts))


def _race(family: Family, site: Site) -> Section:
    group = family.survey.groups[0]
    link = Link("in order, why, and by version", family.page)
    answers = [sentences(one) for one in group.outcomes[:MOST]]
    more = len(group.outcomes) - len(answers)
    if more > 0:
        answers.append(f"{more} more.")
    blocks: list[Block] = [
        paragraph(inline(short_answer(group), ". ", link, ".")),
        *_between(family, site),
        points(answers),
        table(("who", "runs", "outcomes seen", "one that was not seen"), _odds(family)),
    ]
    return Section(Code(str(family.question)), tuple(blocks))


def _between(family: Family, site: Site) -> Iterator[Block]:
    """Which events race, by the laws that allow several effects."""
    for subject, record in family.records:
        judgement = site.judgements.get((subject.platform, record.cell))
        rules = judgement.verdict.rules if judgement else ()
        laws = (LAWS_BY_ID[id] for id in rules if id in LAWS_BY_ID)
        events = [prose(one.race) for one in laws if one.race]
        if events:
            yield paragraph(inline("What races: ", events[0], "."))
            return


def _odds(family: Family) -> Iterator[Row]:
    """How often each was run, and what that says of what was not seen."""
    alike: dict[tuple[int, str], list[Subject]] = {}
    for subject, record in family.records:
        if record.outcomes:
            alike.setdefault((record.runs or 0, distinct(record)), []).append(subject)
    for (runs, outcomes), some in sorted(alike.items(), reverse=True):
        yield _subjects(some, family), str(runs or "not counted"), outcomes, bound(runs)


def _subjects(some: Sequence[Subject], family: Family) -> Inline:
    return subject_words(some, family.survey.measured) or "all that were measured"


def distinct(record: Record) -> str:
    """How many different outcomes were seen, those that only got less far among them."""
    if not record.seen and any(one.cut for one in record.outcomes):
        return f"{len(record.outcomes)}, and shorter ones"  # from before each of them was kept
    return str(len(record.seen or record.outcomes))


def bound(runs: int) -> str:
    """How probable at most is what none of so many runs showed: the rule of three.

    Source: Hanley and Lippman-Hand, JAMA 249 (1983), If nothing goes wrong, is everything
    all right?
    """
    if not runs:
        return "not known"
    percent = min(300 / runs, 100)
    return f"below {percent:.0f} %" if percent >= 10 else f"below {percent:.1f} %"
