"""Observations on disk: written as each cell ends, and the same bytes when nothing changed.

    OUTPUT/observations/<platform>/<interpreter id>.jsonl   a record a line, sorted by cell
    OUTPUT/timelines/<platform>/<interpreter id>.jsonl      one timeline per distinct outcome
    CACHE/runs/<name of OUTPUT>.jsonl                       how many trials each cell has had
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
from collections.abc import Callable, Iterable, Mapping
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
from harness.schedule import Known, Result
from harness.sharing import ENCODER, Sharing

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


T = TypeVar("T", Record, Told, Key)
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


def _by_platform(observations: Path) -> dict[str, list[Record]]:
    sharing = Sharing()
    return {
        folder.name: list(_records(folder, sharing).values())
        for folder in sorted(observations.glob("*"))
        if folder.is_dir()
    }


def _records(folder: Path, sharing: Sharing) -> dict[str, Record]:
    """The records of one platform by cell: several machines may each have brought a file."""
    found: dict[str, Record] = {}
    held: dict[str, Path] = {}
    apart: dict[tuple[Path, Path], list[str]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for record in _read(file, sharing.decode).values():
            known = found.get(record.cell)
            both = agreed(known, record) if known else record
            if both is None:
                apart.setdefault((held[record.cell], file), []).append(record.cell)
            else:
                found[record.cell] = both
                held[record.cell] = file
    if apart:
        raise Disagreement("; ".join(_apart(*files, cells) for files, cells in apart.items()))
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
        for told in _read(file, TOLD.decode).values()
    }


class Store:
    """The observations of this platform, and the ledger, while a run goes on."""

    def __init__(self, output: Path, cache: Path, today: datetime.date) -> None:
        self.output = output
        self.today = today.isoformat()
        self.platform = platform_name()
        self._records = output / "observations" / self.platform
        self._timelines = output / "timelines" / self.platform
        name = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
        self._ledger = cache / "runs" / f"{name}.jsonl"
        self._trials = cache / "trials" / name
        self._kept: set[str] = set()
        _make((self._records, self._timelines, self._ledger.parent, self._trials))
        # Also when nobody closes it.
        self._unlock = weakref.finalize(self, os.close, _lock(self._records, output))
        self._sharing = Sharing()
        try:
            self.records = _records(self._records, self._sharing)
            self._counts, self._this_run = self._read_ledger()
            self._told = {
                (sys.intern(key.cell), sys.intern(key.outcome))
                for file in self._timelines.glob("*.jsonl")
                for key in _read(file, KEY.decode).values()
            }
        except BaseException:
            self._unlock()
            raise
        self._before: dict[str, int] = {}  # of the cells that this run has measured
        self._resuming = bool(self._this_run)
        # A run that was killed leaves its files as it appended to them.
        self._changed = {
            file.stem
            for folder in (self._records, self._timelines)
            for file in folder.glob("*.jsonl")
            if not _in_order(file)
        }

    # -------------------------------------------------------------- knowing

    def known(self, packages: Mapping[tuple[str, str], dict[str, str]]) -> dict[str, Known]:
        """What is known of each cell whose packages, by interpreter and stack, are the same."""
        known = {}
        for id, record in self.records.items():
            here = packages.get((id.split("/")[0], record.stack))
            if here != record.packages:
                continue
            now = id in self._this_run
            if record.unknown and not now:
                continue  # measured again, in full; by the next run, not by this one
            known[id] = Known(
                outcomes=record.outcomes, trials=self._counts.get(id), in_this_run=now
            )
        return known

    def racy(self) -> set[tuple[str, str, str, str]]:
        """The questions that have shown two outcomes."""
        return {
            (record.scenario, record.launcher, record.termination, record.target)
            for record in self.records.values()
            if is_race(record.outcomes)
        }

    @property
    def resumed(self) -> int:
        """How many cells the interrupted run that is now continued had measured."""
        return len(self._this_run)

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
        old = self.records.get(cell.id)
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
            self.records[record.cell] = record
            self._append(self._records / f"{cell.interpreter}.jsonl", record)
            self._changed.add(cell.interpreter)
        for outcome in record.outcomes:
            key = digest(outcome)
            if (record.cell, key) not in self._told and key in timelines:
                self._told.add((record.cell, sys.intern(key)))
                told = Told(cell=cell.id, outcome=key, timeline=timelines[key])
                self._append(self._timelines / f"{cell.interpreter}.jsonl", told)
                self._changed.add(cell.interpreter)
        # A cell that is reopened comes again, with all its trials of this run.
        before = self._before.setdefault(record.cell, self._counts.get(record.cell, 0))
        if not same:
            self._before[record.cell] = before = 0
        self._counts[record.cell] = total = before + result.trials
        self._this_run.add(record.cell)
        self._append(self._ledger, Count(cell=record.cell, trials=total))

    def forget(self, cell: str) -> None:
        """Let the next `save` replace what is on record of a cell, instead of adding to it."""
        self.records.pop(cell, None)

    def close(self, finished: bool) -> None:
        """Bring the changed files into order; `finished` says that the run was whole.

        Raises CannotWrite.
        """
        try:
            self._sort()
            if finished:
                counts = [Count(cell=cell, trials=n) for cell, n in sorted(self._counts.items())]
                _rewrite(self._ledger, [*counts, Count(finished=True)])
        finally:
            self._unlock()

    def _sort(self) -> None:
        for interpreter in sorted(self._changed):
            file = self._records / f"{interpreter}.jsonl"
            records = _read(file, self._sharing.decode).values()
            known = [self.records.get(one.cell, one) for one in records]
            current = {(one.cell, digest(outcome)) for one in known for outcome in one.outcomes}
            _rewrite(file, records)
            file = self._timelines / f"{interpreter}.jsonl"
            told = _read(file, TOLD.decode).values()
            _rewrite(file, [one for one in told if (one.cell, one.outcome) in current])

    def _read_ledger(self) -> tuple[dict[str, int], set[str]]:
        """Trials by cell, and the cells measured since a run was last whole."""
        counts: dict[str, int] = {}
        since: set[str] = set()
        for line in _lines(self._ledger):
            try:
                count = COUNT.decode(line)
            except msgspec.DecodeError:
                continue  # torn by a kill; the cell is measured again
            if count.finished:
                since.clear()
            else:
                cell = sys.intern(count.cell)
                counts[cell] = count.trials
                since.add(cell)
        # A cell whose record has been removed since is unknown again.
        return counts, since & set(self.records)

    @staticmethod
    def _append(file: Path, value: Frozen) -> None:
        data = ENCODER.encode(value) + b"\n"
        with file.open("a+b", buffering=0) as out:
            _mend(out)
            while data:  # less than all is written where the disk is full; then the next raises
                data = data[out.write(data) :]


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


def _read(file: Path, decode: Callable[[bytes], T]) -> dict[tuple[str, str], T]:
    """The values of a file; later ones replace earlier ones in place."""
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
    return values


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
