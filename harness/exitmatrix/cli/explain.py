"""`exitmatrix explain`: what happens in a cell, in which order, and why, from the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from exitmatrix.cli import options
from exitmatrix.cli.errors import USAGE_ERROR, Failure
from exitmatrix.cli.records import folder_to_read, read_alike, read_some
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.streams import say
from exitmatrix.cli.structured import echo_json
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.verdict import expected, judge
from exitmatrix.machine.sources import sources
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import CellId, Frozen, Question, Record, Scenario
from exitmatrix.model.record import Records
from exitmatrix.model.tree import GROUP
from exitmatrix.model.versions import subject_age, subject_of
from exitmatrix.plan.cells import NothingMatches
from exitmatrix.plan.lookup import find_cells
from exitmatrix.report.exchange.cells import CellDocument, ExplainDocument, cell_document
from exitmatrix.report.pages.cell import CellFacts, explanation, foretold
from exitmatrix.report.pages.listing import answer_in_words, listing
from exitmatrix.report.reproducer.refusal import Refusal
from exitmatrix.report.survey import surveys


class MeasuredRecord(Frozen, kw_only=True):
    """A record, and the platform on which it was measured."""

    platform: str
    record: Record


@click.command("explain")
@click.argument("cell")
@options.records("The folder of records and timelines.")
@click.option(
    "--reproducer",
    default=None,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write a program that shows the cell without the harness, or - for stdout.",
)
@options.as_json
def command(cell: str, folder: Path | None, reproducer: Path | None, as_json: bool) -> None:
    """Show what happens in a cell, in which order, why, and since when.

    \b
      exitmatrix explain cpython-3.13.0/none/plain/SIGTERM@main
      exitmatrix explain 'pypy-*/flask-debug/SIGKILL@*'
      exitmatrix explain plain/SIGTERM

    CELL is an id, a pattern or a part of an id. If it names several cells, each way
    to end a program is listed with its short answers and the versions that gave them.
    What was not measured of a program that was is told as the laws foretell it.
    If all are of one program, ended in one way, the newest is then shown in full.
    Nothing is run: everything comes from the records.

    --reproducer writes a program that shows the same without exitmatrix, for Python
    2.7 or 3.6 and later. Its first lines name the packages that it needs.

    \b
      exitmatrix explain cpython-3.13.0/none/plain/SIGTERM@main \\
          --reproducer sigterm.py
      python3.13 sigterm.py
    """
    folder = folder_to_read(folder)
    # For an id or the end of one, which are the usual cases, no others are read.
    records = read_alike(folder, cell)
    found = exactly(cell, records) or cells_ending_in(cell, records)
    if not found:
        records = read_some(folder)
        if not (reproducer or as_json) and (text := not_measured(cell, records)):
            click.echo(text, nl=False)
            return
        found = find(cell, records)
    subjects, _ = load_scenarios({one.record.scenario for one in found})
    if reproducer:
        write_reproducer(found, subjects, reproducer)
    elif as_json:
        echo_json(ExplainDocument(cells=documents(found, subjects, folder)))
    else:
        print_cells(found, records, subjects, folder)


def exactly(id: str, records: Records) -> list[MeasuredRecord]:
    """The records of one cell, of each platform."""
    return [
        MeasuredRecord(platform=platform, record=record)
        for platform, rows in sorted(records.items())
        for record in rows
        if record.cell == id
    ]


def cells_ending_in(words: str, records: Records) -> list[MeasuredRecord]:
    """The cells whose ids end in these words: SCENARIO/TERMINATION@TARGET, or less."""
    return [
        MeasuredRecord(platform=platform, record=record)
        for platform, rows in sorted(records.items())
        for record in rows
        if record.cell.endswith(f"/{words}")
    ]


def not_measured(words: str, records: Records) -> str:
    """What the laws foretell of a way to end a program that is on record, but not so; "" of others.

    For the newest of those that are on record. Fails where no law tells it.
    """
    try:
        asked = Question.parse(words)
    except ValueError:
        return ""
    rows = exactly_of(asked, records)
    subject = load_scenarios({asked.scenario})[0].get(asked.scenario) if rows else None
    if subject is None or asked.target not in (*subject.roles, GROUP):
        return ""
    newest = max(rows, key=lambda one: subject_age(subject_of(one.platform, one.record))).record
    record = replace(newest, termination=asked.termination, target=asked.target)
    try:
        prediction = expected(record, subject)
    except NotPredicted as error:
        raise Failure(f"{asked} was not measured, and no law tells {error}", USAGE_ERROR) from error
    return foretold(asked, record, subject, prediction)


def exactly_of(asked: Question, records: Records) -> list[MeasuredRecord]:
    """The records of a program that is started so, if it is asked for a known ending."""
    if asked.termination not in TERMINATIONS:
        return []
    return [
        MeasuredRecord(platform=platform, record=record)
        for platform, rows in sorted(records.items())
        for record in rows
        if (record.scenario, record.launcher) == (asked.scenario, asked.launcher)
    ]


def find(words: str, records: Records) -> list[MeasuredRecord]:
    """The cells that an id, a part of one or a pattern names, of which there is one at least."""
    by_cell: dict[CellId, list[MeasuredRecord]] = {}
    for platform, rows in sorted(records.items()):
        for record in rows:
            one = MeasuredRecord(platform=platform, record=record)
            by_cell.setdefault(CellId.parse(record.cell), []).append(one)
    try:
        cells = find_cells(words, list(by_cell))
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error
    return sorted((one for cell in cells for one in by_cell[cell]), key=lambda one: one.platform)


def print_cells(
    found: Sequence[MeasuredRecord],
    records: Records,
    subjects: Mapping[str, Scenario],
    folder: Path,
) -> None:
    """One cell in full; of several the short answers, and of one question the newest in full."""
    asked = {one.record.question for one in found}
    alike = {
        platform: [record for record in rows if record.question in asked]
        for platform, rows in records.items()
    }
    if len({one.record.cell for one in found}) > 1:
        for line in listing([(one.platform, one.record) for one in found], alike, subjects):
            click.echo(line)
        newest = max(found, key=lambda one: subject_age(subject_of(one.platform, one.record)))
        if len(asked) > 1:
            say(f"to see one in full: exitmatrix explain {newest.record.cell}")
            return
        click.echo("\nThe newest in full\n")
        found = [newest]
    by_question = surveys(alike, subjects)
    for number, one in enumerate(found):
        record = one.record
        subject = subjects.get(record.scenario)
        timelines = read_timelines(folder, one.platform, record.cell)
        facts = CellFacts(
            platform=one.platform,
            record=record,
            scenario=subject,
            judgement=judge(record, subject),
            timelines=tuple(timelines.get((record.cell, digest(one))) for one in record.outcomes),
            survey=by_question[record.question],
        )
        click.echo(("\n" if number else "") + explanation(facts), nl=False)


def documents(
    found: Sequence[MeasuredRecord], subjects: Mapping[str, Scenario], folder: Path
) -> tuple[CellDocument, ...]:
    """All that is known of each cell, for programs."""
    timelines = {
        platform: read_timelines(folder, platform) for platform in {one.platform for one in found}
    }
    return tuple(
        cell_document(
            platform,
            record,
            judge(record, subjects.get(record.scenario)),
            [timelines[platform].get((record.cell, digest(one))) for one in record.outcomes],
            answer_in_words(record, subjects.get(record.scenario)),
        )
        for platform, record in ((one.platform, one.record) for one in found)
    )


def write_reproducer(
    found: Sequence[MeasuredRecord], subjects: Mapping[str, Scenario], file: Path
) -> None:
    """Write the program that shows one cell without the harness."""
    ids = sorted({one.record.cell for one in found})
    if len(ids) > 1:
        raise Failure(f"--reproducer takes one cell, not {len(ids)}: {ids[0]}, ...", USAGE_ERROR)
    record = found[0].record
    subject = subjects.get(record.scenario)
    if subject is None:
        raise Failure(f"the program of {record.scenario} is gone", USAGE_ERROR)
    # Imported here: who only reads an explanation does not wait for it.
    from exitmatrix.report.reproducer.program import reproducer  # noqa: PLC0415

    try:
        text = reproducer(record, subject, sources(subject))
        if str(file) == "-":
            click.echo(text, nl=False)
            return
        write(file, text.encode("ascii"))
    except Refusal as error:
        raise Failure(
            f"no program without the harness for {ids[0]}: {error}", USAGE_ERROR
        ) from error
    except CannotWrite as error:
        raise Failure(str(error), USAGE_ERROR) from error
    say(f"written: {file}")
