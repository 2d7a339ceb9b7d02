"""`exitmatrix matrix`: measure cells and write the records, the verdicts and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

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
    take_part,
)
from exitmatrix.cli.streams import say
from exitmatrix.machine.store.store import Store
from exitmatrix.model import Record
from exitmatrix.plan.cells import Plan, without
from exitmatrix.report.agreement import agreement
from exitmatrix.report.pages.changes import count


@click.command("matrix")
@options.selection
@click.option(
    "--trials",
    default=1,
    type=click.IntRange(1, 1000),
    help="At least this many runs of each cell.",
)
@options.shard
@options.jobs
@options.output("Where records and report are written.")
@options.progress
def command(
    python: Sequence[str],
    scenario: Sequence[str],
    launcher: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    trials: int,
    shard: str | None,
    jobs: int | None,
    output: Path,
    progress: Kind,
) -> None:
    """Measure cells and write the records, the verdicts and the report.

    \b
    OUTPUT/observations/<platform>/<interpreter>.jsonl   what was seen
    OUTPUT/timelines/<platform>/<interpreter>.jsonl      one run of each outcome
    OUTPUT/verdicts.jsonl                                 seen against expected
    OUTPUT/matrix.md                                      the report

    What is already there is kept: a cell whose record agrees takes one run, and
    an interrupted run goes on where it stopped.
    """
    selection = selected(scenario, launcher, termination, target, stack)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        check_selection(selection, subjects)
        check_machine()
        found = find_interpreters(python)
        planned = make_plan(found, subjects, selection)
        planned = take_part(planned, subjects, selection, shard)
        store = open_store(output)
        environments, missing = prepare_environments(planned, found, progress)
        planned = without(planned, missing)
        planned = without_bundles(planned, environments, subjects)
        finished = measure_and_save(
            planned, environments, found, subjects, store, trials, jobs, progress
        )
        derived = write_reports(output, subjects)
    if finished:
        pythons = ", ".join(sorted(_interpreters(planned)))
        say(f"measured now: {count(len(planned.cells), 'cell')} of {pythons}")
    tell_what_is_carried_over(planned, derived.records, store)
    here = (derived.judged.get((store.platform, cell.id)) for cell in planned.cells)
    for line in agreement([one.verdict for one in here if one]):
        say(line)
    click.echo(output / "matrix.md")
    if not finished:
        raise Failure(
            "stopped; what was measured is kept, and the same command goes on from there",
            INTERRUPTED,
        )
    fail_if_too_little_was_seen(planned, store, broken)


def _interpreters(planned: Plan) -> set[str]:
    return {cell.interpreter for cell in planned.cells}


def tell_what_is_carried_over(
    planned: Plan, records: Mapping[str, Sequence[Record]], store: Store
) -> None:
    """Name the interpreters whose records were measured earlier, or on another platform."""
    here = _interpreters(planned)
    known = {
        f"{record.interpreter_id} ({name})"
        for name, rows in records.items()
        for record in rows
        if name != store.platform or record.interpreter_id not in here
    }
    if known:
        say(f"carried over from earlier runs: {', '.join(sorted(known))}")
