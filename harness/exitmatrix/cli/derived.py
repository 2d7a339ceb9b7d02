"""Verdicts and report, derived from all records that there are."""

from __future__ import annotations

from pathlib import Path

from exitmatrix.cli.errors import HARNESS_FAILED, Failure
from exitmatrix.judge.verdict import judge_all
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.machine.store.records import read_records
from exitmatrix.machine.store.store import write_verdicts
from exitmatrix.model import Record, Scenario
from exitmatrix.report.pages import matrix as pages


def write_reports(output: Path, subjects: dict[str, Scenario]) -> dict[str, list[Record]]:
    """Derive verdicts and report from all records that there are, of whatever machine."""
    try:
        records = read_records(output)
        judged = judge_all(records, subjects)
        in_order = sorted(judged, key=lambda key: (key[1], key[0]))
        write_verdicts(output, [judged[key].verdict for key in in_order])
        write(output / "matrix.md", pages.render(records, judged, subjects).encode())
    except CannotWrite as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    return records
