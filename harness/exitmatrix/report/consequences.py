"""What became of data in flight: terminations down, kinds of data across. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.model import Outcome, Scenario
from exitmatrix.model.versions import subject_words
from exitmatrix.report.questions import Group, Key, Question, regrouped
from exitmatrix.report.tables import OR, Row, markdown, rank, what
from exitmatrix.report.words import ALIVE, NO, UNKNOWN, YES, prose, text

Lines = list[str]
Block = tuple[tuple[str, Row], ...]  # who, and what became of each kind, for each outcome


def consequences(asked: Mapping[Key, Question], programs: Mapping[str, Scenario]) -> list[Lines]:
    """A section for each scenario that has data in flight."""
    sections = []
    for scenario in programs.values():
        mine = [one for one in asked.values() if one.scenario == scenario.id]
        kinds = sorted({kind for one in mine for o in _outcomes(one) for kind in o.data or ()})
        if kinds:
            sections.append(_section(scenario, kinds, mine))
    return sections


def _section(scenario: Scenario, kinds: Sequence[str], asked: Iterable[Question]) -> Lines:
    """Terminations after which everything looks the same share their rows."""
    blocks: dict[Block, list[str]] = {}
    for question in sorted(asked, key=rank):
        block = _block(regrouped(question, _data_alone), scenario, kinds)
        blocks.setdefault(block, []).append(what(question, scenario.roles))
    rows = []
    for block, ways in blocks.items():
        label = ", ".join(ways)
        for who, cells in block:
            rows.append((OR if who == OR else f"{label}: {who}" if who else label, *cells))
            label = "the same"
    return [
        f"## Data in flight: {prose(scenario.title)}",
        "",
        f"What is on disk when nobody is alive any more. {YES} is what a clean end makes of it;",
        f"{ALIVE} while a process is alive, nothing is lost yet.",
        "",
        *markdown(("what ends it", *(text(kind) for kind in kinds)), rows),
    ]


def _block(question: Question, scenario: Scenario, kinds: Sequence[str]) -> Block:
    rows: list[tuple[str, Row]] = []
    for group in question.groups:
        who = subject_words(group.subjects, question.measured)
        rows += [
            (who if number == 0 else OR, cells)
            for number, cells in enumerate(_cells(group, scenario, kinds))
        ]
    return tuple(rows)


def _cells(group: Group, scenario: Scenario, kinds: Sequence[str]) -> list[Row]:
    seen = [
        tuple(_cell(outcome, kind, scenario.data.get(kind)) for kind in kinds)
        for outcome in group.outcomes
    ]
    if group.unknown or not seen:
        seen.append((f"{UNKNOWN} not known",) * len(kinds))
    return seen


def _cell(outcome: Outcome, kind: str, clean: str | None) -> str:
    if outcome.data is None:
        return f"{ALIVE} in flight"
    state = outcome.data.get(kind)
    if state is None:
        return f"{UNKNOWN} not known"
    return f"{YES if state == clean else NO} {state}" if clean else state


def _data_alone(outcome: Outcome) -> Outcome:
    return Outcome(processes=(), order=None, survivors=(), helpers=(), data=outcome.data)


def _outcomes(question: Question) -> Iterable[Outcome]:
    return (outcome for group in question.groups for outcome in group.outcomes)
