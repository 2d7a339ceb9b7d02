"""The saved verdicts, so that commands need not judge every cell again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from exitmatrix.machine.scenarios import find_folder
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.machine.store.sharing import ENCODER
from exitmatrix.model import Verdict

NAME = "verdicts.jsonl"
PACKAGE = Path(__file__).parents[2]
RESTS_ON = ("judge", "declare", "model")
"""The parts of the package that a verdict rests on, beside the records and the scenarios."""

AT_ONCE = 10.0
"""Seconds within which a checkout writes all its files, in whatever order."""

DECODER = msgspec.json.Decoder(Verdict)


def write_verdicts(output: Path, verdicts: Iterable[Verdict]) -> None:
    """Write OUTPUT/verdicts.jsonl, if it would differ; its time says when it was last true.

    Raises CannotWrite.
    """
    file = output / NAME
    write(file, b"".join(ENCODER.encode(one) + b"\n" for one in verdicts))
    try:
        file.touch()
    except OSError as error:
        raise CannotWrite(f"cannot write to {file}: {error.strerror}") from error


def read_verdicts(output: Path) -> dict[str, Verdict]:
    """The verdicts by cell; none where the file is older than anything that they rest on.

    A cell that is on record for several platforms is left out.
    """
    file = output / NAME
    try:
        written = file.stat().st_mtime + AT_ONCE
        if any(one.stat().st_mtime > written for one in _rests_on(output)):
            return {}
        found = [DECODER.decode(line) for line in file.read_bytes().splitlines()]
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return {}
    times = Counter(one.cell for one in found)
    return {one.cell: one for one in found if times[one.cell] == 1}


def _rests_on(output: Path) -> Iterator[Path]:
    yield from (output / "observations").glob("*/*.jsonl")
    yield from (one for part in RESTS_ON for one in (PACKAGE / part).rglob("*.py"))
    yield from (one for one in find_folder().rglob("*") if one.is_file())
