"""Damaged laws, judged by what programs and cells have shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import click
from msgspec.structs import replace

from exitmatrix.cli.boundaries_page import all_damages
from exitmatrix.cli.judging import judged
from exitmatrix.cli.programs import BatchRun, Pythons, profiles_of, show_all
from exitmatrix.cli.records import read_all
from exitmatrix.declare.batch import file_of
from exitmatrix.declare.seldom import SELDOM
from exitmatrix.declare.shrink import weight
from exitmatrix.judge.damage import (
    Damage,
    Needed,
    adds_to_cell,
    cell_notices,
    effect_of,
    needed,
    notices,
    still_notices,
)
from exitmatrix.judge.profile import Profile
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.store.corpus import Corpus
from exitmatrix.machine.store.programs import read_witnesses
from exitmatrix.machine.store.records import describe
from exitmatrix.model import Frozen, Record, Scenario
from exitmatrix.model.boundary import Witness
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code

MOST_TRIED = 3
"""Programs of a run that are run again for one damage."""

Witnesses = Sequence[tuple[Damage, Witness | None]]


class Sight(Frozen, kw_only=True):
    """What a program showed on a Python, in agreement with the laws."""

    code: Code
    python: str
    seen: Seen
    needed: Needed


class MatchedCells(Frozen, kw_only=True):
    """The cells on record that match the laws, in order, with the laws that each rests on."""

    records: Mapping[str, Record]
    scenarios: Mapping[str, Scenario]
    laws: Mapping[str, frozenset[str]]

    def get(self, cell: str) -> tuple[Record, Scenario] | None:
        """A record and its scenario."""
        record = self.records.get(cell)
        scenario = self.scenarios.get(record.scenario) if record else None
        return (record, scenario) if record and scenario else None


def cells_of(output: Path, scenarios: Mapping[str, Scenario]) -> MatchedCells:
    """The cells whose scenario says what its program does; of a server only facts are known."""
    by_platform = read_all(output)
    verdicts = judged(output, by_platform, scenarios)
    found = {
        record.cell: record
        for platform, rows in by_platform.items()
        for record in rows
        if verdicts[platform, record.cell].verdict.verdict == "match"
        and (scenario := scenarios.get(record.scenario))
        and scenario.program
        and not scenario.server
    }
    laws = {
        cell: frozenset(one.verdict.rules) for (_, cell), one in verdicts.items() if cell in found
    }
    return MatchedCells(records=found, scenarios=scenarios, laws=laws)


def find_witnesses(
    run: BatchRun,
    corpus: Corpus,
    output: Path,
    scenarios: Mapping[str, Scenario],
    again: int,
    jobs: int | None,
) -> Iterator[tuple[Damage, Witness | None]]:
    """For each damage what notices it; None where nothing does.

    That is the smallest program, of this run or of those on record, or a cell where no
    program is. Where neither is, a program that a damage concerns is run again, up to so
    many times: what it shows or does not show may be one outcome of a race.
    """
    profiles = profiles_of(run.pythons)
    sights = sorted(_sights(run, corpus, profiles), key=lambda one: weight(one.code))
    cells = cells_of(output, scenarios)
    known = {one.damage: one for one in read_witnesses(output)}
    for damage in all_damages(output, {id: describe(one) for id, one in run.pythons.items()}):
        old = known.get(damage.name)
        if old and not _holds(old, damage, profiles, cells):
            old = None
        lighter = sights
        if old and old.program:
            most = weight(old.program)
            lighter = [one for one in sights if weight(one.code) < most]
        new = next(_noticing(damage, lighter, profiles), None) or old
        new = new or next(_cells_noticing(damage, cells), None)
        new = new or next(_cells_added_to(damage, cells), None)
        if new is None and again:
            with BareSession(jobs) as session:
                new = _run_again(damage, sights, run.pythons, profiles, again, session)
        yield damage, new


def _holds(
    one: Witness, damage: Damage, profiles: Mapping[str, Profile], cells: MatchedCells
) -> bool:
    return still_notices(one, damage, profiles.get(one.python), cells.get(one.cell))


def _sights(run: BatchRun, corpus: Corpus, profiles: Mapping[str, Profile]) -> Iterator[Sight]:
    for number, code, _ in run:
        for id, seen in corpus.shown(number, file_of(code)[1]).items():
            if id in profiles:
                needs = needed(code, profiles[id])
                if isinstance(needs.allowed, str) or seen in needs.allowed:
                    yield Sight(code=code, python=id, seen=seen, needed=needs)


def _concerned(damage: Damage, sights: Sequence[Sight]) -> Iterator[Sight]:
    for one in sights:
        if damage.python in ("", one.python) and one.needed.rests_on(damage):
            yield one


def _noticing(
    damage: Damage, sights: Sequence[Sight], profiles: Mapping[str, Profile]
) -> Iterator[Witness]:
    for one in _concerned(damage, sights):
        if notices(one.code, profiles[one.python], one.seen, damage, one.needed):
            yield Witness(damage=damage.name, python=one.python, program=one.code, shows=one.seen)


def _cells_noticing(damage: Damage, cells: MatchedCells) -> Iterator[Witness]:
    for python, record, scenario in _concerned_cells(damage, cells):
        if cell_notices(record, scenario, damage):
            yield Witness(damage=damage.name, python=python, cell=record.cell)


def _cells_added_to(damage: Damage, cells: MatchedCells) -> Iterator[Witness]:
    for python, record, scenario in _concerned_cells(damage, cells):
        if record.runs and adds_to_cell(record, scenario, damage):
            yield Witness(
                damage=damage.name, python=python, cell=record.cell, never=True, runs=record.runs
            )


def _concerned_cells(damage: Damage, cells: MatchedCells) -> Iterator[tuple[str, Record, Scenario]]:
    for cell, record in cells.records.items():
        python = record.interpreter_id
        if damage.python in ("", python) and (not damage.law or damage.law in cells.laws[cell]):
            yield python, record, cells.scenarios[record.scenario]


def _run_again(
    damage: Damage,
    sights: Sequence[Sight],
    pythons: Pythons,
    profiles: Mapping[str, Profile],
    times: int,
    session: BareSession,
) -> Witness | None:
    """Programs for which the damaged laws give another answer, each run so many times.

    Those that the generator makes seldom come first, then the smallest of this run.
    """
    for code, python in _candidates(damage, sights, profiles):
        about = profiles[python]
        what, added = effect_of(code, about, damage)
        if what == "nothing":
            continue
        witness = Witness(damage=damage.name, python=python, program=code)
        runs = show_all(iter([code] * times), {python: pythons[python]}, session)
        every = set[Seen]()
        for count, (_, shown) in enumerate(runs, 1):
            seen = shown.get(python)
            if seen and notices(code, about, seen, damage):
                return replace(witness, shows=seen, runs=count)
            every |= {seen} if seen else set()
        never = [each for each in added if each not in every]
        if what == "adds" and never and every:
            return replace(witness, shows=never[0], never=True, runs=times)
    return None


def _candidates(
    damage: Damage, sights: Sequence[Sight], profiles: Mapping[str, Profile]
) -> Iterator[tuple[Code, str]]:
    for code in SELDOM:
        for python, about in profiles.items():
            if damage.python in ("", python) and needed(code, about).rests_on(damage):
                yield code, python
    for one in islice(_concerned(damage, sights), MOST_TRIED):
        yield one.code, one.python


def print_damage(found: Witnesses) -> None:
    """How many damages are noticed, and which are not."""
    for damage, witness in found:
        if witness is None:
            click.echo(f"  nothing notices: {damage.name}")
    noticed = [witness for _, witness in found if witness]
    for one in noticed:
        if one.never:
            click.echo(f"  {one.damage}: only allows more, which was not seen in {one.runs:,} runs")
    kinds = Counter(one.kind for one in noticed)
    click.echo(
        f"{len(noticed)} of {len(found)} damages to the laws are noticed: {kinds['program']} by"
        f" programs, {kinds['cell']} by cells, {kinds['never']} by what was never seen"
    )
