"""What the page rests on, and what it does not cover. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.model import Record, Scenario
from exitmatrix.model.versions import (
    Python,
    Subject,
    in_order,
    python_words,
    stack_age,
    stack_words,
    subject_of,
    subject_words,
)
from exitmatrix.report.questions import Key, Question, visible
from exitmatrix.report.tables import Place, markdown, places, rank, what
from exitmatrix.report.words import code, codes, text

TOLD_PACKAGES = ("flask", "werkzeug")

NAMES = {"cpython": "CPython", "free-threaded": "CPython, free-threaded", "pypy": "PyPy"}

Lines = list[str]


def basis(records: Mapping[str, Sequence[Record]]) -> Lines:
    """The interpreters, stacks and platforms, with the number of cells and the dates."""
    if not any(records.values()):
        return []
    lines = ["## What this rests on", ""]
    for platform in sorted(records):
        rows = records[platform]
        if rows:
            lines += [f"- {code(platform)}: {_extent(rows)}", *_pythons(platform, rows)]
    stacks = _stacks(records)
    return [*lines, "", *stacks] if stacks else lines


def summary(records: Mapping[str, Sequence[Record]]) -> str:
    """One line: how much was measured, of what, where and when."""
    rows = [(platform, record) for platform in sorted(records) for record in records[platform]]
    pythons = {subject_of(*row).python for row in rows}
    families = [
        f"{name} {_span([one for one in in_order(pythons) if one.family == family])}"
        for family, name in NAMES.items()
        if any(one.family == family for one in pythons)
    ]
    return (
        f"Measured: {', '.join(families)}, on {codes(sorted({platform for platform, _ in rows}))};"
        f" {len(rows)} cells, {_since(record for _, record in rows)}."
    )


def _span(pythons: Sequence[Python]) -> str:
    first, last = pythons[0], pythons[-1]
    if len(pythons) == 1:
        return text(_name(first))
    between = "and" if len(pythons) == 2 else "to"
    return text(f"{first.minor} {between} {last.minor}") + f" ({len(pythons)} releases)"


def _since(rows: Iterable[Record]) -> str:
    dates = sorted({record.since for record in rows})
    when = dates[0] if len(dates) == 1 else f"between {dates[0]} and {dates[-1]}"
    return f"first seen {text(when)}"


def _extent(rows: Sequence[Record]) -> str:
    races = sum(len(visible(record.outcomes)) > 1 for record in rows)
    unknown = sum(bool(record.unknown) for record in rows)
    return (
        f"{len(rows)} cells, of which {races} showed more than one outcome"
        f" and {unknown} too little; {_since(rows)}."
    )


def _pythons(platform: str, rows: Iterable[Record]) -> Lines:
    pythons = in_order({subject_of(platform, record).python for record in rows})
    versions = {
        name: [text(_name(one)) for one in pythons if one.family == family]
        for family, name in NAMES.items()
    }
    return [f"  - {name}: {', '.join(some)}" for name, some in versions.items() if some]


def _name(python: Python) -> str:
    return f"{python.version} ({python.build})" if python.build else python.version


def _stacks(records: Mapping[str, Sequence[Record]]) -> Lines:
    """The packages of each stack, and for whom they are."""
    users: dict[tuple[str, tuple[str, ...]], set[Python]] = {}
    everyone: set[Python] = set()
    for platform, rows in records.items():
        for record in rows:
            python = subject_of(platform, record).python
            everyone.add(python)
            if record.packages:
                told = tuple(record.packages.get(name, "") for name in TOLD_PACKAGES)
                users.setdefault((record.stack, told), set()).add(python)
    order = sorted(users, key=lambda key: (stack_age(key[0]), key))
    rows_ = [
        (
            text(stack_words(stack)),
            *(text(version) for version in told),
            python_words(users[stack, told], everyone) or "all",
        )
        for stack, told in order
    ]
    return markdown(("stack", *TOLD_PACKAGES, "measured with"), rows_) if rows_ else []


def not_measured(
    records: Mapping[str, Sequence[Record]],
    asked: Mapping[Key, Question],
    programs: Mapping[str, Scenario],
) -> Lines:
    """Platforms, scenarios without a record, and endings that some were not asked about."""
    if not asked:
        return []
    platforms = sorted(platform for platform, rows in records.items() if rows)
    lines = [f"- Any platform but {codes(platforms)}."]
    if {question.launcher for question in asked.values()} == {"direct"}:
        lines.append(
            "- Programs that are started otherwise than directly: by a shell, as a container's"
            " first process, on a terminal."
        )
    never = [id for id in programs if all(one.scenario != id for one in asked.values())]
    if never:
        lines.append(f"- No record of: {codes(never)}.")
    lines += [f"- {who}: {places(where)}." for who, where in _missing(asked, programs)]
    return ["## Not measured", "", *lines]


def _missing(
    asked: Mapping[Key, Question], programs: Mapping[str, Scenario]
) -> list[tuple[str, list[Place]]]:
    """Who was not asked which questions, though asked others that need the same packages."""
    of_family: defaultdict[str, set[Subject]] = defaultdict(set)
    for question in asked.values():
        of_family[programs[question.scenario].family].update(question.measured)
    found: defaultdict[str, list[Place]] = defaultdict(list)
    order = {id: place for place, id in enumerate(programs)}
    for question in sorted(asked.values(), key=lambda one: (order[one.scenario], rank(one))):
        scenario = programs[question.scenario]
        everyone = of_family[scenario.family]
        gone = everyone - set(question.measured)
        if gone:
            place = (question.scenario, what(question, scenario.roles))
            found[subject_words(gone, everyone)].append(place)
    return sorted(found.items())
