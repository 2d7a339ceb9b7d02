"""What the page rests on, and what it does not cover. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.model import Question, Record, Scenario
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.versions import (
    FAMILY_TITLES,
    Python,
    Subject,
    age,
    in_order,
    python_words,
    release,
    stack_age,
    subject_of,
    subject_words,
)
from exitmatrix.report.document import (
    Code,
    Inline,
    Item,
    Row,
    Section,
    Table,
    codes,
    inline,
    points,
    table,
)
from exitmatrix.report.labels import LabelKey, place_words, rank, termination_words
from exitmatrix.report.survey import Survey, visible

SHOWN_PACKAGES = ("flask", "werkzeug")


def basis_section(records: Mapping[str, Sequence[Record]]) -> list[Section]:
    """The interpreters, stacks and platforms, with the number of cells and the dates."""
    if not any(records.values()):
        return []
    platforms = points(
        Item((inline(Code(platform), f": {_extent(rows)}"),), below=_pythons(platform, rows))
        for platform, rows in sorted(records.items())
        if rows
    )
    return [Section("What this rests on", (platforms, *_stacks(records)))]


def extent_words(records: Mapping[str, Sequence[Record]]) -> Inline:
    """One line: how much was measured, of what, where and when."""
    rows = [(platform, record) for platform in sorted(records) for record in records[platform]]
    pythons = {subject_of(*row).python for row in rows}
    families = [
        f"{name} {_span([one for one in in_order(pythons) if one.family == family])}"
        for family, name in FAMILY_TITLES.items()
        if any(one.family == family for one in pythons)
    ]
    return inline(
        f"Measured: {', '.join(families)}, on ",
        codes(sorted({platform for platform, _ in rows})),
        f"; {len(rows):,} cells, {_since(record for _, record in rows)}.",
    )


def _span(pythons: Sequence[Python]) -> str:
    first, last = pythons[0], pythons[-1]
    if len(pythons) == 1:
        return _name(first)
    between = "and" if len(pythons) == 2 else "to"
    return f"{first.minor} {between} {last.minor} ({len(pythons)} releases)"


def _since(rows: Iterable[Record]) -> str:
    dates = sorted({record.since for record in rows})
    when = dates[0] if len(dates) == 1 else f"between {dates[0]} and {dates[-1]}"
    return f"first seen {when}"


def _extent(rows: Sequence[Record]) -> str:
    races = sum(len(visible(record.outcomes)) > 1 for record in rows)
    unknown = sum(bool(record.unknown) for record in rows)
    return (
        f"{len(rows):,} cells, {_since(rows)}; {races:,} showed more than one outcome,"
        f" and {unknown:,} showed too little."
    )


def _pythons(platform: str, rows: Iterable[Record]) -> tuple[Item, ...]:
    pythons = in_order({subject_of(platform, record).python for record in rows})
    versions = {
        name: [_name(one) for one in pythons if one.family == family]
        for family, name in FAMILY_TITLES.items()
    }
    return tuple(Item((f"{name}: {', '.join(some)}",)) for name, some in versions.items() if some)


def _name(python: Python) -> str:
    return f"{python.version} ({python.build})" if python.build else python.version


def _stacks(records: Mapping[str, Sequence[Record]]) -> list[Table]:
    """The packages of each stack, and for whom they are."""
    users: dict[tuple[str, str, tuple[str, ...]], set[Python]] = {}
    everyone: set[Python] = set()
    for platform, rows in records.items():
        for record in rows:
            subject = subject_of(platform, record)
            everyone.add(subject.python)
            if record.packages:
                shown = tuple(record.packages.get(name, "") for name in SHOWN_PACKAGES)
                users.setdefault((record.stack, subject.label, shown), set()).add(subject.python)
    order = sorted(users, key=lambda key: (key[0].rpartition("-")[0], release(key[1]), key))
    rows_: list[Row] = [
        (
            Code(stack),
            label,
            *shown,
            python_words(users[stack, label, shown], everyone) or "all",
        )
        for stack, label, shown in order
    ]
    return [table(("stack", "which is", *SHOWN_PACKAGES, "measured with"), rows_)] if rows_ else []


def not_measured_section(
    records: Mapping[str, Sequence[Record]],
    surveys: Mapping[Question, Survey],
    programs: Mapping[str, Scenario],
) -> list[Section]:
    """Platforms, scenarios without a record, and endings that some were not asked about."""
    if not surveys:
        return []
    platforms = sorted(platform for platform, rows in records.items() if rows)
    lines = [inline("Any platform but ", codes(platforms), ".")]
    if {survey.launcher for survey in surveys.values()} == {"direct"}:
        lines.append(
            "Programs that are started otherwise than directly: by a shell, as a container's"
            " first process, on a terminal."
        )
    else:
        lines.append(_below_launchers(surveys))
    never = [id for id in programs if all(one.scenario != id for one in surveys.values())]
    if never:
        lines.append(inline("No record of: ", codes(never), "."))
    lines += [
        inline(f"{subject}: ", place_words(where), ".")
        for subject, where in _missing(surveys, programs)
    ]
    return [Section("Not measured", (points(lines),))]


def _below_launchers(surveys: Mapping[Question, Survey]) -> Inline:
    """With which Pythons what is started by something else was measured."""
    below = [one for one in surveys.values() if one.launcher != DIRECT]
    everyone = {subject.python for one in surveys.values() for subject in one.measured}
    mine = {subject.python for one in below for subject in one.measured}
    return f"Started by something else: any Python but {python_words(mine, everyone) or 'these'}."


def _missing(
    surveys: Mapping[Question, Survey], programs: Mapping[str, Scenario]
) -> list[tuple[str, list[LabelKey]]]:
    """Who is not in which surveys, though in others that need the same packages."""
    of_family: defaultdict[str, set[Subject]] = defaultdict(set)
    for survey in surveys.values():
        of_family[programs[survey.scenario].family].update(survey.measured)
    surveys = {one: survey for one, survey in surveys.items() if one.launcher == DIRECT}
    found: defaultdict[str, list[LabelKey]] = defaultdict(list)
    oldest: dict[str, tuple[object, ...]] = {}
    order = {id: place for place, id in enumerate(programs)}
    for survey in sorted(surveys.values(), key=lambda one: (order[one.scenario], rank(one))):
        scenario = programs[survey.scenario]
        everyone = of_family[scenario.family]
        gone = everyone - set(survey.measured)
        if gone:
            place = (survey.scenario, termination_words(survey, scenario.roles))
            words = subject_words(gone, everyone)
            found[words].append(place)
            oldest.setdefault(words, min(map(_age, gone)))
    return sorted(found.items(), key=lambda item: (oldest[item[0]], item[0]))


def _age(subject: Subject) -> tuple[object, ...]:
    return (*age(subject.python), stack_age(subject.stack), subject.platform)
