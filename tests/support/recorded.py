"""Two cells that were measured here, and ways to give their records another past."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from exitmatrix.machine.store.records import platform_name, read_records
from exitmatrix.model import Record
from msgspec.structs import replace

from tests.conftest import NEWEST
from tests.support.command import measure

CELL = f"{NEWEST}/none/plain/SIGTERM@main"


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `matrix` wrote about two cells."""
    output = tmp_path_factory.mktemp("measured") / "reports"
    done = measure(
        output, "--scenario", "plain", "--termination", "SIGTERM", "--termination", "return"
    )
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture
def output(measured: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, to be changed."""
    copy = tmp_path / "reports"
    shutil.copytree(measured, copy)
    yield copy
    assert not list(tmp_path.rglob(".*")), "nothing is left half-written"


def file_of(output: Path, name: str = NEWEST) -> Path:
    """The file of one interpreter's records."""
    return output / "observations" / platform_name() / f"{name}.jsonl"


def records(output: Path) -> dict[str, Record]:
    """The records of this platform, by cell."""
    return {one.cell: one for one in read_records(output)[platform_name()]}


def write(output: Path, *rows: Record, name: str = NEWEST) -> None:
    """Write these records and no others."""
    file_of(output, name).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in rows))


def bend(record: Record, **process: object) -> Record:
    """The record with another past: its process did something else."""
    bent = [
        replace(one, processes=tuple(replace(p, **process) for p in one.processes))
        for one in record.outcomes
    ]
    return replace(record, outcomes=tuple(bent), since="2020-02-02")


def bent(output: Path, cell: str = CELL, **process: object) -> Record:
    """Change what is on record of a cell."""
    rows = records(output)
    write(output, *({**rows, cell: bend(rows[cell], **process)}).values())
    return records(output)[cell]
