"""What the programs of drafts showed: OUTPUT/upstream/runs.jsonl, one run a line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from exitmatrix.machine.store.files import lines_of, make_folders, write
from exitmatrix.model.draft import ProgramRun

FOLDER = "upstream"
RUNS = "runs.jsonl"


def read_runs(output: Path) -> list[ProgramRun]:
    """The runs on record. Raises ValueError for a line that is none."""
    file = output / FOLDER / RUNS
    found = []
    for number, line in enumerate(lines_of(file), 1):
        try:
            found.append(msgspec.json.decode(line, type=ProgramRun))
        except msgspec.DecodeError as error:
            raise ValueError(f"{file}, line {number}: {error}") from error
    return found


def write_drafts(output: Path, runs: Iterable[ProgramRun], pages: Iterable[tuple[str, str]]) -> int:
    """Write the runs and the pages; returns how many pages there are. Raises CannotWrite."""
    folder = output / FOLDER
    make_folders([folder])
    in_order = sorted(runs, key=lambda one: (one.draft, one.python))
    write(folder / RUNS, b"".join(msgspec.json.encode(one) + b"\n" for one in in_order))
    number = 0
    for name, text in pages:
        write(folder / name, text.encode())
        number += 1
    return number
