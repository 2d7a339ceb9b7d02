"""The observations of this platform, while a run adds to them."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import platform
import weakref
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from exitmatrix.machine.store.files import (
    append,
    is_in_order,
    lines_of,
    lock,
    make_folders,
    rewrite,
    write,
)
from exitmatrix.machine.store.foreign import (
    INTERPRETER,
    PLATFORM,
    beside,
    has_foreign_keys,
    with_foreign_keys,
)
from exitmatrix.machine.store.records import (
    CELL,
    KEY,
    SavedTimeline,
    describe,
    digest,
    interpreters_in,
    merged,
    platform_name,
    read,
    read_lines,
)
from exitmatrix.machine.store.sharing import ENCODER, Sharing
from exitmatrix.model import (
    FORMAT,
    Cell,
    CellId,
    Frozen,
    Interpreter,
    Question,
    Record,
    Timeline,
    Trial,
)
from exitmatrix.model.outcome_sets import contains, outcome_stages, union
from exitmatrix.plan.changes import races
from exitmatrix.plan.schedule import RACY, Known, Result

AT_HAND = 3
"""Of so many interpreters the store holds what there is; two are at work where one gives way."""


class Count(Frozen, kw_only=True):
    """A line of the ledger: how many trials a cell has had, when this run had measured it."""

    cell: str
    trials: int | None  # None: what another machine has measured, as often as it took, and agrees
    run: int


COUNT = msgspec.json.Decoder(Count)


@dataclass(slots=True)
class _Shelf:
    """All that is known of the cells of one interpreter."""

    records: dict[str, Record]
    with_timeline: set[tuple[str, str]]  # cells and outcomes that have their timeline
    trials: dict[str, int | None]  # how many were ever run, by cell; None: as many as it takes
    this_run: set[str]  # cells that this run has measured, be it before it was interrupted
    grown: set[str] = field(default_factory=set)  # cells of whose outcomes this run added some
    foreign: dict[str, bytes] | None = None  # lines that hold what this version does not know


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
        make_folders((self._records, self._timelines, self._ledgers, self._trials))
        # Also when nobody closes it.
        self._unlock = weakref.finalize(self, os.close, lock(self._records, output))
        self._next = self._ledgers / "next"
        self._run = int(self._next.read_text()) if self._next.exists() else 1
        self.resumed = 0
        """How many cells the interrupted run that is now continued had measured."""
        self.racy: set[Question] = set()
        """The questions that had shown two outcomes when this was opened."""
        try:
            self._record_files = interpreters_in(self._records)
            self._timeline_files = interpreters_in(self._timelines)
            for interpreter in self._record_files:
                shelf = self._shelf(interpreter)
                self.racy |= races(shelf.records.values())
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
            if not is_in_order(file)
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

    def _shelf(self, interpreter: str) -> _Shelf:
        """What there is of an interpreter, from disk where it is not at hand."""
        if interpreter not in self._shelves:
            self._shelves[interpreter] = self._read_shelf(interpreter)
            if len(self._shelves) > AT_HAND:
                self._shelves.popitem(last=False)
        self._shelves.move_to_end(interpreter)
        return self._shelves[interpreter]

    def _read_shelf(self, interpreter: str) -> _Shelf:
        found = merged(self._record_files.get(interpreter, ()), interpreter, self._sharing)
        for cell in self._forgotten & set(found):
            del found[cell]
        saved = {
            (key.cell, key.outcome)
            for file in self._timeline_files.get(interpreter, ())
            for key in read(file, KEY.decode)
        }
        counts = _read_ledger(self._ledger(interpreter))
        # A cell whose record has been removed since is unknown again.
        this_run = {one.cell for one in counts if one.run == self._run and one.cell in found}
        return _Shelf(found, saved, {one.cell: one.trials for one in counts}, this_run)

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
        append(file, ENCODER.encode(trial))

    @staticmethod
    def _runs(result: Result, old: Record | None, before: int) -> int | None:
        """How many trials stand behind a set: `before` is what is known of on this machine.

        Of those on another machine the record tells. Where it does not, those that are known
        count, from as many as a race takes: what they did not show is at least as rare.
        """
        uncounted = old is not None and old.outcomes and old.runs is None and not before
        if uncounted and result.trials < RACY:
            return None
        on_record = (old.runs or 0) if old is not None else 0
        return max(before, on_record) + result.trials

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
        same = old if old is not None and old.packages == packages else None
        counted = shelf.trials.get(cell.id) if same else 0
        before = counted or 0
        record = self._with_record(result, interpreter, packages, old, same, before)
        record = self._unless_known(shelf, record, old, same, result.trials)
        if record != old:
            record = self._sharing.share(record)
            shelf.records[record.cell] = record
            self._forgotten.discard(record.cell)
            line = self._line(shelf, record, cell.interpreter)
            self._add(self._records, self._record_files, cell.interpreter, line)
        for outcome in record.outcomes:
            key = digest(outcome)
            if (record.cell, key) not in shelf.with_timeline and key in timelines:
                shelf.with_timeline.add((record.cell, key))
                saved = SavedTimeline(cell=record.cell, outcome=key, timeline=timelines[key])
                line = ENCODER.encode(saved)
                self._add(self._timelines, self._timeline_files, cell.interpreter, line)
        agrees = same is not None and record.outcomes == same.outcomes
        trials = None if counted is None and agrees else before + result.trials
        shelf.trials[record.cell] = trials
        shelf.this_run.add(record.cell)
        count = Count(cell=record.cell, trials=trials, run=self._run)
        append(self._ledger(cell.interpreter), ENCODER.encode(count))

    def _with_record(
        self,
        result: Result,
        interpreter: Interpreter,
        packages: dict[str, str],
        old: Record | None,
        same: Record | None,
        before: int,
    ) -> Record:
        """A result as a record, with what is on record for the `same` packages."""
        cell = result.cell
        outcomes = union((*(same.outcomes if same else ()), *result.outcomes))
        earlier = (same.seen or same.outcomes) if same else ()
        return Record(
            format=FORMAT,
            cell=cell.id,
            interpreter=describe(interpreter)
            | beside(INTERPRETER, old.interpreter if old else None),
            packages=packages,
            stack=cell.stack,
            scenario=cell.scenario,
            launcher=cell.launcher,
            termination=cell.termination,
            target=cell.target,
            platform={"system": platform.system(), "machine": platform.machine()}
            | beside(PLATFORM, old.platform if old else None),
            since=self.today,
            outcomes=outcomes,
            unknown=result.unknown,
            seen=outcome_stages((*earlier, *(result.seen or result.outcomes)), outcomes),
            runs=self._runs(result, same, before) if outcomes else None,
        )

    def _unless_known(
        self, shelf: _Shelf, record: Record, old: Record | None, same: Record | None, trials: int
    ) -> Record:
        """The record to keep: that of before, or its date, where it shows nothing new."""
        # The trials of one run belong together, in whatever order its cells were reopened.
        counted = record.cell in shelf.grown or (
            old is not None and old.runs is None and trials >= RACY
        )
        if old is not None and replace(record, since=old.since, runs=old.runs) == old:
            return replace(old, runs=record.runs) if counted else old
        if same is not None and all(contains(same.outcomes, one) for one in record.outcomes):
            runs = record.runs if counted or record.seen != same.seen else same.runs
            return replace(record, since=same.since, runs=runs)
        shelf.grown.add(record.cell)
        return record

    def forget(self, cell: str) -> None:
        """Let the next `save` replace what is on record of a cell, instead of adding to it."""
        self._forgotten.add(cell)
        self._shelf(CellId.parse(cell).interpreter).records.pop(cell, None)

    def close(self, finished: bool) -> None:
        """Bring the changed files into order; `finished` says that the run was whole.

        Raises CannotWrite.
        """
        try:
            self._sort()
            if finished:
                for file in self._ledgers.glob("*.jsonl"):
                    rewrite(file, map(ENCODER.encode, _read_ledger(file)))
                write(self._next, str(self._run + 1).encode())
        finally:
            self._unlock()

    def _sort(self) -> None:
        for interpreter in sorted(self._changed):
            file = self._records / f"{interpreter}.jsonl"
            records = read_lines(file, self._sharing.decode)
            here = self._shelf(interpreter).records
            known = [here.get(one.cell, one) for one, _ in records]
            current = {(one.cell, digest(outcome)) for one in known for outcome in one.outcomes}
            # Each line as it stands: what was not measured is not written anew.
            rewrite(file, [line for _, line in records])
            file = self._timelines / f"{interpreter}.jsonl"
            lines = read_lines(file, KEY.decode)
            rewrite(file, [line for one, line in lines if (one.cell, one.outcome) in current])

    def _line(self, shelf: _Shelf, record: Record, interpreter: str) -> bytes:
        """A record as it is written: with what the line that it replaces holds beside."""
        if shelf.foreign is None:
            shelf.foreign = {
                one.cell: line
                for file in self._record_files.get(interpreter, ())
                for one, line in read_lines(file, CELL.decode)
                if has_foreign_keys(line)
            }
        line = ENCODER.encode(record)
        if record.cell in shelf.foreign:
            line = shelf.foreign[record.cell] = with_foreign_keys(
                shelf.foreign[record.cell], record
            )
        return line

    def _add(
        self, folder: Path, files: dict[str, list[Path]], interpreter: str, line: bytes
    ) -> None:
        """Append a line to an interpreter's own file."""
        file = folder / f"{interpreter}.jsonl"
        append(file, line)
        self._changed.add(interpreter)
        if file not in files.setdefault(interpreter, []):
            files[interpreter].append(file)


def _read_ledger(file: Path) -> Collection[Count]:
    """The last count of each cell."""
    counts: dict[str, Count] = {}
    for line in lines_of(file):
        with contextlib.suppress(msgspec.DecodeError):  # torn by a kill: it is measured again
            count = COUNT.decode(line)
            counts[count.cell] = count
    return counts.values()
