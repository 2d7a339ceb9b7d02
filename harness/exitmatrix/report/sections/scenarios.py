"""One table for each scenario: terminations down, processes across. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from exitmatrix.model import Outcome, Scenario
from exitmatrix.model.outcome import NEW
from exitmatrix.model.record import Records
from exitmatrix.model.versions import subject_words
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Row,
    Section,
    Symbol,
    Table,
    codes,
    inline,
    joined,
    paragraph,
    table,
)
from exitmatrix.report.labels import (
    OR,
    LabelledRows,
    grouped_rows,
    rank,
    signal_sent,
    termination_words,
    unknown_words,
)
from exitmatrix.report.phrases import (
    answer_words,
    exit_words,
    handler_names,
    left_words,
    output_words,
    printed_words,
    process_words,
    prose,
    serving,
)
from exitmatrix.report.sections.data import data_blocks
from exitmatrix.report.survey import Group, Survey, regrouped

LEFT, CLIENT, OUTPUT = "left behind", "client got", "unflushed output"
PRINTED = "stderr, without frames"

VARIANT = ("return",)
"""What a scenario declares that is run to its end only."""


def scenario_sections(
    measured: Sequence[tuple[Scenario, Sequence[Survey]]], records: Records
) -> list[Section]:
    """A section for each scenario, and one for all those that are run to their end only."""
    variants = [(one, mine) for one, mine in measured if one.terminations == VARIANT]
    seen: defaultdict[str, list[Outcome]] = defaultdict(list)
    for rows in records.values():
        for record in rows:
            seen[record.scenario].extend(record.outcomes)
    sections = [
        _section(one, mine, seen[one.id]) for one, mine in measured if one.terminations != VARIANT
    ]
    if variants:
        about = "Each runs to its last line. Handlers are listed in the order in which they ran."
        sections.append(
            Section("Variants of the plain program", (paragraph(about), variants_table(variants)))
        )
    return sections


def _section(scenario: Scenario, mine: Sequence[Survey], seen: Sequence[Outcome]) -> Section:
    about = [paragraph(prose(each)) for each in scenario.doc.strip().split("\n\n") if each.strip()]
    blocks: list[Block] = [
        *about,
        scenario_table(scenario, mine),
        *data_blocks(scenario, mine),
    ]
    others = _others(seen)
    if others:
        blocks.append(paragraph(inline("Also seen, but not in the table: ", others, ".")))
    return Section(inline(Code(scenario.id), ": ", prose(scenario.title)), tuple(blocks))


def _others(outcomes: Sequence[Outcome]) -> Inline:
    """What was there besides the program's own handlers and processes."""
    libraries = {
        name.removesuffix(" (unfinished)")
        for o in outcomes
        for p in o.processes
        for name in p.library
    }
    helpers = {name for outcome in outcomes for name in outcome.helpers}
    parts = []
    if libraries:
        parts.append(inline("handlers of libraries: ", codes(sorted(libraries))))
    if helpers:
        parts.append(inline("helper processes: ", codes(sorted(helpers))))
    return joined("; ", parts)


def scenario_table(scenario: Scenario, surveys: Iterable[Survey]) -> Table:
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
    shown = (
        (termination_words(survey, roles), _rows(survey, roles))
        for survey in sorted(surveys, key=rank)
    )
    return table(head, grouped_rows(shown))


def _rows(survey: Survey, roles: Sequence[str]) -> LabelledRows:
    rows: list[tuple[Inline, Row]] = []
    for group in regrouped(survey, _without_data).groups:
        subjects = subject_words(group.subjects, survey.measured)
        rows += _group_rows(subjects, group, roles, signal_sent(survey))
    return tuple(rows)


def _without_data(outcome: Outcome) -> Outcome:
    """What became of data in flight has a table of its own."""
    return replace(outcome, data=None)


def _group_rows(
    subjects: Inline, group: Group, roles: Sequence[str], sent: str
) -> list[tuple[Inline, Row]]:
    """A row for each outcome, and one for the runs that showed too little."""
    seen = [outcome_cells(outcome, roles, sent) for outcome in group.outcomes]
    if group.unknown or not seen:
        others = [inline(Symbol.UNKNOWN, " not known")] * (len(roles) - 1)
        seen.append((unknown_words(group), *others, "", "", "", ""))
    return [(subjects if number == 0 else OR, cells) for number, cells in enumerate(seen)]


def outcome_cells(outcome: Outcome, roles: Sequence[str], sent: str) -> Row:
    """One outcome: a cell for each role, what is left, what the client got, what was written."""
    left = left_words(outcome)
    cells = [_role_cell(outcome, role, sent) for role in roles]
    if len(roles) == 1 and not outcome.left:
        # Whether the only process is left is said by its own cell.
        cells[0] = inline(cells[0], serving(outcome) if outcome.survivors else "")
        left = ""
    return (*cells, left, answer_words(outcome), output_words(outcome), printed_words(outcome))


def _role_cell(outcome: Outcome, role: str, sent: str) -> Inline:
    """The processes of a role, and those that took their place; those that are alike together."""
    alike: dict[Inline, list[str]] = {}
    for process in outcome.processes:
        if _column_of(process.role) == role:
            words = process_words(process, outcome.cut, sent)
            alike.setdefault(words, []).append(process.role)
    cells = [
        words if some == [role] else inline(f"{' and '.join(some)} ", words)
        for words, some in alike.items()
    ]
    return joined("; ", cells) or inline(Symbol.UNKNOWN, " never seen")


def _column_of(role: str) -> str:
    """Worker for worker#1, for new-worker#2, and for the others, which are workers too."""
    base = role.removeprefix(NEW).partition("#")[0]
    return "worker" if base == "others" else base


# ------------------------------------------------------------------- variants


def variants_table(of: Sequence[tuple[Scenario, Sequence[Survey]]]) -> Table:
    """The small programs that are run to their end only, a row each."""
    head = ("variant", "what ran, in this order", "exit", OUTPUT)
    rows = []
    for scenario, surveys in of:
        for survey in sorted(surveys, key=rank):
            for group in survey.groups:
                rows += _variant_rows(scenario, survey, group)
    return table(head, rows)


def _variant_rows(scenario: Scenario, survey: Survey, group: Group) -> list[Row]:
    subjects = subject_words(group.subjects, survey.measured)
    label = inline(prose(scenario.title), f": {subjects}" if subjects else "")
    if survey.termination != "return":
        label = inline(label, " (", Code(survey.termination), ")")
    seen = [_variant_cells(outcome) for outcome in group.outcomes]
    if group.unknown or not seen:
        seen.append((unknown_words(group), "", ""))
    return [(label if number == 0 else OR, *cells) for number, cells in enumerate(seen)]


def _variant_cells(outcome: Outcome) -> Row:
    several = len(outcome.processes) > 1
    ran: list[Inline] = []
    exits = []
    for one in outcome.processes:
        prefix = f"{one.role}: " if several else ""
        listed: Inline = (
            handler_names(one.fired)
            if one.fired is not None
            else inline(Symbol.UNKNOWN, " not seen")
        )
        if one.fired == () and not one.unfinished:
            listed = "nothing"
        notes = [f"{handler_names(one.raised)} raised"] if one.raised else []
        notes += [f"{handler_names(one.unfinished)} unfinished"] if one.unfinished else []
        ran.append(inline(prefix, listed, f" ({', '.join(notes)})" if notes else ""))
        exits.append(prefix + exit_words(one.exit))
    left = left_words(outcome)
    return (
        joined("; ", ran),
        "; ".join(exits) + (f"; left: {left}" if left != "nothing" else ""),
        output_words(outcome),
    )
