"""What is committed of generated programs: OUTPUT/programs/, one value a line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from exitmatrix.machine.store.files import lines_of, make_folders, write
from exitmatrix.model.boundary import BatchResult, Boundary, Witness

FOLDER = "programs"
T = TypeVar("T")


def read_boundaries(output: Path) -> list[Boundary]:
    """The boundaries, by pair and size. Raises ValueError for a line that is none."""
    return _read(output / FOLDER / "boundaries.jsonl", Boundary)


def read_batches(output: Path) -> list[BatchResult]:
    """The batches that were run. Raises ValueError for a line that is none."""
    return _read(output / FOLDER / "batches.jsonl", BatchResult)


def read_witnesses(output: Path) -> list[Witness]:
    """The programs that contradict damaged laws. Raises ValueError for a line that is none."""
    return _read(output / FOLDER / "witnesses.jsonl", Witness)


def write_programs(
    output: Path,
    batches: Iterable[BatchResult],
    boundaries: Iterable[Boundary],
    witnesses: Iterable[Witness],
) -> None:
    """Write all three, in the order in which they are given. Raises CannotWrite."""
    make_folders([output / FOLDER])
    _write(output / FOLDER / "batches.jsonl", batches)
    _write(output / FOLDER / "boundaries.jsonl", boundaries)
    _write(output / FOLDER / "witnesses.jsonl", witnesses)


def _read(file: Path, kind: type[T]) -> list[T]:
    found = []
    for number, line in enumerate(lines_of(file), 1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except msgspec.DecodeError as error:
            raise ValueError(f"{file}, line {number}: {error}") from error
    return found


def _write(file: Path, values: Iterable[Any]) -> None:
    write(file, b"".join(msgspec.json.encode(one) + b"\n" for one in values))
