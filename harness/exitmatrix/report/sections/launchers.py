"""What happens below a launcher: a shell, a container's first process, tini, a terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exitmatrix.declare.launchers import LAUNCHERS_BY_ID
from exitmatrix.model import Frozen, Outcome, Question, Scenario
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.tree import FIRST, GROUP
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Row,
    Section,
    codes,
    inline,
    joined,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import exit_words, prose
from exitmatrix.report.sections.answers import NO_SUCH_THING, NOT_MEASURED, short_answer
from exitmatrix.report.survey import Survey

LEAD = (
    "The same programs, started by something else. Each entry says whether the program's handlers"
    " ran. If the launcher is a separate process, it also says how the launcher ended, which is"
    " what a container runtime, a shell or a supervisor sees. If the launcher becomes the program,"
    " by exec, there is no second process. The newest Python that was measured is shown."
)


class Asks(Frozen):
    """A column: what is done, and the cell that says what happens then."""

    words: str
    termination: str
    target: str  # "": the program's own first process


COLUMNS = (
    Asks("`kill` the first pid: docker stop", "SIGTERM", FIRST),
    Asks("`kill` Python", "SIGTERM", ""),
    Asks("Ctrl-C: SIGINT to the group", "SIGINT", GROUP),
    Asks("`kill -INT` the first pid", "SIGINT", FIRST),
    Asks("SIGHUP to the group", "SIGHUP", GROUP),
    Asks("`kill -9` the first pid", "SIGKILL", FIRST),
    Asks("it ends with 0", "return", ""),
    Asks("an exception ends it", "exception", ""),
)


def launchers_section(
    asked: Mapping[Question, Survey], scenarios: Mapping[str, Scenario]
) -> list[Section]:
    """The section, where anything was measured below a launcher."""
    below = [one for one in asked if one.launcher != DIRECT]
    if not below:
        return []
    used = [id for id in LAUNCHERS_BY_ID if any(one.launcher == id for one in below)]
    names = points(inline(Code(id), ": ", prose(LAUNCHERS_BY_ID[id].does)) for id in used)
    blocks: list[Block] = [paragraph(LEAD), names]
    parts = []
    for id in dict.fromkeys(one.scenario for one in below):
        if id in scenarios:
            title = inline(Code(id), ", started by a launcher")
            parts.append(Section(title, (_table(scenarios[id], used, asked),)))
    return [Section("Started by something else", (*blocks, *parts))]


def _table(scenario: Scenario, used: Sequence[str], asked: Mapping[Question, Survey]) -> Block:
    """Launchers down, what is done across; those that show the same share a row."""
    columns = [one for one in COLUMNS if _has(one, scenario, asked)]
    rows: dict[Row, list[str]] = {}
    for id in used:
        cells = tuple(_cell(asked.get(_question(one, scenario, id))) for one in columns)
        if set(cells) != {NOT_MEASURED}:
            if LAUNCHERS_BY_ID[id].namespace:
                cells = tuple(
                    NO_SUCH_THING if one.target == GROUP else cell
                    for one, cell in zip(columns, cells, strict=True)
                )
            rows.setdefault(cells, []).append(id)
    lines = [(codes(some), *cells) for cells, some in rows.items()]
    return table(("started by", *(prose(one.words) for one in columns)), lines)


def _has(one: Asks, scenario: Scenario, asked: Mapping[Question, Survey]) -> bool:
    return any(_question(one, scenario, id) in asked for id in LAUNCHERS_BY_ID if id != DIRECT)


def _question(one: Asks, scenario: Scenario, launcher: str) -> Question:
    return Question(scenario.id, launcher, one.termination, one.target or scenario.roles[0])


def _cell(survey: Survey | None) -> Inline:
    if survey is None:
        return NOT_MEASURED
    group = survey.groups[0]
    ends = dict.fromkeys(map(launcher_words, group.outcomes))
    return joined("; ", (short_answer(group), " or ".join(filter(None, ends))))


def launcher_words(outcome: Outcome) -> str:
    """What became of the launcher: `sh exit 143`."""
    return ", ".join(f"{one.name} {exit_words(one.exit)}" for one in outcome.launchers)
