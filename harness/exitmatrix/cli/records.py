"""Records as the commands read them, and what is derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.machine.store.records import read_records
from exitmatrix.model import Record

Records = Mapping[str, Sequence[Record]]  # by platform


def read(output: Path) -> dict[str, list[Record]]:
    """All records of an output folder, which agree with each other."""
    try:
        return read_records(output)
    except ValueError as error:
        raise Failure(f"the records cannot be used: {error}", HARNESS_FAILED) from error


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
