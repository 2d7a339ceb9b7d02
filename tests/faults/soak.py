"""Thousands of trials on oversubscribed cores: nothing changes, nothing grows.

    python -m tests.faults.soak [--trials N] [--python ID]... [--reports DIR]

Four times as many trials run at once as there are cores. Each is compared with what is on
record of its cell from a quiet run: it must show one of those outcomes. Only where the rules
say that two events race may it show another, and only one that they allow. What the engine
and this process hold is counted before, in the middle and after.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import click
import psutil
from exitmatrix.cli.environments import place_of
from exitmatrix.cli.measure import order
from exitmatrix.declare import stacks
from exitmatrix.judge.races import is_raced
from exitmatrix.machine import scenarios as programs
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.prepare import Environment, prepare
from exitmatrix.machine.run.session import Session
from exitmatrix.machine.store.records import platform_name, read_records
from exitmatrix.model import Cell, Interpreter, Outcome, Record, Scenario, TrialSpec, Unknown
from exitmatrix.model.outcome_sets import contains
from exitmatrix.observe import observe
from exitmatrix.plan.cells import Selection, plan

from tests.conftest import FOUND

OVER = 4  # trials at once for each core
ROOM = 24 << 20  # bytes by which a process may have grown between the middle and the end
SERVERS = 7  # one trial in so many is a server's
WARM = 8  # of so many parts the first is for caches to fill

Seen = Literal["as on record", "raced", "unknown", "wrong"]


class Held:
    """What a process holds at one moment."""

    def __init__(self, process: psutil.Process, folder: Path | None) -> None:
        self.descriptors = process.num_fds()
        self.sockets = len(process.net_connections("all"))
        self.threads = process.num_threads()
        self.children = len(process.children(recursive=folder is not None))
        self.memory = process.memory_info().rss
        self.files = len(list(folder.iterdir())) if folder else 0

    def __str__(self) -> str:
        return (
            f"{self.descriptors:4} descriptors {self.sockets:3} sockets {self.threads:3} threads "
            f"{self.children:3} processes {self.files:3} files {self.memory >> 20:5} MiB"
        )

    def grew(self, before: Held) -> list[str]:
        """What is more than it was."""
        wrong = [
            f"{name}: {getattr(before, name)} before, {getattr(self, name)} after"
            for name in ("descriptors", "sockets", "children", "files")
            if getattr(self, name) > getattr(before, name)
        ]
        if self.memory > before.memory + ROOM:
            wrong.append(f"memory: {before.memory >> 20} MiB before, {self.memory >> 20} after")
        return wrong


class Quiet:
    """What is on record."""

    def __init__(self, reports: Path) -> None:
        rows = read_records(reports).get(platform_name(), [])
        self.records: Mapping[str, Record] = {one.cell: one for one in rows}

    def judge(self, subject: Scenario, cell: Cell, shown: Outcome | Unknown) -> Seen:
        """How a trial compares with its record, and with the laws where these know of a race."""
        record = self.records[cell.id]
        if isinstance(shown, Unknown):
            return "unknown"
        if contains(record.outcomes, shown):
            return "as on record"
        return "raced" if is_raced(record, subject, shown) else "wrong"


def orders(ids: tuple[str, ...], quiet: Quiet, trials: int) -> list[tuple[Cell, TrialSpec]]:
    """Cells that are on record, of some interpreters, as orders for so many trials.

    Environments are made for these alone.
    """
    chosen: dict[str, Interpreter] = {id: FOUND[id] for id in ids if id in FOUND}
    subjects = {one.id: one for one in programs.load(programs.find_folder()).scenarios}
    planned = plan(
        list(chosen.values()), list(subjects.values()), stacks.STACKS, stacks.applies, Selection()
    )
    # What a program prints is taken from a second run, which is no trial of the soak.
    silent = [cell for cell in planned.cells if not subjects[cell.scenario].printed]
    known = [cell for cell in silent if cell.id in quiet.records]
    serving = {one.id for one in subjects.values() if one.serves}
    cells = list(itertools.islice(mixed(known, serving), trials))
    by_name = {one.name: one for one in stacks.STACKS}
    wanted = {(c.interpreter, c.stack): (chosen[c.interpreter], by_name[c.stack]) for c in cells}
    made = prepare(wanted.values(), default_cache())
    found = []
    for cell in cells:
        here = made[cell.interpreter, cell.stack]
        if isinstance(here, Environment):
            found.append((cell, order(cell, place_of(here), subjects)))
    return found


def soak(trials: int, wanted: list[tuple[Cell, TrialSpec]], quiet: Quiet) -> list[str]:
    """Run them in their order, round after round; what was wrong."""
    jobs = OVER * (os.cpu_count() or 1)
    wrong: list[str] = []
    seen: Counter[Seen] = Counter()
    cells = {one.cell: cell for cell, one in wanted}
    used: set[str] = set()
    supply = itertools.cycle([one for _, one in wanted])
    begun = time.monotonic()
    held: list[tuple[str, Held, Held]] = []
    here = psutil.Process()
    with Session(jobs) as session:
        for part in range(WARM):
            ordered, target = 0, trials // WARM
            while ordered < target or session.outstanding:
                while ordered < target and session.outstanding < 2 * jobs:
                    session.submit(next(supply))
                    ordered += 1
                done, trial = session.take()
                cell = cells[done.cell]
                used.add(cell.id)
                shown = observe(trial, done.scenario, done.termination)
                how = quiet.judge(done.scenario, cell, shown)
                seen[how] += 1
                if how in ("unknown", "wrong"):
                    known = quiet.records[cell.id]
                    wrong.append(f"{cell.id}: {shown}, on record is {known.outcomes}")
            when = {0: "before", WARM // 2: "middle", WARM - 1: "after"}.get(part)
            if when:
                (engine,) = engines(here)
                time.sleep(1.0)  # for requests that nobody waits for any longer
                held.append((when, Held(engine, Path(engine.cmdline()[4])), Held(here, None)))
                click.echo(f"{when:6}  engine  {held[-1][1]}")
                click.echo(f"        here    {held[-1][2]}")
        usage = session.finish()
    for name, place in (("engine", 1), ("here", 2)):
        first, last = held[0][place], held[-1][place]
        assert isinstance(first, Held)
        assert isinstance(last, Held)
        wrong += [f"{name}: {one}" for one in last.grew(first)]
    seconds = time.monotonic() - begun
    click.echo(
        f"{seen.total()} trials compared, {len(used)} cells, {jobs} at once "
        f"on {os.cpu_count()} cores, {seconds:.0f} s; {seen['raced']} took another way through a "
        f"known race, {seen['unknown']} unknown, {len(wrong) - seen['unknown']} wrong; "
        f"observed programs used {usage.observed:.0f} s of processor"
    )
    return wrong


def engines(process: psutil.Process) -> Iterator[psutil.Process]:
    """The engine below a process."""
    for one in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "exitmatrix.machine.run.engine" in one.cmdline():
                yield one


def mixed(cells: list[Cell], serving: set[str]) -> Iterator[Cell]:
    """Plain programs and servers without end: of the latter, which take ten times as long, few."""
    deck = sorted(cells, key=lambda one: hash_of(one.id))
    servers = itertools.cycle([one for one in deck if one.scenario in serving])
    others = itertools.cycle([one for one in deck if one.scenario not in serving])
    while deck:
        for _ in range(SERVERS - 1):
            if one := next(others, None):
                yield one
        if one := next(servers, None):
            yield one


def hash_of(text: str) -> int:
    """The same number in every process, unlike `hash`."""
    import zlib

    return zlib.crc32(text.encode())


@click.command()
@click.option("--trials", default=5040, type=click.IntRange(WARM), show_default=True)
@click.option("--python", multiple=True, help="Interpreters.  [default: all that are on record]")
@click.option("--reports", default="reports", type=click.Path(path_type=Path), show_default=True)
def main(trials: int, python: tuple[str, ...], reports: Path) -> None:
    """Soak the harness."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    quiet = Quiet(reports)
    wanted = orders(python or tuple(FOUND), quiet, trials)
    if not wanted:
        raise click.ClickException("nothing that is on record can be run here")
    wrong = soak(trials, wanted, quiet)
    for one in wrong[:20]:
        click.echo(one[:800])
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
