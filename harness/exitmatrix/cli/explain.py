"""The stages of `explain`: each takes what the one before gave, or fails with one clear line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exitmatrix.cli.progress import say
from exitmatrix.cli.stages import USAGE_ERROR, Failure, read
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.sources import sources
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import CellId, Frozen, Record, Scenario, Timeline
from exitmatrix.report.explain import Case, explanation, listing
from exitmatrix.report.questions import questions
from exitmatrix.report.reproducer.program import reproducer
from exitmatrix.report.reproducer.refusal import Refusal

Records = Mapping[str, Sequence[Record]]  # by platform


class Found(Frozen, kw_only=True):
    """A record, and the platform on which it was measured."""

    platform: str
    record: Record


def read_some(output: Path) -> Records:
    """All records of an output folder, of which there are some."""
    records = read(output)
    if not any(records.values()):
        raise Failure(
            f"nothing is on record in {output}: `exitmatrix matrix` measures, and --output names"
            " another folder",
            USAGE_ERROR,
        )
    return records


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
    asked = questions(records)
    for number, one in enumerate(found):
        record = one.record
        subject = subjects.get(record.scenario)
        told = read_timelines(output, one.platform)
        case = Case(
            platform=one.platform,
            record=record,
            scenario=subject,
            judgement=judge(record, subject),
            timelines=_timelines(record, told),
            question=asked[record.question],
        )
        click.echo(("\n" if number else "") + explanation(case), nl=False)


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
