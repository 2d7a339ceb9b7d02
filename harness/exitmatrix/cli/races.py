"""`exitmatrix races`: steer the trials of racy cells, and say what nobody has seen yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from exitmatrix.cli import options
from exitmatrix.cli.derived import write_reports
from exitmatrix.cli.environments import prepare_environments, without_bundles
from exitmatrix.cli.errors import INTERRUPTED, Failure, stopping_cleanly
from exitmatrix.cli.progress import Kind
from exitmatrix.cli.recording import fail_if_too_little_was_seen, measure_and_save, open_store
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import (
    check_machine,
    check_selection,
    find_interpreters,
    make_plan,
    selected,
)
from exitmatrix.judge.races import RacyCell, race
from exitmatrix.machine.store.store import Store
from exitmatrix.model import Cell, Scenario
from exitmatrix.plan.cells import Plan, without
from exitmatrix.plan.steering import TURNS
from exitmatrix.report.pages import races as page


@click.command("races")
@options.selection
@click.option(
    "--trials",
    default=2 * len(TURNS),
    show_default=True,
    type=click.IntRange(1, 1000),
    help="This many runs for each cell.",
)
@options.jobs
@options.output("Where the records are, and where they and the report are written.")
@options.progress
def command(
    python: Sequence[str],
    scenario: Sequence[str],
    launcher: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    trials: int,
    jobs: int | None,
    output: Path,
    progress: Kind,
) -> None:
    """Provoke the rare outcomes of races, and add them to the records.

    A cell is a race if its record holds several outcomes, or if the laws allow
    several. Each run holds back another process, before the signal is sent or
    after one of its events, so that the others get ahead of it. An outcome that is
    seen this way can also happen without it, though rarely.

    At the end, outcomes that the laws allow and no run has shown are listed, with
    the number of runs. `matrix` and `explain` show outcomes that were seen although
    the laws do not allow them.
    """
    selection = selected(scenario, launcher, termination, target, stack)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        check_selection(selection, subjects)
        check_machine()
        found = find_interpreters(python)
        planned = make_plan(found, subjects, selection)
        store = open_store(output)
        planned = replace(planned, cells=tuple(_races(planned, store, subjects)))
        if not planned.cells:
            click.echo("none of these cells is a race: neither on record nor by the laws")
            return
        environments, missing = prepare_environments(planned, found, progress)
        planned = without(planned, missing)
        planned = without_bundles(planned, environments, subjects)
        finished = measure_and_save(
            planned, environments, found, subjects, store, trials, jobs, progress, steered=True
        )
        write_reports(output, subjects)
    if not finished:  # nobody knows then in how many runs what was not seen was not seen
        raise Failure("stopped; what was measured is kept", INTERRUPTED)
    for line in page.race_lines(list(_races(planned, store, subjects).values()), trials):
        click.echo(line)
    fail_if_too_little_was_seen(planned, store, broken)


def _races(planned: Plan, store: Store, subjects: dict[str, Scenario]) -> dict[Cell, RacyCell]:
    """The races among the cells that have a record."""
    records = {cell: store.record(cell) for cell in planned.cells}
    found = {
        cell: race(record, subjects.get(cell.scenario))
        for cell, record in records.items()
        if record is not None
    }
    return {cell: one for cell, one in found.items() if one is not None}
