"""The experiments of text B, drawn from real events: who ran a handler, who still serves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exitmatrix.claims.assess import Evidence
from exitmatrix.claims.texts.flask_note import EXPERIMENTS
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Outcome, Question
from exitmatrix.model.versions import HELD_STILL, subject_age, subject_of
from exitmatrix.report.document import (
    Block,
    Code,
    Emphasis,
    Figure,
    Inline,
    Section,
    Strong,
    inline,
    paragraph,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.timeline import figure, of_the_program

STORY = (
    paragraph(
        inline(
            "In July 2020 an author ran a small Flask app with the debug server, looked at it"
            " with ",
            Code("ps"),
            ", and",
        ),
        inline(
            "found two pids where one program had been started. A ",
            Code("kill -9"),
            " to one of them was followed by the",
        ),
        inline(
            "output of an exit handler, although a process that gets SIGKILL can handle"
            " nothing; a ",
            Code("kill -9"),
            " to",
        ),
        inline(
            "the other was not. After a request whose view called ",
            Code("os._exit"),
            ", which runs no handlers, the output",
        ),
        "was there again. The explanations given were about Flask.",
    ),
    paragraph(
        inline(
            "What was missing was a column that says ",
            Emphasis("which process"),
            " printed the lines. The debug server's",
        ),
        inline(
            "reloader starts the same file a second time: the first process is the ",
            Strong("parent"),
            ", which waits, and",
        ),
        inline(
            "the second its ",
            Strong("child"),
            ", which serves. Both run all of app.py, so both register the handlers.",
        ),
    ),
    paragraph(
        "In the figures each of the two has a column, and time runs downwards. Each line is an"
        " event that",
        "the process itself told, or the kernel. What libraries register, and processes that they"
        " start, are",
        inline("left out: ", Code("exitmatrix explain"), " shows them too."),
    ),
)


def story_section(evidence: Sequence[Evidence]) -> Section:
    """The section that opens the page."""
    experiments = []
    for cells in EXPERIMENTS:
        figures = list(_figures([one for one in evidence if str(one.question) == cells]))
        blocks: list[Block] = []
        for whose, outcome, drawn in figures:
            seen = Strong(f"{who_ran(outcome)} {who_serves(outcome)}")
            blocks += [paragraph(inline(seen, f" ({whose})")), drawn]
        if not figures:
            blocks.append(paragraph("Not measured yet."))
        experiments.append(Section(title(cells), tuple(blocks)))
    return Section("The story of the two pids", (*STORY, *experiments))


def title(cells: str) -> Inline:
    """What was done: `kill -9` to the child."""
    id, target = Question.parse(cells).ending
    known = TERMINATIONS[id]
    if known.delivery == "in-process":
        does = known.does.rstrip(".")
        return inline("A request, whose view ", prose(f"{does[:1].lower()}{does[1:]}"))
    if known.signal == "SIGKILL":
        return inline(Code("kill -9"), f" to the {target}")
    return f"{id} to the {target}"


def who_ran(outcome: Outcome) -> str:
    """In which processes the handlers ran that somebody at the terminal saw."""
    ran = [one.role for one in outcome.processes if one.fired]
    if any(one.fired is None for one in outcome.processes):
        return "Not every process was seen from inside."
    if not ran:
        return "No process ran a handler."
    alone = ", and no other process ran any" if len(ran) < len(outcome.processes) else ""
    return f"The handlers that ran are those of the {' and of the '.join(ran)}{alone}."


def who_serves(outcome: Outcome) -> str:
    """Who answered on the port afterwards."""
    if outcome.port == "open":
        return f"Afterwards the {' and the '.join(outcome.survivors)} still served on the port."
    return "Afterwards nobody answered on the port."


def _figures(evidence: Sequence[Evidence]) -> Iterator[tuple[str, Outcome, Figure]]:
    """With the stack of then and with today's, on the newest Python of each.

    A figure that is the same for both is drawn once.
    """
    drawn: dict[Figure, tuple[list[str], Outcome]] = {}
    for held in (True, False):
        mine = [one for one in evidence if (one.record.stack in HELD_STILL) == held]
        if not mine:
            continue
        newest = max(mine, key=_age)
        subject = subject_of(newest.platform, newest.record)
        for sight in newest.sights:
            if sight.timeline is not None:
                roles = [one.role for one in sight.outcome.processes]
                one = figure(of_the_program(sight.timeline, roles), roles)
                name = f"{subject.label} on {subject.python.full}"
                drawn.setdefault(one, ([], sight.outcome))[0].append(name)
    for one, (names, outcome) in drawn.items():
        yield " and ".join(names), outcome, one


def _age(one: Evidence) -> tuple[object, ...]:
    return subject_age(subject_of(one.platform, one.record))
