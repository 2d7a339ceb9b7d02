"""Observations on disk: written as each cell ends, and the same bytes when nothing changed.

    OUTPUT/observations/<platform>/<interpreter id>.jsonl   a record a line, sorted by cell
    OUTPUT/timelines/<platform>/<interpreter id>.jsonl      one timeline per distinct outcome
    CACHE/runs/<name of OUTPUT>/<interpreter id>.jsonl      how many trials each cell has had
    CACHE/trials/<name of OUTPUT>/<interpreter id>.jsonl    the raw trials of the latest run

A record that is new or changed is appended at once, as one line in one write, so
that no later failure can lose it; of two lines for one cell the later holds, and
a last line that was torn by a kill is left out, and removed by the next append.
`close` sorts the files that changed. One store at a time has an output folder:
while it is open it holds a lock on it.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import os
import platform
import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from harness.agreement import agreed
from harness.model import (
    FORMAT,
    Cell,
    Frozen,
    Interpreter,
    Outcome,
    Record,
    Trial,
    Verdict,
)
from harness.observe import Timeline
from harness.outcomes import contains, essence, is_race, union
from harness.schedule import Known, Question, Result
from harness.sharing import ENCODER, Sharing

AT_HAND = 3
"""Of so many interpreters the store holds what there is; two are at work where one gives way."""
TOLD_CELLS = 3
"""So many cells are named of those that two files disagree about."""


class Told(Frozen, kw_only=True):
    """The timeline of one outcome of a cell."""

    cell: str
    outcome: str  # a digest of the outcome, to find it by
    timeline: Timeline


class Count(Frozen, kw_only=True):
    """A line of the ledger: trials of a cell; `finished` closes a run."""

    cell: str = ""
    trials: int = 0
    finished: bool = False


class Key(Frozen):
    """Of what cell and outcome a timeline is: all that is needed to know that it is there."""

    cell: str
    outcome: str


class Named(Frozen):
    """Of what cell a line is."""

    cell: str


T = TypeVar("T", Record, Told, Key, Named)
CELL = msgspec.json.Decoder(Named)
TOLD = msgspec.json.Decoder(Told)
KEY = msgspec.json.Decoder(Key)
COUNT = msgspec.json.Decoder(Count)


class CannotWrite(Exception):
    """The output folder cannot be written. The text says which and why."""


class Disagreement(ValueError):
    """Two files of a platform contradict each other. The text says which, and about what."""


def platform_name() -> str:
    """linux-x86_64, macos-arm64: the folder of this machine's observations."""
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    return f"{system}-{platform.machine()}"


def digest(outcome: Outcome) -> str:
    """A short name for an outcome, by what tells it apart in its set."""
    return hashlib.sha256(msgspec.json.encode(essence(outcome))).hexdigest()[:12]


def read_records(output: Path) -> dict[str, list[Record]]:
    """All records of an output folder by platform; of two lines of a file for a cell the later.

    Raises ValueError naming file and line for one that is not a record, and
    Disagreement where two files contradict each other.
    """
    return _by_platform(output / "observations")


def find_records(folder: Path) -> dict[str, list[Record]] | None:
    """The records of an output folder, or of one of observations; None where neither is.

    Raises as `read_records` does.
    """
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


def _by_platform(observations: Path) -> dict[str, list[Record]]:
    sharing = Sharing()
    return {
        folder.name: [r for found in _by_interpreter(folder, sharing) for r in found.values()]
        for folder in _platforms(observations)
    }


def _platforms(observations: Path) -> list[Path]:
    return [folder for folder in sorted(observations.glob("*")) if folder.is_dir()]


def _by_interpreter(folder: Path, sharing: Sharing) -> Iterator[dict[str, Record]]:
    """The records of one platform. Raises Disagreement when all have been looked at."""
    apart = []
    for interpreter, files in _interpreters(folder).items():
        try:
            yield _merged(files, interpreter, sharing)
        except Disagreement as error:
            apart.append(str(error))
    if apart:
        raise Disagreement("; ".join(apart))


def _interpreters(folder: Path) -> dict[str, list[Path]]:
    """The interpreters of one platform, and the files that hold something of each."""
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for cell in dict.fromkeys(one.cell.split("/")[0] for one in _read(file, CELL.decode)):
            found.setdefault(cell, []).append(file)
    return found


def _merged(files: Iterable[Path], interpreter: str, sharing: Sharing) -> dict[str, Record]:
    """The records of one interpreter: several machines may each have brought a file.

    Raises Disagreement.
    """
    found: dict[str, Record] = {}
    held: dict[str, Path] = {}
    apart: dict[tuple[Path, Path], list[str]] = {}
    for file in files:
        for record in _read(file, sharing.decode):
            if record.cell.split("/")[0] != interpreter:
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


def read_timelines(output: Path, of_platform: str) -> dict[tuple[str, str], Timeline]:
    """Timelines by cell and outcome digest."""
    return {
        (told.cell, told.outcome): told.timeline
        for file in sorted((output / "timelines" / of_platform).glob("*.jsonl"))
        for told in _read(file, TOLD.decode)
    }


@dataclass(slots=True)
class _Shelf:
    """All that is known of the cells of one interpreter."""

    records: dict[str, Record]
    told: set[tuple[str, str]]  # cells and outcomes that have their timeline
    trials: dict[str, int]  # how many were ever run, by cell
    this_run: set[str]  # cells that were measured since a run was last whole


class Store:
    """The observations of this platform, and the ledger, while a run goes on.

    It holds what there is of the interpreters that were asked for last; the rest is
    on disk, where everything is at once.
    """

    def __init__(self, output: Path, cache: Path, today: datetime.date) -> None:
        self.output = output
        self.today = today.isoformat()
        self.platform = platform_name()
        self._records = output / "observations" / self.platform
        self._timelines = output / "timelines" / self.platform
        name = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
        self._ledgers = cache / "runs" / name
        self._trials = cache / "trials" / name
        self._kept: set[str] = set()
        self._forgotten: set[str] = set()
        self._sharing = Sharing()
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        _make((self._records, self._timelines, self._ledgers, self._trials))
        # Also when nobody closes it.
        self._unlock = weakref.finalize(self, os.close, _lock(self._records, output))
        self.resumed = 0
        """How many cells the interrupted run that is now continued had measured."""
        self._racy: set[Question] = set()
        try:
            self._files = _interpreters(self._records)
            self._told = _interpreters(self._timelines)
            for interpreter in self._files:
                shelf = self._shelf(interpreter)
                self._racy |= {
                    cell_of(record).question
                    for record in shelf.records.values()
                    if is_race(record.outcomes)
                }
                self.resumed += len(shelf.this_run)
        except BaseException:
            self._unlock()
            raise
        self._resuming = bool(self.resumed)
        # A run that was killed leaves its files as it appended to them.
        self._changed = {
            file.stem
            for folder in (self._records, self._timelines)
            for file in folder.glob("*.jsonl")
            if not _in_order(file)
        }

    # -------------------------------------------------------------- knowing

    def record(self, cell: Cell) -> Record | None:
        """What is on record of a cell."""
        return self._shelf(cell.interpreter).records.get(cell.id)

    def known(self, cell: Cell, packages: Mapping[str, str]) -> Known | None:
        """What is known of a cell, if that was measured with these packages."""
        shelf = self._shelf(cell.interpreter)
        record = shelf.records.get(cell.id)
        if record is None or record.packages != packages:
            return None
        now = record.cell in shelf.this_run
        if record.unknown and not now:
            return None  # measured again, in full; by the next run, not by this one
        return Known(
            outcomes=record.outcomes, trials=shelf.trials.get(record.cell), in_this_run=now
        )

    def racy(self) -> set[Question]:
        """The questions that had shown two outcomes when this was opened."""
        return self._racy

    def _shelf(self, interpreter: str) -> _Shelf:
        """What there is of an interpreter, from disk where it is not at hand."""
        if interpreter not in self._shelves:
            self._shelves[interpreter] = self._read_shelf(interpreter)
            if len(self._shelves) > AT_HAND:
                self._shelves.popitem(last=False)
        self._shelves.move_to_end(interpreter)
        return self._shelves[interpreter]

    def _read_shelf(self, interpreter: str) -> _Shelf:
        found = _merged(self._files.get(interpreter, ()), interpreter, self._sharing)
        for cell in self._forgotten & set(found):
            del found[cell]
        told = {
            (sys.intern(key.cell), sys.intern(key.outcome))
            for file in self._told.get(interpreter, ())
            for key in _read(file, KEY.decode)
        }
        trials, this_run = _read_ledger(self._ledger(interpreter))
        # A cell whose record has been removed since is unknown again.
        return _Shelf(found, told, trials, this_run & set(found))

    def _ledger(self, interpreter: str) -> Path:
        return self._ledgers / f"{interpreter}.jsonl"

    # --------------------------------------------------------------- saving

    def keep(self, cell: Cell, trial: Trial) -> None:
        """Keep a raw trial, from which everything that is concluded can be concluded again.

        Those of the run before go when an interpreter is measured anew.
        """
        file = self._trials / f"{cell.interpreter}.jsonl"
        if cell.interpreter not in self._kept:
            self._kept.add(cell.interpreter)
            if not self._resuming:
                file.unlink(missing_ok=True)
        self._append(file, trial)

    def save(
        self,
        result: Result,
        interpreter: Interpreter,
        packages: dict[str, str],
        timelines: Mapping[str, Timeline],
    ) -> None:
        """Write what is new about a cell. `timelines` is by outcome digest."""
        cell = result.cell
        shelf = self._shelf(cell.interpreter)
        old = shelf.records.get(cell.id)
        same = old is not None and old.packages == packages
        outcomes = union((*(old.outcomes if old and same else ()), *result.outcomes))
        record = Record(
            format=FORMAT,
            cell=cell.id,
            interpreter=describe(interpreter),
            packages=packages,
            stack=cell.stack,
            scenario=cell.scenario,
            launcher=cell.launcher,
            termination=cell.termination,
            target=cell.target,
            platform={"system": platform.system(), "machine": platform.machine()},
            since=self.today,
            outcomes=outcomes,
            unknown=result.unknown,
        )
        if old is not None and replace(record, since=old.since) == old:
            record = old
        else:
            if old is not None and same and all(contains(old.outcomes, one) for one in outcomes):
                record = replace(record, since=old.since)
            record = self._sharing.share(record)
            shelf.records[record.cell] = record
            self._forgotten.discard(record.cell)
            self._add(self._records, self._files, cell.interpreter, record)
        for outcome in record.outcomes:
            key = digest(outcome)
            if (record.cell, key) not in shelf.told and key in timelines:
                shelf.told.add((record.cell, sys.intern(key)))
                told = Told(cell=record.cell, outcome=key, timeline=timelines[key])
                self._add(self._timelines, self._told, cell.interpreter, told)
        before = shelf.trials.get(record.cell, 0) if same else 0
        shelf.trials[record.cell] = before + result.trials
        shelf.this_run.add(record.cell)
        count = Count(cell=record.cell, trials=before + result.trials)
        self._append(self._ledger(cell.interpreter), count)

    def forget(self, cell: str) -> None:
        """Let the next `save` replace what is on record of a cell, instead of adding to it."""
        self._forgotten.add(cell)
        self._shelf(cell.split("/", maxsplit=1)[0]).records.pop(cell, None)

    def close(self, finished: bool) -> None:
        """Bring the changed files into order; `finished` says that the run was whole.

        Raises CannotWrite.
        """
        try:
            self._sort()
            if finished:
                for file in self._ledgers.glob("*.jsonl"):
                    trials, _ = _read_ledger(file)
                    counts = [Count(cell=cell, trials=n) for cell, n in trials.items()]
                    _rewrite(file, [*counts, Count(finished=True)])
        finally:
            self._unlock()

    def _sort(self) -> None:
        for interpreter in sorted(self._changed):
            file = self._records / f"{interpreter}.jsonl"
            records = _read(file, self._sharing.decode)
            here = self._shelf(interpreter).records
            known = [here.get(one.cell, one) for one in records]
            current = {(one.cell, digest(outcome)) for one in known for outcome in one.outcomes}
            _rewrite(file, records)
            file = self._timelines / f"{interpreter}.jsonl"
            told = _read(file, TOLD.decode)
            _rewrite(file, [one for one in told if (one.cell, one.outcome) in current])

    def _add(
        self, folder: Path, files: dict[str, list[Path]], interpreter: str, value: Record | Told
    ) -> None:
        """Append a line to an interpreter's own file."""
        file = folder / f"{interpreter}.jsonl"
        self._append(file, value)
        self._changed.add(interpreter)
        if file not in files.setdefault(interpreter, []):
            files[interpreter].append(file)

    @staticmethod
    def _append(file: Path, value: Frozen) -> None:
        data = ENCODER.encode(value) + b"\n"
        with file.open("a+b", buffering=0) as out:
            _mend(out)
            while data:  # less than all is written where the disk is full; then the next raises
                data = data[out.write(data) :]


def _read_ledger(file: Path) -> tuple[dict[str, int], set[str]]:
    """Trials by cell, and the cells measured since a run was last whole."""
    trials: dict[str, int] = {}
    since: set[str] = set()
    for line in _lines(file):
        try:
            count = COUNT.decode(line)
        except msgspec.DecodeError:
            continue  # torn by a kill; the cell is measured again
        if count.finished:
            since.clear()
        else:
            trials[count.cell] = count.trials
            since.add(count.cell)
    return trials, since


def write_verdicts(output: Path, verdicts: Iterable[Verdict]) -> None:
    """Write OUTPUT/verdicts.jsonl, if it would differ."""
    write(output / "verdicts.jsonl", b"".join(ENCODER.encode(v) + b"\n" for v in verdicts))


def write(file: Path, data: bytes) -> None:
    """Write a file whole or not at all, and only if it would differ. Raises CannotWrite."""
    try:
        if file.exists() and file.read_bytes() == data:
            return
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            draft.write_bytes(data)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot write to {file}: {error.strerror}") from error


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
    return about


def cell_of(record: Record) -> Cell:
    """The cell that a record is about."""
    return Cell(
        interpreter=record.cell.split("/")[0],
        stack=record.stack,
        scenario=record.scenario,
        termination=record.termination,
        target=record.target,
        launcher=record.launcher,
    )


def _read(file: Path, decode: Callable[[bytes], T]) -> list[T]:
    """The values of a file; of two for the same cell and outcome the later, in the first's place.

    Raises ValueError naming file and line.
    """
    values: dict[tuple[str, str], T] = {}
    lines = _lines(file)
    torn = len(lines) if lines and not lines[-1].endswith(b"\n") else 0
    for number, line in enumerate(lines, 1):
        try:
            value = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number == torn:
                continue  # by a kill in the middle of the write
            raise ValueError(f"{file}, line {number}: {error}") from error
        values[value.cell, getattr(value, "outcome", "")] = value
    return list(values.values())


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True) if file.exists() else []


def _in_order(file: Path) -> bool:
    """Whether a file is as `_rewrite` leaves it: whole lines, sorted, one for each value."""
    lines = _lines(file)
    names = [line.partition(b',"interpreter":')[0].partition(b',"timeline":')[0] for line in lines]
    whole = all(line.endswith(b"\n") for line in lines)
    return whole and lines == sorted(lines) and len(set(names)) == len(names)


def _mend(file: FileIO) -> None:
    """Bring a file that ends in a torn line back to its last whole one."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    last = file.read().rpartition(b"\n")[2]
    try:
        msgspec.json.decode(last)
    except (msgspec.DecodeError, UnicodeDecodeError):
        file.truncate(size - len(last))
    else:
        file.write(b"\n")  # an editor left out the end of the line


def _make(folders: Iterable[Path]) -> None:
    """Make folders that can be written, all or none. Raises CannotWrite."""
    made: list[Path] = []
    try:
        for folder in folders:
            missing = [one for one in (folder, *folder.parents) if not one.exists()]
            made += reversed(missing)
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
    except OSError as error:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise CannotWrite(f"cannot write to {error.filename}: {error.strerror}") from error


def _lock(folder: Path, output: Path) -> int:
    """Keep other runs out of a folder for as long as the descriptor is open: flock(2).

    Two at once would each put what they know in order, and lose what the other
    had added. Raises CannotWrite.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise CannotWrite(f"cannot write to {output}: another run is writing there") from error
    except OSError:
        pass  # a file system that has no locks
    return descriptor


def _rewrite(file: Path, values: Iterable[Any]) -> None:
    lines = sorted(ENCODER.encode(value) for value in values)
    if not lines and not file.exists():
        return
    write(file, b"".join(line + b"\n" for line in lines))
