"""`exitmatrix claims`: what was published, judged by what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exitmatrix.claims.assess import Assessment
from exitmatrix.claims.claim import Claim
from exitmatrix.claims.texts import CLAIMS, CLAIMS_BY_ID
from exitmatrix.cli import options
from exitmatrix.cli.derived import CLAIMS_PAGE, write_reports
from exitmatrix.cli.environments import prepare_environments, without_bundles
from exitmatrix.cli.errors import INTERRUPTED, USAGE_ERROR, Failure, no_such, stopping_cleanly
from exitmatrix.cli.judging import judge_claims
from exitmatrix.cli.progress import Kind
from exitmatrix.cli.recording import fail_if_too_little_was_seen, measure_and_save, open_store
from exitmatrix.cli.records import folder_to_read, read_all
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import check_machine, find_interpreters, plan_all
from exitmatrix.cli.streams import say
from exitmatrix.cli.structured import echo_json
from exitmatrix.declare import stacks
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.model import Cell, Interpreter, Scenario
from exitmatrix.model.record import Records
from exitmatrix.model.versions import stack_words
from exitmatrix.plan.cells import Plan, Selection, without
from exitmatrix.report.exchange.claims import judged_claims
from exitmatrix.report.pages.changes import count
from exitmatrix.report.pages.claims import Reading, claim_line, in_full, render

OF_2020 = "flask-1.1"


@click.command("claims")
@click.argument("claim", nargs=-1)
@options.python("Measure with these only: 3.13, 'cpython-3.1*', or a path.")
@options.jobs
@options.records_only
@click.option(
    "--output",
    default=None,
    type=click.Path(path_type=Path, file_okay=False),
    help="Measure what has no record, and write claims.md and what matrix writes.",
)
@options.progress
@options.as_json
def command(
    claim: Sequence[str],
    python: Sequence[str],
    jobs: int | None,
    records: Path | None,
    output: Path | None,
    progress: Kind,
    as_json: bool,
) -> None:
    """Compare published claims about exit handlers with what was observed.

    \b
      exitmatrix claims                    every claim and its verdict
      exitmatrix claims B7 B8              these two in full
      exitmatrix claims --output reports   measure what is missing, and write
                                           reports/claims.md

    A verdict is computed from the records: holds, holds since or until a version,
    holds but not for the reason given, contradicted. An opinion cannot be tested.
    Without --output nothing is run, and nothing is written.
    """
    chosen = claims_named(claim)
    if records and output:
        raise Failure("--records reads, --output writes: give one of the two", USAGE_ERROR)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        if output:
            measure_missing(chosen, subjects, python, output, jobs, progress, broken)
        judged = CLAIMS if output else chosen  # the page holds every one
        reading = judge_claims(output or folder_to_read(records), subjects, judged)
        if output:
            write_page(reading, output)
    mine = [one for one in reading.assessments if one.claim in chosen]
    if as_json:
        echo_json(judged_claims(mine))
    else:
        tell_claims(reading, mine, bool(claim))
    if output:
        say(str(output / CLAIMS_PAGE))


def claims_named(ids: Sequence[str]) -> tuple[Claim, ...]:
    """The claims asked for; all of them where none is named."""
    for id in ids:
        if id.upper() not in CLAIMS_BY_ID:
            raise no_such("claim", id, CLAIMS_BY_ID)
    return tuple(CLAIMS_BY_ID[id.upper()] for id in ids) or CLAIMS


def missing(
    claims: Sequence[Claim],
    found: Mapping[str, Interpreter],
    subjects: dict[str, Scenario],
    records: Records,
) -> Plan:
    """The cells that the claims rest on and that no record holds."""
    planned = plan_all(dict(found), subjects, Selection())
    judging = {one.cells for claim in claims for one in claim.judged_by}
    patterns = judging | {pattern for claim in claims for pattern in claim.rests_on}
    known = {record.cell for rows in records.values() for record in rows}

    def named(cell: Cell, some: set[str]) -> bool:
        return any(cell.question.matches(one) for one in some)

    needed = [cell for cell in planned.cells if cell.id not in known and named(cell, patterns)]
    # Those that verdicts rest on first: a run that is stopped has said the most then.
    needed.sort(key=lambda cell: not named(cell, judging))
    return Plan(cells=tuple(needed), left_out=planned.left_out)


def tell_if_2020_is_missing(found: Mapping[str, Interpreter], records: Records) -> None:
    """Say what to do where nothing can be said of the stack that text B used."""
    stack = next(one for one in stacks.STACKS if one.name == OF_2020)
    on_record = any(record.stack == OF_2020 for rows in records.values() for record in rows)
    if not on_record and all(stacks.applies(stack, one) for one in found.values()):
        say(
            f"{stack_words(OF_2020)}, the stack of 2020, needs Python {stack.requires}: install"
            " one, or name it with --python PATH; without it only today's stack is judged"
        )


def measure_missing(
    chosen: Sequence[Claim],
    subjects: dict[str, Scenario],
    python: Sequence[str],
    output: Path,
    jobs: int | None,
    progress: Kind,
    broken: int,
) -> None:
    """Measure what has no record, as `matrix` does, and write all that it writes."""
    records = read_all(output)
    found = find_interpreters(python)
    tell_if_2020_is_missing(found, records)
    planned = missing(chosen, found, subjects, records)
    if not planned.cells:
        return
    say(f"{count(len(planned.cells), 'cell')} without a record")
    check_machine()
    store = open_store(output)
    environments, gone = prepare_environments(planned, found, progress)
    planned = without(planned, gone)
    planned = without_bundles(planned, environments, subjects)
    finished = measure_and_save(planned, environments, found, subjects, store, 1, jobs, progress)
    write_reports(output, subjects)
    if not finished:
        raise Failure(
            "stopped; what was measured is kept, and the same command goes on from there",
            INTERRUPTED,
        )
    fail_if_too_little_was_seen(planned, store, broken)


def write_page(reading: Reading, output: Path) -> None:
    """Write OUTPUT/claims.md."""
    try:
        write(output / CLAIMS_PAGE, render(reading).encode())
    except CannotWrite as error:
        raise Failure(str(error), USAGE_ERROR) from error


def tell_claims(reading: Reading, mine: Sequence[Assessment], named: bool) -> None:
    """The verdicts, a line each; of claims that were named, everything."""
    for number, one in enumerate(mine):
        if named:
            click.echo(("\n" if number else "") + in_full(reading, one))
        else:
            click.echo(claim_line(one))
