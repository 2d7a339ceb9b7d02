"""What is committed: records and scenarios, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from exitmatrix.machine.scenarios import find_folder, load
from exitmatrix.machine.store.records import read_records
from exitmatrix.model import Record, Scenario

REPORTS = Path(__file__).parents[2] / "reports"


@cache
def records() -> tuple[Record, ...]:
    """Every record, of whatever platform."""
    return tuple(record for rows in read_records(REPORTS).values() for record in rows)


@cache
def scenarios() -> Mapping[str, Scenario]:
    """Every scenario, by id."""
    return {one.id: one for one in load(find_folder()).scenarios}
