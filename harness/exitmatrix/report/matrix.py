"""reports/matrix.md: the whole page, from records, verdicts and scenarios. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.declare.terminations import CATALOGUE, TERMINATIONS
from exitmatrix.model import Judgement, Ready, Record, Scenario
from exitmatrix.report import differences as versions_that_differ
from exitmatrix.report.answers import COLUMNS, REMARKS, answers
from exitmatrix.report.basis import basis, not_measured, summary
from exitmatrix.report.budget import grace_budget, length_of
from exitmatrix.report.consequences import consequences
from exitmatrix.report.findings import findings
from exitmatrix.report.questions import Key, Question, questions
from exitmatrix.report.tables import markdown, scenario_table, variants_table
from exitmatrix.report.unexplained import unexplained
from exitmatrix.report.words import ALIVE, NO, RACE, SOME, UNKNOWN, YES, code, codes, prose, text

FIRST = ("plain", "flask", "flask-debug")
VARIANT = ("return",)
"""What a scenario declares that is run to its end only."""

LEAD = """\
# Exit matrix: does my clean-up run?

Small programs register three `atexit` handlers, A, B and C, and are ended in many ways.
This page is generated from what they then did; no outcome in it is typed by hand.""".splitlines()

LEGEND = f"""\
- {YES} all handlers ran, last registered first. {NO} none ran.
  {SOME} some ran, or in one process only.
- {ALIVE} the process is still running. {RACE} a race: it differs from run to run.
  {UNKNOWN} not known.
- `exit 1` is an exit status; a bare SIGTERM says that the process died of that signal.
- *output lost*: what the program had written and not flushed never arrived.
- A version number alone is CPython's, and *3.8 and later* means those
  [that were measured](#what-this-rests-on).""".splitlines()

Lines = list[str]


def render(
    records: dict[str, list[Record]],
    judgements: Mapping[tuple[str, str], Judgement],
    scenarios: dict[str, Scenario],
) -> str:
    """The page. `records` is by platform, `judgements` by platform and cell.

    The order of nothing that is given matters.
    """
    asked = questions(records)
    programs = _programs(asked, scenarios)
    parts = [
        _lead(records),
        _answer(asked),
        *_scenarios(asked, programs, records),
        grace_budget(records),
        *consequences(asked, programs),
        _differences(asked, programs),
        basis(records),
        findings(records, judgements),
        unexplained(records, judgements),
        not_measured(records, asked, programs),
        _endings(asked),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _programs(
    asked: Mapping[Key, Question], scenarios: Mapping[str, Scenario]
) -> dict[str, Scenario]:
    """The scenarios in the order of the page; one whose program is gone is known by its records."""
    known = dict(scenarios)
    for question in asked.values():
        if question.scenario not in known:
            known[question.scenario] = _gone(question)
    order = {id: place for place, id in enumerate(FIRST)}
    return {id: known[id] for id in sorted(known, key=lambda id: (order.get(id, len(FIRST)), id))}


def _gone(question: Question) -> Scenario:
    seen = [outcome for group in question.groups for outcome in group.outcomes]
    roles = dict.fromkeys(p.role.partition("#")[0] for outcome in seen for p in outcome.processes)
    return Scenario(
        id=question.scenario,
        title=question.scenario,
        path="",
        folder="",
        doc="",
        roles=tuple(roles) or ("main",),
        ready=Ready(by="none"),
        family="none",
        requires="",
        terminations=("*",),
    )


def _lead(records: Mapping[str, Sequence[Record]]) -> Lines:
    everything = [record for rows in records.values() for record in rows]
    if not everything:
        return ["# Exit matrix: does my clean-up run?", "", "Nothing has been measured yet."]
    return [*LEAD, "", summary(records), "", *LEGEND]


def _answer(asked: Mapping[Key, Question]) -> Lines:
    if not asked:
        return []
    answered = answers(asked)
    lines = [
        "## The answer",
        "",
        "Do my handlers run, in which process, is anything left behind?",
        "",
    ]
    lines += markdown(("what you do", *COLUMNS.values(), "from cells"), answered.rows)
    if answered.notes:
        lines += ["", "Where versions differ, the table shows the newest:", ""]
        lines += [f"{number}. {note}" for number, note in enumerate(answered.notes, 1)]
    return [*lines, "", "What the rows stand for:", "", *(f"- {remark}" for remark in REMARKS)]


def _scenarios(
    asked: Mapping[Key, Question],
    programs: Mapping[str, Scenario],
    records: Mapping[str, Sequence[Record]],
) -> list[Lines]:
    """A section for each scenario, and one for all those that are run to their end only."""
    mine = {id: [one for one in asked.values() if one.scenario == id] for id in programs}
    # The cells of a grid of handler lengths have a table of their own.
    measured = {id: one for id, one in programs.items() if mine[id] and not length_of(id)}
    variants = [one for one in measured.values() if one.terminations == VARIANT]
    sections = [
        _scenario(one, mine[one.id], records) for one in measured.values() if one not in variants
    ]
    if variants:
        sections.append(
            [
                "## Variants of the plain program",
                "",
                "Each runs to its last line. What ran is told in the order in which it ran.",
                "",
                *variants_table([(one, mine[one.id]) for one in variants]),
            ]
        )
    return sections


def _scenario(
    scenario: Scenario, asked: Iterable[Question], records: Mapping[str, Sequence[Record]]
) -> Lines:
    lines = [f"## {code(scenario.id)}: {prose(scenario.title)}", ""]
    for paragraph in scenario.doc.strip().split("\n\n"):
        lines += [prose(paragraph), ""] if paragraph.strip() else []
    lines += scenario_table(scenario, asked)
    others = _others(scenario, records)
    return [*lines, "", others] if others else lines


def _others(scenario: Scenario, records: Mapping[str, Sequence[Record]]) -> str:
    """A line on what was there besides the program's own handlers and processes."""
    outcomes = [
        outcome
        for rows in records.values()
        for record in rows
        if record.scenario == scenario.id
        for outcome in record.outcomes
    ]
    libraries = {
        name.removesuffix(" (unfinished)")
        for o in outcomes
        for p in o.processes
        for name in p.library
    }
    helpers = {name for outcome in outcomes for name in outcome.helpers}
    parts = []
    if libraries:
        parts.append(f"handlers of libraries ran too: {codes(sorted(libraries))}")
    if helpers:
        parts.append(f"helper processes were seen: {codes(sorted(helpers))}")
    return f"Not in the table: {'; '.join(parts)}." if parts else ""


def _differences(asked: Mapping[Key, Question], programs: Mapping[str, Scenario]) -> Lines:
    if not asked:
        return []
    places = {id: place for place, id in enumerate(programs)}
    found = versions_that_differ.differences(
        sorted(
            (one for one in asked.values() if not length_of(one.scenario)),
            key=lambda one: places[one.scenario],
        ),
        programs,
    )
    lines = [
        "## Versions that differ",
        "",
        "Everything above on which those measured do not agree, against the newest of them.",
        "",
    ]
    if not found:
        return [*lines, "All that were measured agree on everything."]
    return [*lines, *markdown(versions_that_differ.HEAD, versions_that_differ.rows(found))]


def _endings(asked: Mapping[Key, Question]) -> Lines:
    """What each termination does."""
    used = {question.termination for question in asked.values()}
    rows = [(code(one.id), prose(one.does)) for one in CATALOGUE if one.id in used]
    rows += [
        (code(id), text("not in the catalogue any more")) for id in sorted(used - set(TERMINATIONS))
    ]
    if not rows:
        return []
    return ["## What each ending is", "", *markdown(("id", "what is done"), rows)]
