"""What is not the same everywhere: each difference, since when, and a program. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from exitmatrix.judge.findings import FINDINGS, Finding
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.model import Judgement, Record
from exitmatrix.model.versions import Python, python_words, subject_of
from exitmatrix.report.document import (
    Block,
    Listing,
    Section,
    Strong,
    inline,
    paragraph,
    points,
)
from exitmatrix.report.phrases import prose

LEAD = (
    "Each finding is a law that holds for some of the Pythons measured and not for others; which"
    " ones is taken from the cells. The program tells them apart by what it prints or by its exit"
    " status."
)


def findings_section(
    records: Mapping[str, Sequence[Record]], judgements: Mapping[tuple[str, str], Judgement]
) -> list[Section]:
    """The section, with one part for each finding that the cells show."""
    everyone = {subject_of(p, record).python for p, rows in records.items() for record in rows}
    cells = _cells(records, judgements)
    parts: list[Block] = []
    for one in FINDINGS:
        users = _users(one, cells)
        if not users:
            continue
        laws = points(
            inline(
                Strong(python_words(users[id], everyone) or "all"),
                ": ",
                prose(LAWS_BY_ID[id].because),
            )
            for id in one.rules
            if id in users
        )
        where = paragraph(inline(f"{one.status.capitalize()}: ", prose(one.where)))
        program = Listing("python", tuple(one.program.rstrip("\n").splitlines()))
        title = inline(f"{len(parts) + 1}. ", prose(one.what))
        parts.append(Section(title, (laws, where, program)))
    return [Section("Findings", (paragraph(LEAD), *parts))] if parts else []


PythonsByPair = Mapping[tuple[str, ...], Mapping[frozenset[str], set[Python]]]
"""For each question the sets of laws that answered it, with the Pythons that follow them."""


def _cells(
    records: Mapping[str, Sequence[Record]], judgements: Mapping[tuple[str, str], Judgement]
) -> PythonsByPair:
    cells: defaultdict[tuple[str, ...], dict[frozenset[str], set[Python]]] = defaultdict(dict)
    for platform, rows in records.items():
        for record in rows:
            judgement = judgements.get((platform, record.cell))
            if judgement:
                question = (record.scenario, record.launcher, record.termination, record.target)
                rules = frozenset(judgement.verdict.rules)
                cells[question].setdefault(rules, set()).add(subject_of(platform, record).python)
    return cells


def _users(finding: Finding, cells: PythonsByPair) -> Mapping[str, set[Python]]:
    """The Pythons that follow each law, where others that were asked the same do not.

    Those that follow another law count before those that follow none, which may have ended for
    another reason: endless recursion is an uncaught exception on some Pythons only.
    """
    users: defaultdict[str, set[Python]] = defaultdict(set)
    others: defaultdict[str, set[Python]] = defaultdict(set)
    mine = frozenset(finding.rules)
    for asked in cells.values():
        followed = {rules & mine for rules in asked}
        if len(followed) > 1:
            found = users if len(followed - {frozenset()}) > 1 else others
            for rules, pythons in asked.items():
                for id in rules & mine:
                    found[id] |= pythons
    return {**others, **users}
