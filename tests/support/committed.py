"""What is committed: records, verdicts and scenarios, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from exitmatrix.machine.scenarios import find_folder, load
from exitmatrix.machine.store.records import platform_name, read_records
from exitmatrix.model import Record, Scenario, Verdict
from exitmatrix.model.cell import DIRECT

REPORTS = Path(__file__).parents[2] / "reports"


@cache
def by_platform() -> Mapping[str, tuple[Record, ...]]:
    """Every record, by its platform."""
    return {platform: tuple(rows) for platform, rows in read_records(REPORTS).items()}


@cache
def records() -> tuple[Record, ...]:
    """Every record, of whatever platform."""
    return tuple(record for rows in by_platform().values() for record in rows)


def of_this_platform() -> tuple[Record, ...]:
    """The records of the platform that the tests run on."""
    return by_platform().get(platform_name(), ())


def races_on_record() -> set[tuple[str, str, str]]:
    """What showed more than one outcome on some Python: it may on any of the same laws."""
    return {
        (one.scenario, one.termination, one.target)
        for one in of_this_platform()
        if len(one.outcomes) > 1 and one.launcher == DIRECT
    }


@cache
def verdicts() -> Mapping[str, Verdict]:
    """What is committed of each cell's verdict; test_rules.py holds it to the laws."""
    lines = (REPORTS / "verdicts.jsonl").read_bytes().splitlines()
    return {one.cell: one for one in (msgspec.json.decode(line, type=Verdict) for line in lines)}


@cache
def scenarios() -> dict[str, Scenario]:
    """Every scenario, by id."""
    return {one.id: one for one in load(find_folder()).scenarios}
