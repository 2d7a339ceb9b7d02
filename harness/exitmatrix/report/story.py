"""The experiments of text B, drawn from real events: who ran a handler, who still serves. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from exitmatrix.claims.assess import Evidence
from exitmatrix.claims.texts.flask_note import EXPERIMENTS
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Outcome, Question, Timeline
from exitmatrix.model.versions import HELD_STILL, age, stack_age, stack_words, subject_of
from exitmatrix.report.steps import steps

Lines = list[str]

HARNESS = "harness"  # as a timeline calls it
OF_HANDLERS = ("registered", "began", "returned", "raised")

STORY = """\
In July 2020 an author ran a small Flask app with the debug server, looked at it with `ps`, and
found two pids where one program had been started. A `kill -9` to one of them was followed by the
output of an exit handler, although a process that gets SIGKILL can handle nothing; a `kill -9` to
the other was not. After a request whose view called `os._exit`, which runs no handlers, the output
was there again. The explanations given were about Flask.

What was missing is a column that says *which process* printed the lines. The debug server's
reloader starts the same file a second time: the first process is the **parent**, which waits, and
the second its **child**, which serves. Both run all of app.py, so both register the handlers.

In the figures each of the two has a column, and time runs downwards. Each line is an event that
the process itself told, or the kernel. What libraries register, and processes that they start, are
left out: `exitmatrix explain` shows them too.""".splitlines()

OF_A_LIBRARY = re.compile(
    r"\w+(\.\w+)+"
)  # logging.shutdown: with the module; a program's own has none


def story(evidence: Sequence[Evidence]) -> Lines:
    """The section that opens the page."""
    lines = ["## The story of the two pids", "", *STORY]
    for cells in EXPERIMENTS:
        lines += ["", f"### {title(cells)}"]
        figures = list(_figures([one for one in evidence if str(one.question) == cells]))
        for whose, outcome, drawn in figures:
            told = f"**{who_ran(outcome)} {who_serves(outcome)}**"
            lines += ["", f"{told} ({whose})", "", "```text", *drawn, "```"]
        if not figures:
            lines += ["", "Not measured yet."]
    return lines


def title(cells: str) -> str:
    """What was done: `kill -9` to the child."""
    id, target = Question.parse(cells).ending
    known = TERMINATIONS[id]
    if known.delivery == "in-process":
        does = known.does.rstrip(".")
        return f"A request, whose view {does[:1].lower()}{does[1:]}"
    return f"`kill -9` to the {target}" if known.signal == "SIGKILL" else f"{id} to the {target}"


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


def _figures(evidence: Sequence[Evidence]) -> Iterator[tuple[str, Outcome, Lines]]:
    """With the stack of then and with today's, on the newest Python of each.

    A figure that is the same for both is drawn once.
    """
    drawn: dict[tuple[str, ...], tuple[list[str], Outcome]] = {}
    for held in (True, False):
        mine = [one for one in evidence if (one.record.stack in HELD_STILL) == held]
        if not mine:
            continue
        newest = max(mine, key=_age)
        who = subject_of(newest.platform, newest.record)
        for sight in newest.sights:
            if sight.timeline is not None:
                roles = [one.role for one in sight.outcome.processes]
                figure = tuple(steps(_own(sight.timeline, roles), roles))
                name = f"{stack_words(who.stack)} on {who.python.full}"
                drawn.setdefault(figure, ([], sight.outcome))[0].append(name)
    for figure, (names, outcome) in drawn.items():
        yield " and ".join(names), outcome, list(figure)


def _own(timeline: Timeline, roles: Sequence[str]) -> Timeline:
    """What the program itself did, and what was done to it."""
    return tuple(
        (who, kind, *detail)
        for who, kind, *detail in timeline
        if (who in roles or who == HARNESS)
        and not (kind in OF_HANDLERS and OF_A_LIBRARY.fullmatch(detail[0]))
    )


def _age(one: Evidence) -> tuple[object, ...]:
    who = subject_of(one.platform, one.record)
    return (*age(who.python), stack_age(who.stack), one.platform)
