"""Verdicts and reports, derived from all records that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exitmatrix.cli.errors import HARNESS_FAILED, Failure
from exitmatrix.cli.judging import judged_by, on_all_cores, timelines_of
from exitmatrix.judge.races import judge_races
from exitmatrix.machine.store.files import CannotWrite, is_written, write
from exitmatrix.machine.store.records import read_records
from exitmatrix.machine.store.verdicts import write_verdicts
from exitmatrix.model import Judgement, Record, Scenario
from exitmatrix.report.pages import claims, raced
from exitmatrix.report.pages import matrix as pages

CLAIMS_PAGE = "claims.md"


@dataclass(frozen=True)
class Derived:
    """The records, and the judgement on each, by platform and cell."""

    records: Mapping[str, Sequence[Record]]
    judged: Mapping[tuple[str, str], Judgement]


def write_reports(output: Path, subjects: dict[str, Scenario]) -> Derived:
    """Derive verdicts and reports from all records that there are, of whatever machine.

    The page of claims is written again where there is one: it is another command that begins it.
    """
    try:
        records = read_records(output)
        both = on_all_cores(judge_races, records, subjects)
        judged = {key: judgement for key, (judgement, _) in both.items()}
        tallies = [tally for _, tally in both.values() if tally]
        in_order = sorted(judged, key=lambda key: (key[1], key[0]))
        write_verdicts(output, [judged[key].verdict for key in in_order])
        write(output / "matrix.md", pages.render(records, judged, subjects).encode())
        write(output / "races.md", raced.render(tallies).encode())
        if is_written(output / CLAIMS_PAGE):
            reading = judged_by(records, timelines_of(output, records), subjects)
            write(output / CLAIMS_PAGE, claims.render(reading).encode())
    except CannotWrite as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    return Derived(records=records, judged=judged)
