"""The site of a user's own program: of the records that `exitmatrix run --json` wrote. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from exitmatrix.declare.situations import NoSuchSituation, find_situation
from exitmatrix.model import Outcome, Record, Timeline
from exitmatrix.model.cell import DIRECT
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Link,
    Listing,
    Row,
    Section,
    Strong,
    Symbol,
    inline,
    joined,
    paragraph,
    table,
)
from exitmatrix.report.sentences import sentences
from exitmatrix.report.site.content import folder_of
from exitmatrix.report.site.shell import document_page, framed
from exitmatrix.report.timeline import figure, of_the_program

NAVIGATION = {"index.html": "Your program"}
LEGEND = paragraph(
    "✓ all that was registered ran in every process that ended, ◐ not all of it, ✗ none,"
    " ● nothing of it ended, - nothing is registered, ≈ runs differ, ? it could not be seen."
)


def own_files(
    records: Sequence[Record], assets: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """All files: a first page with a row for each ending, and a page for each."""
    for name in ("style.css", "icon.svg"):
        yield f"assets/{name}", assets[name]
    yield "index.html", framed(document_page("index.html", front(records)), NAVIGATION)
    for record in records:
        path = page_path(record)
        yield path, framed(document_page(path, ending_page(record)), NAVIGATION)


def page_path(record: Record) -> str:
    """The file of an ending; one for each Python."""
    return f"{folder_of(record.question)}/{record.interpreter_id}/index.html"


def front(records: Sequence[Record]) -> Section:
    """Did clean-up run, ending by ending."""
    names = list(dict.fromkeys(one.scenario for one in records))
    days = sorted({one.since for one in records})
    rows: list[Row] = [
        (
            Link(Code(_ending(one)), page_path(one)),
            _does(one),
            own_answer(one),
            joined(" Or: ", map(sentences, one.outcomes)),
            one.interpreter_id,
        )
        for one in records
    ]
    lead = paragraph(inline("Seen by ", Code("exitmatrix run"), f" on {days[0]}."))
    several = len({one.interpreter_id for one in records}) > 1
    head = ("ending", "what is done", "clean-up ran", "what happens", "Python")
    shown = rows if several else [(*row[:-1], "") for row in rows]
    title = inline("Will the clean-up of ", *_between(names), " run?")
    return Section(title, (lead, table(head, shown), LEGEND))


def _between(names: Sequence[str]) -> Iterator[Inline]:
    yield joined(", ", map(Code, names))


def ending_page(record: Record) -> Section:
    """The answer, the order of events, and how to see it again."""
    blocks: list[Block] = [
        paragraph(_does(record)),
        Section("The answer", tuple(_answer(record))),
        *_figures(record),
        Section("See it again", (Listing("bash", (_command(record),)),)),
    ]
    return Section(inline(Code(record.scenario), ", ", Code(_ending(record))), tuple(blocks))


def _answer(record: Record) -> Iterator[Block]:
    yield paragraph(Strong(own_answer(record)))
    for place, outcome in enumerate(record.outcomes):
        yield paragraph(inline("Or: " if place else "", sentences(outcome)))
    for reason in record.unknown:
        yield paragraph(f"Some runs showed too little: {reason}.")


def _figures(record: Record) -> Iterator[Section]:
    several = len(record.outcomes) > 1
    for number, (outcome, steps) in enumerate(
        zip(record.outcomes, record.timelines, strict=False), 1
    ):
        roles = [one.role for one in outcome.processes]
        title = f"In order, outcome {number}" if several else "In order"
        yield Section(title, (figure(of_the_program(steps, roles), roles),))


def _ending(record: Record) -> str:
    by = "" if record.launcher == DIRECT else f", started by {record.launcher}"
    return f"{record.termination} to {record.target}{by}"


def _does(record: Record) -> str:
    try:
        return find_situation(record.termination).does
    except NoSuchSituation:
        return f"{record.termination}."


def _command(record: Record) -> str:
    how = "" if record.launcher == DIRECT else f" --as {record.launcher}"
    return f"exitmatrix run{how} --ending {record.termination} --at {record.target} -- COMMAND"


# ----------------------------------------------------------------------- the answer


def own_answer(record: Record) -> Inline:
    """Whether all ran that was registered, in the processes that ended."""
    timelines = [*record.timelines, *[()] * len(record.outcomes)]
    each = list(
        dict.fromkeys(
            _of_one(outcome, timeline)
            for outcome, timeline in zip(record.outcomes, timelines, strict=False)
        )
    )
    if not each:
        return inline(Symbol.UNKNOWN, " not seen")
    if len(each) == 1:
        return each[0]
    return inline(Symbol.RACE, " runs differ: ", joined(" or ", each))


def _of_one(outcome: Outcome, timeline: Timeline) -> Inline:
    ended = [
        one
        for one in outcome.processes
        if one.exit is not None and one.role not in _later(timeline)
    ]
    if not ended:
        return inline(Symbol.ALIVE, " it goes on")
    if not timeline or any(one.fired is None for one in ended):
        return inline(Symbol.UNKNOWN, " not seen from inside")
    lacking, ran, having = [], False, 0
    for one in ended:
        mine = Counter(step[2] for step in timeline if step[:2] == (one.role, "holds"))
        done = Counter(one.fired) - Counter(one.raised)
        having += bool(mine)
        ran = ran or bool(done)
        if mine - done:
            lacking.append(one.role)
    if not having:
        alive = {one.role for one in outcome.processes if one.exit is None}
        if any(step[0] in alive and step[1] == "holds" for step in timeline):
            return inline(Symbol.ALIVE, " it goes on")
        return "- nothing to run"
    if not lacking:
        return inline(Symbol.YES, " all")
    if not ran:
        return inline(Symbol.NO, " none")
    return inline(Symbol.SOME, " some" if having == 1 else f" not in {', '.join(lacking)}")


def _later(timeline: Timeline) -> set[str]:
    """Processes that were started after the first signal: nothing is asked of them."""
    began = next((place for place, step in enumerate(timeline) if step[1] == "sent"), len(timeline))
    return {step[0] for step in timeline[began:] if step[1] == "started"}
