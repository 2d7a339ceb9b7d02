"""One table per scenario: terminations down, processes across."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Outcome, Scenario
from exitmatrix.model.versions import subject_words
from exitmatrix.report.questions import Group, Question, regrouped
from exitmatrix.report.words import (
    RACE,
    UNKNOWN,
    answer_words,
    code,
    exit_words,
    left_words,
    names,
    output_words,
    printed_words,
    process_words,
    prose,
    serving,
    text,
)

Row = tuple[str, ...]
Place = tuple[str, str]  # a scenario, and the termination in words

OR = f"{RACE} or"
LEFT, CLIENT, OUTPUT = "left behind", "client got", "unflushed output"
PRINTED = "stderr, without frames"


def markdown(head: Row, rows: Iterable[Row]) -> list[str]:
    """A table, without the columns that say nothing in any row; the first one always stays."""
    body = list(rows)
    kept = [
        place for place in range(len(head)) if place == 0 or any(row[place].strip() for row in body)
    ]
    lines = [[row[place] for place in kept] for row in (head, *body)]
    lines.insert(1, ["---"] * len(kept))
    return ["| " + " | ".join(line) + " |" for line in lines]


def rank(question: Question) -> tuple[bool, int, str, int, str]:
    """Sorts terminations: from outside first, each in the order of the catalogue."""
    known = TERMINATIONS.get(question.termination)
    place = list(TERMINATIONS).index(question.termination) if known else len(TERMINATIONS)
    order = {"parent": 0, "child": 1, "group": 2}
    return (
        known is None or known.delivery == "in-process",
        place,
        question.termination,
        order.get(question.target, 0),
        question.target,
    )


def what(question: Question, roles: Sequence[str]) -> str:
    """The termination, and where it is aimed when there is a choice."""
    name = code(question.termination)
    if question.launcher != "direct":
        name = f"{text(question.launcher)}: {name}"
    known = TERMINATIONS.get(question.termination)
    from_outside = known is None or known.delivery.startswith("signal")
    return f"{name} to {text(question.target)}" if len(roles) > 1 and from_outside else name


def places(where: Iterable[Place]) -> str:
    """Where something shows, by scenario; an ending that is the only one goes without saying."""
    by_scenario: dict[str, list[str]] = {}
    for scenario, termination in where:
        by_scenario.setdefault(scenario, []).append(termination)
    return "; ".join(
        code(scenario) + ("" if ways == ["`return`"] else f" {', '.join(ways)}")
        for scenario, ways in by_scenario.items()
    )


def scenario_table(scenario: Scenario, asked: Iterable[Question]) -> list[str]:
    """The table of a scenario that is ended in many ways."""
    roles = scenario.roles
    alone = len(roles) == 1
    head = (
        "what ends it",
        *("handlers, exit" if alone else role for role in roles),
        LEFT,
        CLIENT,
        OUTPUT,
        PRINTED,
    )
    return markdown(
        head, [row for question in sorted(asked, key=rank) for row in _rows(question, roles)]
    )


def _rows(question: Question, roles: Sequence[str]) -> list[Row]:
    name = what(question, roles)
    rows: list[Row] = []
    for group in regrouped(question, _without_data).groups:
        who = subject_words(group.subjects, question.measured)
        label = f"{name}: {who}" if who else name
        rows += _group_rows(label, group, roles)
    return rows


def _without_data(outcome: Outcome) -> Outcome:
    """What became of data in flight has a table of its own."""
    return replace(outcome, data=None)


def _group_rows(label: str, group: Group, roles: Sequence[str]) -> list[Row]:
    """A row for each outcome, and one for the runs that showed too little."""
    seen = [outcome_cells(outcome, roles) for outcome in group.outcomes]
    if group.unknown or not seen:
        others = [f"{UNKNOWN} not known"] * (len(roles) - 1)
        seen.append((f"{UNKNOWN} not known: {_reasons(group)}", *others, "", "", "", ""))
    return [(label if number == 0 else OR, *cells) for number, cells in enumerate(seen)]


def _reasons(group: Group) -> str:
    return "; ".join(text(reason) for reason in group.unknown)


def outcome_cells(outcome: Outcome, roles: Sequence[str]) -> Row:
    """One outcome: a cell for each role, what is left, what the client got, what was written."""
    left = left_words(outcome)
    cells = [_role_cell(outcome, role) for role in roles]
    if len(roles) == 1 and not outcome.left:
        # Whether the only process is left is said by its own cell.
        cells[0] += serving(outcome) if outcome.survivors else ""
        left = ""
    return (*cells, left, answer_words(outcome), output_words(outcome), printed_words(outcome))


def _role_cell(outcome: Outcome, role: str) -> str:
    """The process of a role, and those that took its place."""
    cells = []
    for process in outcome.processes:
        first, _, number = process.role.partition("#")
        if first == role:
            words = process_words(process, outcome.cut)
            cells.append(f"{text(process.role)} {words}" if number else words)
    return "; ".join(cells) or f"{UNKNOWN} never seen"


# ------------------------------------------------------------------- variants


def variants_table(of: Sequence[tuple[Scenario, Sequence[Question]]]) -> list[str]:
    """The small programs that are run to their end only, a row each."""
    head = ("variant", "what ran, in this order", "exit", OUTPUT)
    rows = []
    for scenario, asked in of:
        for question in sorted(asked, key=rank):
            for group in question.groups:
                rows += _variant_rows(scenario, question, group)
    return markdown(head, rows)


def _variant_rows(scenario: Scenario, question: Question, group: Group) -> list[Row]:
    who = subject_words(group.subjects, question.measured)
    label = prose(scenario.title) + (f": {who}" if who else "")
    if question.termination != "return":
        label += f" ({code(question.termination)})"
    seen = [_variant_cells(outcome) for outcome in group.outcomes]
    if group.unknown or not seen:
        seen.append((f"{UNKNOWN} not known: {_reasons(group)}", "", ""))
    return [(label if number == 0 else OR, *cells) for number, cells in enumerate(seen)]


def _variant_cells(outcome: Outcome) -> Row:
    several = len(outcome.processes) > 1
    ran, exits = [], []
    for one in outcome.processes:
        who = f"{text(one.role)}: " if several else ""
        listed = names(one.fired or ()) if one.fired is not None else f"{UNKNOWN} not seen"
        if one.fired == () and not one.unfinished:
            listed = "nothing"
        notes = [f"{names(one.raised)} raised"] if one.raised else []
        notes += [f"{names(one.unfinished)} unfinished"] if one.unfinished else []
        ran.append(f"{who}{listed}" + (f" ({', '.join(notes)})" if notes else ""))
        exits.append(who + exit_words(one.exit))
    left = left_words(outcome)
    return (
        "; ".join(ran),
        "; ".join(exits) + (f"; left: {left}" if left != "nothing" else ""),
        output_words(outcome),
    )
