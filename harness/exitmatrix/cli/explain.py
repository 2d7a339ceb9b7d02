"""`exitmatrix explain`: what happens in a cell, in which order, and why, from the records."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exitmatrix.cli import options
from exitmatrix.cli.errors import USAGE_ERROR, Failure
from exitmatrix.cli.records import Records, read_some
from exitmatrix.cli.selecting import load_scenarios
from exitmatrix.cli.streams import say
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.sources import sources
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import CellId, Frozen, Record, Scenario, Timeline
from exitmatrix.report.pages.cell import CellFacts, explanation, listing
from exitmatrix.report.reproducer.program import reproducer
from exitmatrix.report.reproducer.refusal import Refusal
from exitmatrix.report.survey import surveys


class Found(Frozen, kw_only=True):
    """A record, and the platform on which it was measured."""

    platform: str
    record: Record


@click.command("explain")
@click.argument("cell")
@options.output("Where the records and timelines are.")
@click.option(
    "--reproducer",
    default=None,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write a program that shows the cell without the harness; - for stdout.",
)
def command(cell: str, output: Path, reproducer: Path | None) -> None:
    """Say what happens in a cell, in which order, why, and since which version.

    \b
      exitmatrix explain cpython-3.13.0/none/plain/SIGTERM@main
      exitmatrix explain 'pypy-*/flask-debug/SIGKILL@*'
      exitmatrix explain plain/SIGTERM

    Where CELL, a pattern or a part of an id, names several cells, they are listed
    with a short answer each. Nothing is run: all is told from the records.

    \b
      exitmatrix explain cpython-3.13.0/none/plain/SIGTERM@main \\
          --reproducer sigterm.py
      python3.13 sigterm.py

    writes a program for Python 2.7 or 3.6 and later that shows the same without
    exitmatrix. Its first lines name the packages that it needs.
    """
    records = read_some(output)
    found = find(cell, records)
    subjects, _ = load_scenarios()
    if reproducer:
        write_reproducer(found, subjects, reproducer)
    else:
        tell(found, records, subjects, output)


def find(words: str, records: Records) -> list[Found]:
    """The cells that an id, a part of one or a pattern names, of which there is one at least."""
    everything = [
        Found(platform=platform, record=record)
        for platform, rows in sorted(records.items())
        for record in rows
    ]
    # What is meant by a part of an id: whole words of it before anything that holds it.
    for pattern in (words, f"*/{words}", f"{words}/*", f"*/{words}/*", f"*{words}*"):
        found = [
            one for one in everything if _is(one, words) or CellId.parse(_id(one)).matches(pattern)
        ]
        if found:
            return found
    ids = sorted({_id(one) for one in everything})
    raise Failure(
        f"no cell matches '{words}'; nearest: {', '.join(nearest(words, ids))}", USAGE_ERROR
    )


def nearest(words: str, ids: Sequence[str]) -> list[str]:
    """What somebody may have meant: as much of an id as was given."""
    parts = words.count("/") + 1
    known = sorted({CellId.parse(id).tail(parts) for id in ids})
    return difflib.get_close_matches(words, known, n=3, cutoff=0.0)


def tell(
    found: Sequence[Found], records: Records, subjects: Mapping[str, Scenario], output: Path
) -> None:
    """One cell in full; of several a line for each."""
    if len({_id(one) for one in found}) > 1:
        for line in listing([one.record for one in found]):
            click.echo(line)
        return
    by_question = surveys(records)
    for number, one in enumerate(found):
        record = one.record
        subject = subjects.get(record.scenario)
        told = read_timelines(output, one.platform)
        facts = CellFacts(
            platform=one.platform,
            record=record,
            scenario=subject,
            judgement=judge(record, subject),
            timelines=_timelines(record, told),
            survey=by_question[record.question],
        )
        click.echo(("\n" if number else "") + explanation(facts), nl=False)


def write_reproducer(found: Sequence[Found], subjects: Mapping[str, Scenario], file: Path) -> None:
    """Write the program that shows one cell without the harness."""
    ids = sorted({_id(one) for one in found})
    if len(ids) > 1:
        raise Failure(f"--reproducer takes one cell, not {len(ids)}: {ids[0]}, ...", USAGE_ERROR)
    record = found[0].record
    subject = subjects.get(record.scenario)
    if subject is None:
        raise Failure(f"the program of {record.scenario} is gone", USAGE_ERROR)
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


def _timelines(
    record: Record, told: Mapping[tuple[str, str], Timeline]
) -> tuple[Timeline | None, ...]:
    return tuple(told.get((record.cell, digest(outcome))) for outcome in record.outcomes)


def _id(one: Found) -> str:
    return one.record.cell


def _is(one: Found, words: str) -> bool:
    return _id(one) == words
