"""Records and timelines as they are on disk, of this machine and of others."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from exitmatrix.machine.store.files import is_torn, lines_of
from exitmatrix.machine.store.sharing import Sharing
from exitmatrix.model import FORMAT, Cell, CellId, Frozen, Interpreter, Outcome, Record, Timeline
from exitmatrix.model.merge import agreed
from exitmatrix.model.outcome_sets import essence

TOLD_CELLS = 3
"""So many cells are named of those that two files disagree about."""


class SavedTimeline(Frozen, kw_only=True):
    """The timeline of one outcome of a cell."""

    cell: str
    outcome: str  # a digest of the outcome, to find it by
    timeline: Timeline


class Key(Frozen):
    """The cell and the outcome of a timeline: all that is needed to know that it is there."""

    cell: str
    outcome: str


class CellOnly(Frozen):
    """The cell that a line is about."""

    cell: str


class Formed(Frozen):
    """The format of a line; timelines have none of their own."""

    format: int = FORMAT


T = TypeVar("T", Record, SavedTimeline, Key, CellOnly)
CELL = msgspec.json.Decoder(CellOnly)
SAVED_TIMELINE = msgspec.json.Decoder(SavedTimeline)
KEY = msgspec.json.Decoder(Key)
FORMED = msgspec.json.Decoder(Formed)
OURS = b'{"format":%d,"cell":' % FORMAT
"""How a line begins that this version wrote."""


class Disagreement(ValueError):
    """Two files of a platform contradict each other. The text says which, and about what."""


def platform_name() -> str:
    """linux-x86_64, macos-arm64: the folder of this machine's observations."""
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    return f"{system}-{platform.machine()}"


def digest(outcome: Outcome) -> str:
    """A short name for an outcome, by what tells it apart in its set."""
    return hashlib.sha256(msgspec.json.encode(essence(outcome))).hexdigest()[:12]


def read_records(output: Path, holding: bytes = b"") -> dict[str, list[Record]]:
    """All records of an output folder by platform; of two lines of a file for a cell the later.

    Lines that do not have `holding` in them are left out unread. Raises ValueError naming
    file and line for one that is not a record, and Disagreement where two files contradict
    each other.
    """
    return _by_platform(output / "observations", holding)


def find_records(folder: Path) -> dict[str, list[Record]] | None:
    """The records of an output folder, of one of observations, or of a file; None where none is.

    Raises as `read_records` does.
    """
    if folder.suffix == ".jsonl" and folder.is_file():
        return {"": read(folder, Sharing().decode)}
    for place in (folder / "observations", folder):
        if any(place.glob("*/*.jsonl")):
            return _by_platform(place)
    return None


def check_records(output: Path) -> None:
    """Read all records once and keep none. Raises as `read_records` does."""
    sharing = Sharing()
    for folder in _platforms(output / "observations"):
        for _ in _by_interpreter(folder, sharing):
            pass


def _by_platform(observations: Path, holding: bytes = b"") -> dict[str, list[Record]]:
    sharing = Sharing()
    return {
        folder.name: [
            r for found in _by_interpreter(folder, sharing, holding) for r in found.values()
        ]
        for folder in _platforms(observations)
    }


def _platforms(observations: Path) -> list[Path]:
    return [folder for folder in sorted(observations.glob("*")) if folder.is_dir()]


def _by_interpreter(
    folder: Path, sharing: Sharing, holding: bytes = b""
) -> Iterator[dict[str, Record]]:
    """The records of one platform. Raises Disagreement when all have been looked at."""
    apart = []
    for interpreter, files in interpreters_in(folder, holding).items():
        try:
            yield merged(files, interpreter, sharing, holding)
        except Disagreement as error:
            apart.append(str(error))
    if apart:
        raise Disagreement("; ".join(apart))


def interpreters_in(folder: Path, holding: bytes = b"") -> dict[str, list[Path]]:
    """The interpreters of one platform, and the files that hold something of each."""
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for interpreter in dict.fromkeys(
            CellId.interpreter_of(one.cell) for _, one, _ in _read(file, CELL.decode, holding)
        ):
            found.setdefault(interpreter, []).append(file)
    return found


def interpreters_on_record(output: Path) -> set[str]:
    """The ids of the interpreters for which there are records, of whatever platform."""
    return {id for folder in _platforms(output / "observations") for id in interpreters_in(folder)}


def merged(
    files: Iterable[Path], interpreter: str, sharing: Sharing, holding: bytes = b""
) -> dict[str, Record]:
    """The records of one interpreter: several machines may each have brought a file.

    Raises Disagreement.
    """
    found: dict[str, Record] = {}
    held: dict[str, Path] = {}
    apart: dict[tuple[Path, Path], list[str]] = {}
    for file in files:
        for record in read(file, sharing.decode, holding or f'"{interpreter}/'.encode()):
            if record.interpreter_id != interpreter:
                continue
            known = found.get(record.cell)
            both = agreed(known, record) if known else record
            if both is None:
                apart.setdefault((held[record.cell], file), []).append(record.cell)
            else:
                found[record.cell] = both
                held[record.cell] = file
    if apart:
        raise Disagreement("; ".join(_apart(*pair, cells) for pair, cells in apart.items()))
    return found


def _apart(one: Path, other: Path, cells: list[str]) -> str:
    more = f" and {len(cells) - TOLD_CELLS} more" if len(cells) > TOLD_CELLS else ""
    return (
        f"{one} and {other} disagree about {', '.join(cells[:TOLD_CELLS])}{more};"
        " remove the file that is wrong"
    )


def read_timelines(
    output: Path, of_platform: str, cell: str = ""
) -> dict[tuple[str, str], Timeline]:
    """Timelines by cell and outcome digest; of one cell where one is named."""
    return {
        (saved.cell, saved.outcome): saved.timeline
        for file in sorted((output / "timelines" / of_platform).glob("*.jsonl"))
        for saved in read(file, SAVED_TIMELINE.decode, cell.encode())
        if not cell or saved.cell == cell
    }


def describe(interpreter: Interpreter) -> dict[str, Any]:
    """What a record says of the interpreter: nothing of the machine it is on."""
    about: dict[str, Any] = {
        "implementation": interpreter.implementation,
        "version": interpreter.version,
    }
    if interpreter.implementation_version:
        about["implementation_version"] = interpreter.implementation_version
    if interpreter.free_threaded:
        about["free_threaded"] = True
    if interpreter.debug:
        about["debug"] = True
    if interpreter.build:
        about["build"] = interpreter.build
    return about


def cell_of(record: Record) -> Cell:
    """The cell that a record is about."""
    return Cell.asking(record.interpreter_id, record.stack, record.question)


def read(file: Path, decode: Callable[[bytes], T], holding: bytes = b"") -> list[T]:
    """The values of a file; of two for the same cell and outcome the later, in the first's place.

    Lines that do not have `holding` in them are left out unread. Raises ValueError
    naming file and line.
    """
    return list({key: value for key, value, _ in _read(file, decode, holding)}.values())


def read_lines(file: Path, decode: Callable[[bytes], T]) -> list[tuple[T, bytes]]:
    """The values, each with the line that holds it, without its end. Raises ValueError."""
    found = {key: (value, line.rstrip(b"\r\n")) for key, value, line in _read(file, decode)}
    return list(found.values())


def _read(
    file: Path, decode: Callable[[bytes], T], holding: bytes = b""
) -> Iterator[tuple[tuple[str, str], T, bytes]]:
    """The values with their lines, by cell and outcome. Raises ValueError."""
    try:
        for number, line in enumerate(lines_of(file), 1):
            if holding not in line:
                continue
            try:
                if not line.startswith(OURS):
                    _check_format(line)
                value = decode(line)
                CellId.check(value.cell)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                if not line.endswith(b"\n") and is_torn(line):
                    continue  # by a kill in the middle of the write
                raise ValueError(f"{file}, line {number}: {error}") from error
            yield (value.cell, getattr(value, "outcome", "")), value, line
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from error


def _check_format(line: bytes) -> None:
    """Raise ValueError for a line that another version of this program wrote, and can read."""
    given = FORMED.decode(line).format
    if given != FORMAT:
        newer = "; a newer exitmatrix reads it" if given > FORMAT else ""
        raise ValueError(f"it is of format {given}, and this version reads {FORMAT}{newer}")
