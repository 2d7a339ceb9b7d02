"""Laws of the store: same bytes for same behaviour, and nothing that was measured is lost."""

from __future__ import annotations

import datetime
import gc
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from exitmatrix.machine.store.files import CannotWrite, append, write
from exitmatrix.machine.store.records import (
    cell_of,
    digest,
    platform_name,
    read_records,
    read_timelines,
)
from exitmatrix.machine.store.store import AT_HAND, Store
from exitmatrix.machine.store.verdicts import write_verdicts
from exitmatrix.model import FORMAT, Cell, Outcome, Record, Timeline, Trial, Verdict
from exitmatrix.model.outcome_sets import union
from exitmatrix.plan.schedule import RACY, Known, Result
from msgspec.structs import replace

from tests.support.histories import outcome, process
from tests.support.values import interpreter

DAYS = [datetime.date(2026, 11, day) for day in (21, 22, 23)]
PYTHON = interpreter("3.13.0")
A, B = outcome(), outcome(process(ended="code 1"))
PACKAGES = {"flask": "3.1.3"}
STEPS: Timeline = (("main", "spawned"), ("main", "ended", "code 0"))

Open = Callable[..., Store]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def store(output: Path, tmp_path: Path) -> Open:
    def make(day: int = 0) -> Store:
        return Store(output, tmp_path / "cache", DAYS[day])

    return make


def cell(termination: str = "return", interpreter: str = PYTHON.id) -> Cell:
    return Cell(
        interpreter=interpreter,
        stack="flask-3.1",
        scenario="flask",
        termination=termination,
        target="main",
    )


def result(
    *outcomes: Outcome,
    of: Cell | None = None,
    unknown: tuple[str, ...] = (),
    trials: int = 1,
    seen: tuple[Outcome, ...] = (),
) -> Result:
    return Result(cell=of or cell(), outcomes=outcomes, unknown=unknown, trials=trials, seen=seen)


def killed(*fired: str) -> Outcome:
    """A process that SIGKILL ended when it had got so far."""
    one = replace(A.processes[0], fired=fired, exit={"signal": "SIGKILL"})
    return replace(A, processes=(one,), order=tuple(("main", name) for name in fired))


def save(store: Store, *results: Result, packages: dict[str, str] | None = None) -> None:
    for one in results:
        steps = {digest(each): (*STEPS, ("main", digest(each))) for each in one.outcomes}
        store.save(one, PYTHON, packages or PACKAGES, steps)


def run(store: Store, *results: Result, packages: dict[str, str] | None = None) -> None:
    """A whole run that measured some cells."""
    save(store, *results, packages=packages)
    store.close(finished=True)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def records_file(output: Path) -> Path:
    return output / "observations" / platform_name() / f"{PYTHON.id}.jsonl"


def the_record(output: Path) -> Record:
    ((record,),) = read_records(output).values()
    return record


def known(store: Store, packages: dict[str, str] | None = None) -> dict[str, Known]:
    cells = [cell(termination) for termination in ("return", "abort", "SIGTERM")]
    found = {one.id: store.known(one, packages or PACKAGES) for one in cells}
    return {id: one for id, one in found.items() if one}


def cells_of(store: Store) -> set[str]:
    cells = [cell(termination) for termination in ("return", "abort", "SIGTERM")]
    return {one.id for one in cells if store.record(one)}


# ------------------------------------------------------------------------ same bytes


def test_a_record_holds_the_cell_and_nothing_of_the_machine(store: Open, output: Path) -> None:
    """A record tells cell, interpreter, packages, platform and day: no path, no count."""
    run(store(), result(A, trials=3))
    record = the_record(output)
    assert (record.format, record.cell, record.since) == (FORMAT, cell().id, "2026-11-21")
    assert record.interpreter == {"implementation": "cpython", "version": "3.13.0"}
    assert (record.packages, record.outcomes, record.unknown) == (PACKAGES, (A,), ())
    assert set(record.platform) == {"system", "machine"}
    assert b"/usr/bin" not in records_file(output).read_bytes()
    assert cell_of(record) == cell()


def test_a_second_run_leaves_the_same_bytes(store: Open, output: Path) -> None:
    """What shows the same again changes no byte and no time of a file, on whatever day."""
    results = [result(A), result(B, A, of=cell("abort"))]
    run(store(0), *results)
    before, times = tree(output), [f.stat().st_mtime_ns for f in output.rglob("*.jsonl")]
    run(store(1), *reversed(results))
    run(store(2), result(A, of=cell("abort")))
    assert tree(output) == before
    assert [f.stat().st_mtime_ns for f in output.rglob("*.jsonl")] == times


def test_the_order_of_measuring_leaves_no_trace(store: Open, output: Path, tmp_path: Path) -> None:
    """Files are sorted by cell, whatever ended first."""
    cells = [result(A, of=cell(t)) for t in ("return", "abort", "SIGTERM")]
    run(store(), *cells)
    other = tmp_path / "other"
    run(Store(other, tmp_path / "cache", DAYS[0]), *reversed(cells))
    assert tree(other) == tree(output)
    lines = records_file(output).read_bytes().splitlines()
    assert lines == sorted(lines)


def test_the_set_only_grows(store: Open, output: Path) -> None:
    """A seen outcome stays, though later runs do not show it."""
    run(store(0), result(A))
    run(store(1), result(B))
    assert {repr(one) for one in the_record(output).outcomes} == {repr(A), repr(B)}
    run(store(2), result(A))
    assert len(the_record(output).outcomes) == 2


def test_since_is_the_day_of_the_set(store: Open, output: Path) -> None:
    """`since` stays while the set does, and is today when it grows."""
    days = []
    for day, shown in enumerate((A, A, B)):
        run(store(day), result(shown))
        days.append(the_record(output).since)
    assert days == ["2026-11-21", "2026-11-21", "2026-11-23"]


def test_an_order_that_is_not_agreed_on_is_no_new_set(store: Open, output: Path) -> None:
    """An `order` that becomes null is written, and `since` stays; then nothing changes."""
    one, other = (outcome(order=order) for order in ("main.A main.B", "main.B main.A"))
    run(store(0), result(one))
    run(store(1), result(other))
    record = the_record(output)
    assert (record.outcomes[0].order, record.since) == (None, "2026-11-21")
    before = tree(output)
    run(store(2), result(one))
    assert tree(output) == before


def test_other_packages_make_another_record(store: Open, output: Path) -> None:
    """When the packages change, what was seen with others is replaced, and dated today."""
    run(store(0), result(A, trials=3))
    run(store(1), result(B, trials=1), packages={"flask": "3.2.0"})
    record = the_record(output)
    assert (record.outcomes, record.since) == ((B,), "2026-11-22")
    assert record.packages == {"flask": "3.2.0"}
    assert known(store(2), {"flask": "3.2.0"})[cell().id].trials == 1


def test_a_cell_that_was_tried_appears(store: Open, output: Path) -> None:
    """An unknown cell is written with its reasons; a later run that sees it takes them back."""
    run(store(0), result(unknown=("it was never ready",)))
    assert the_record(output).unknown == ("it was never ready",)
    run(store(1), result(A))
    assert (the_record(output).unknown, the_record(output).outcomes) == ((), (A,))


def test_a_flake_changes_no_set(store: Open, output: Path) -> None:
    """An unknown trial of a known cell is told, and gone with the next run: the same bytes."""
    run(store(0), result(A))
    before = tree(output)
    run(store(1), result(A, unknown=("it was never ready",), trials=3))
    assert tree(output) != before
    assert the_record(output).since == "2026-11-21"
    run(store(2), result(A))
    assert tree(output) == before


# ------------------------------------------------------------------------- timelines


def test_one_timeline_for_each_outcome(store: Open, output: Path) -> None:
    """Each distinct outcome of a cell has one timeline, found by its digest."""
    run(store(0), result(A, B))
    run(store(1), result(A))
    timelines = read_timelines(output, platform_name())
    assert set(timelines) == {(cell().id, digest(A)), (cell().id, digest(B))}


def test_the_digest_is_of_what_tells_outcomes_apart() -> None:
    """Order, answer and `cut` come and go with other trials; the digest stays."""
    again = replace(A, order=None, answer="either", cut=True)
    assert digest(again) == digest(A) != digest(B)


def test_a_timeline_goes_with_its_outcome(store: Open, output: Path) -> None:
    """A timeline whose outcome is no longer in the record is dropped."""
    run(store(0), result(A))
    run(store(1), result(B), packages={"flask": "3.2.0"})
    assert set(read_timelines(output, platform_name())) == {(cell().id, digest(B))}


def test_a_longer_run_brings_its_own_timeline(store: Open, output: Path) -> None:
    """A run that was cut short gives way to a longer one, in the record and in the timelines."""
    short, long = (outcome(process(fired=f, ended="signal SIGKILL")) for f in ("", "C"))
    run(store(0), result(short))
    run(store(1), result(long))
    assert the_record(output).outcomes == (replace(long, cut=True),)
    assert set(read_timelines(output, platform_name())) == {(cell().id, digest(long))}


def test_no_timeline_no_file(store: Open, output: Path) -> None:
    """A cell that showed nothing leaves no empty file behind."""
    run(store(), result(unknown=("it was never ready",)))
    assert [file.name for file in (output / "timelines").rglob("*.jsonl")] == []


# ------------------------------------------------------------- nothing that is lost


def test_what_is_measured_is_on_disk_at_once(store: Open, output: Path) -> None:
    """A record is one line, there as soon as it is saved."""
    one = store()
    save(one, result(A))
    assert records_file(output).read_bytes().count(b"\n") == 1
    assert the_record(output).outcomes == (A,)
    save(one, result(A, of=cell("abort")))
    assert records_file(output).read_bytes().count(b"\n") == 2


def test_of_two_lines_the_later_holds(store: Open, output: Path) -> None:
    """A record that grew while it was measured is told twice, read once, and sorted away."""
    one = store()
    save(one, result(A), result(A, B))
    assert records_file(output).read_bytes().count(b"\n") == 2
    assert len(the_record(output).outcomes) == 2
    one.close(finished=True)
    assert records_file(output).read_bytes().count(b"\n") == 1
    assert len(the_record(output).outcomes) == 2


@pytest.mark.parametrize("cut", [1, 30, -1])
def test_a_torn_last_line_is_left_out(store: Open, output: Path, cut: int) -> None:
    """What a kill tore is ignored, and does not spoil what is appended behind it."""
    run(store(), result(A))
    whole = records_file(output).read_bytes()
    records_file(output).write_bytes(whole + whole.replace(b"return", b"abort")[:cut].strip(b"\n"))
    again = store()
    expected = {cell().id} if cut > 0 else {cell().id, cell("abort").id}
    assert cells_of(again) == expected
    save(again, result(A, of=cell("SIGTERM")))
    assert {record.cell for (rows) in read_records(output).values() for record in rows} == {
        *expected,
        cell("SIGTERM").id,
    }
    again.close(finished=True)
    assert cells_of(store()) == {*expected, cell("SIGTERM").id}


@pytest.mark.parametrize("bad", [b"{}", b"no json", b'{"format": 1}', b"\xff\xfe", b""])
@pytest.mark.parametrize("place", [0, 1])
def test_a_bad_line_is_an_error(store: Open, output: Path, bad: bytes, place: int) -> None:
    """A whole line that is no record is an error that names file and line, also the last one."""
    run(store(), result(A))
    lines = [records_file(output).read_bytes().rstrip(b"\n")]
    lines.insert(place, bad)
    records_file(output).write_bytes(b"\n".join(lines) + b"\n")
    where = rf"{PYTHON.id}.jsonl, line {place + 1}: "
    with pytest.raises(ValueError, match=where):
        store()
    with pytest.raises(ValueError, match=where):
        read_records(output)


def test_a_killed_run_leaves_files_that_the_next_one_sorts(store: Open, output: Path) -> None:
    """The next run sorts them, even if it changes nothing else."""
    killed = store()
    save(killed, result(A), result(A, of=cell("abort")), result(A, B))
    killed._unlock()  # as the kernel does for a process that dies
    store().close(finished=True)
    lines = records_file(output).read_bytes().splitlines()
    assert len(lines) == 2
    assert lines == sorted(lines)


def test_files_of_others_are_not_touched(store: Open, output: Path) -> None:
    """What other interpreters and platforms showed is carried over as it is, byte and time."""
    run(store(), result(A, of=cell(interpreter="cpython-2.7.18")))
    odd = output / "observations" / "macos-arm64" / "cpython-3.12.0.jsonl"
    odd.parent.mkdir()
    odd.write_bytes(records_file(output).with_name("cpython-2.7.18.jsonl").read_bytes())
    before = {file: file.stat().st_mtime_ns for file in output.rglob("*.jsonl")}
    run(store(1), result(B))
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert set(read_records(output)) == {"macos-arm64", platform_name()}


# ---------------------------------------------------------------------------- ledger


def test_what_is_known_after_a_run(store: Open) -> None:
    """After a whole run its cells are known, with their trials, and none counts as resumed."""
    run(store(), result(A, trials=3))
    again = store(1)
    assert known(again) == {cell().id: Known(outcomes=(A,), trials=3)}
    assert again.resumed == 0


def test_cells_with_other_packages_are_not_known(store: Open) -> None:
    """What was seen with other packages, or on an interpreter that is not here, is not known."""
    run(store(), result(A))
    assert known(store(), {"flask": "3.2.0"}) == {}
    assert store().known(cell(), {}) is None


def test_an_unknown_cell_is_measured_again(store: Open) -> None:
    """The next run does not know a cell that showed too little."""
    run(store(), result(A, unknown=("it was never ready",), trials=3))
    assert known(store(1)) == {}


def test_raw_trials_of_the_latest_run_are_kept(store: Open, tmp_path: Path) -> None:
    """The raw trials of the latest run, with what an interrupted one had, can be read again."""

    def kept() -> list[str]:
        (file,) = (tmp_path / "cache" / "trials").rglob("*.jsonl")
        lines = file.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Trial).stdout for line in lines]

    def one(text: str) -> Trial:
        return Trial(cell=cell().id, history=(), stdout=text, stderr="")

    first = store()
    first.keep(cell(), one("a"))
    run(first, result(A))
    interrupted = store()
    interrupted.keep(cell(), one("b"))
    save(interrupted, result(A))
    interrupted.keep(cell(), one("c"))
    interrupted.close(finished=False)
    assert kept() == ["b", "c"]
    store().keep(cell(), one("d"))
    assert kept() == ["b", "c", "d"]


def test_an_interrupted_run_is_resumed(store: Open) -> None:
    """What an interrupted run measured, unknown or not, is known as measured in this run."""
    first = store()
    save(first, result(A, trials=3))
    save(first, result(unknown=("it was never ready",), of=cell("abort")))
    first.close(finished=False)
    second = store(1)
    assert second.resumed == 2
    assert [one.in_this_run for one in known(second).values()] == [True, True]
    save(second, result(A, of=cell("SIGTERM")))
    second.close(finished=True)
    third = store(2)
    assert third.resumed == 0
    assert set(known(third)) == {cell().id, cell("SIGTERM").id}


def test_a_killed_run_is_resumed(store: Open) -> None:
    """A run that had no time to close is resumed just so; a torn count costs one cell."""
    killed = store()
    save(killed, result(A), result(A, of=cell("abort")))
    killed._unlock()
    ledger = killed._ledger(PYTHON.id)
    ledger.write_bytes(ledger.read_bytes()[:-5])
    again = store()
    assert again.resumed == 1
    save(again, result(A, of=cell("abort")))
    again.close(finished=False)
    assert store().resumed == 2


def test_a_run_is_whole_for_all_interpreters_at_once(
    store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends in the middle of its last act was whole for none, and all of it is kept."""
    cells = [cell(interpreter=f"cpython-3.{minor}.0") for minor in range(3)]
    one = store()
    save(one, *(result(A, of=each) for each in cells))

    def killed(_file: Path, _data: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("exitmatrix.machine.store.store.write", killed)
        with pytest.raises(KeyboardInterrupt):
            one.close(finished=True)
    again = store()
    assert again.resumed == len(cells)
    again.close(finished=True)
    assert store().resumed == 0


def test_a_record_says_how_many_trials_stood_behind_its_set(store: Open, output: Path) -> None:
    """The count is of when the set last grew; trials that show nothing new change nothing."""
    run(store(0), result(A, trials=3))
    assert the_record(output).runs == 3
    before = tree(output)
    run(store(1), result(A, trials=4))
    assert tree(output) == before
    run(store(2), result(B, trials=1))
    assert the_record(output).runs == 8


def test_trials_on_another_machine_count_as_far_as_the_record_tells(
    store: Open, output: Path, tmp_path: Path
) -> None:
    """One that adds to a set of twenty makes twenty-one; to one of unknown many, unknown."""
    run(store(0), result(A, trials=20))
    run(Store(output, tmp_path / "elsewhere", DAYS[1]), result(B, trials=1))
    assert the_record(output).runs == 21
    file = records_file(output)
    file.write_bytes(file.read_bytes().replace(b',"runs":21', b""))
    third = outcome(process(ended="code 3"))
    run(Store(output, tmp_path / "again elsewhere", DAYS[2]), result(third, trials=1))
    assert len(the_record(output).outcomes) == 3
    assert the_record(output).runs is None


def test_the_trials_of_one_run_are_counted_together(store: Open, output: Path) -> None:
    """A cell that a race reopens has a second result, of which the record tells as of the first."""
    run(store(0), result(A, trials=3), result(A, trials=17))
    assert the_record(output).runs == 20
    run(store(1), result(A, trials=3), result(A, trials=17))
    assert the_record(output).runs == 20


def test_a_record_without_a_count_gets_one_from_as_many_trials_as_a_race_takes(
    store: Open, output: Path, tmp_path: Path
) -> None:
    """They are fewer than there were, so that what they say of rare outcomes holds all the more."""
    run(store(0), result(A, B))
    file = records_file(output)
    old = file.read_bytes().replace(b',"runs":1', b"")
    for name, shown in (("agrees", (A,)), ("grows", (A, outcome(process(ended="code 3"))))):
        for trials, runs in ((RACY - 1, None), (RACY, RACY)):
            file.write_bytes(old)
            elsewhere = Store(output, tmp_path / f"{name} {trials}", DAYS[1])
            run(elsewhere, result(*shown, trials=trials))
            found = the_record(output)
            assert (found.runs, len(found.outcomes)) == (runs, 1 + len(shown))
            assert found.since == DAYS[name == "grows"].isoformat()


def test_a_record_from_before_runs_were_counted_stays_as_it_is(store: Open, output: Path) -> None:
    """Fewer trials than a race takes do not rewrite the record, unless its set grows."""
    run(store(0), result(A))
    file = records_file(output)
    old = file.read_bytes().replace(b',"runs":1', b"")
    assert b"runs" not in old
    file.write_bytes(old)
    run(store(1), result(A))
    assert file.read_bytes() == old


def test_every_distinct_outcome_that_was_seen_is_kept(store: Open, output: Path) -> None:
    """The set holds the longest of those in which a killed process got less far, `seen` all."""
    short, longer, longest = (killed(*fired) for fired in ((), ("C",), ("C", "B")))
    run(store(0), result(*union((longest, short)), trials=20, seen=(longest, short)))
    record = the_record(output)
    assert [(one.cut, one.processes[0].fired) for one in record.outcomes] == [(True, ("C", "B"))]
    assert {one.processes[0].fired for one in record.seen} == {(), ("C", "B")}
    run(store(1), result(*union((longest, longer)), trials=3, seen=(longest, longer)))
    grown = the_record(output)
    assert {one.processes[0].fired for one in grown.seen} == {(), ("C",), ("C", "B")}
    assert (grown.outcomes, grown.since, grown.runs) == (record.outcomes, record.since, 23)
    before = tree(output)
    run(store(2), result(*union((longest, short)), trials=3, seen=(longest, short)))
    assert tree(output) == before


def test_a_set_that_holds_all_says_nothing_twice(store: Open, output: Path) -> None:
    """Where no outcome was left out of the set there is no second list."""
    run(store(0), result(A, B, seen=(A, B)))
    assert the_record(output).seen == ()
    assert b'"seen"' not in records_file(output).read_bytes()


def test_trials_are_counted_over_runs(store: Open) -> None:
    """Trials of later runs are added to those of earlier ones."""
    for day, trials in enumerate((3, 1, 1)):
        run(store(day), result(A, trials=trials))
    assert known(store())[cell().id].trials == 5


def test_what_another_machine_has_measured_is_enough_each_time(
    store: Open, output: Path, tmp_path: Path
) -> None:
    """One trial that agrees does not make it a cell that has had one trial."""
    run(store(0), result(A, trials=20))
    for day in DAYS[1:]:
        there = Store(output, tmp_path / "elsewhere", day)
        assert known(there)[cell().id].trials is None
        run(there, result(A, trials=1))
    run(Store(output, tmp_path / "elsewhere", DAYS[1]), result(B, trials=1))
    assert known(Store(output, tmp_path / "elsewhere", DAYS[1]))[cell().id].trials == 1


def test_a_reopened_cell_is_counted_once(store: Open) -> None:
    """A cell that is told again has had the trials of both results, and those of earlier runs."""
    run(store(0), result(A, trials=3))
    run(store(1), result(A, trials=1), result(A, B, trials=RACY - 4))
    assert known(store(2))[cell().id].trials == RACY


def test_a_removed_record_is_measured_anew(store: Open, output: Path) -> None:
    """A ledger does not outlive the records it counts."""
    one = store()
    save(one, result(A, trials=3))
    one.close(finished=False)
    records_file(output).unlink()
    again = store()
    assert (again.resumed, known(again)) == (0, {})
    run(again, result(A, trials=3))
    assert known(store())[cell().id].trials == 3


def test_races_are_remembered(store: Open) -> None:
    """A question is a race if its record holds two outcomes, or one that was cut."""
    cut = replace(outcome(process(fired="C", ended="signal SIGKILL")), cut=True)
    run(store(), result(A, B), result(A, of=cell("abort")), result(cut, of=cell("SIGTERM")))
    assert store().racy == {cell().question, cell("SIGTERM").question}


@pytest.mark.parametrize("many", [AT_HAND + 1, 3 * AT_HAND])
def test_what_is_not_at_hand_is_on_disk(store: Open, output: Path, many: int) -> None:
    """Cells of more interpreters than are held at once are known, counted and told as others."""
    cells = [cell(interpreter=f"cpython-3.{minor}.0") for minor in range(many)]
    one = store()
    for _ in range(2):
        save(one, *(result(A, of=each, trials=2) for each in cells))
    assert [one.known(each, PACKAGES) for each in cells] == [
        Known(outcomes=(A,), trials=4, in_this_run=True)
    ] * many
    one.forget(cells[0].id)
    assert [one.record(each) is None for each in cells] == [True] + [False] * (many - 1)
    save(one, result(B, of=cells[0]))
    one.close(finished=True)
    again = store()
    assert again.resumed == 0
    assert [again.known(each, PACKAGES) for each in cells] == [
        Known(outcomes=(B,), trials=1),
        *[Known(outcomes=(A,), trials=4)] * (many - 1),
    ]
    lines = [file.read_bytes().count(b"\n") for file in (output / "timelines").rglob("*.jsonl")]
    assert lines == [1] * many


def test_what_is_held_does_not_grow_with_the_cells(store: Open) -> None:
    """The store holds some interpreters, however many there are."""
    held = []
    for many in (2 * AT_HAND, 6 * AT_HAND):
        one = store()
        tracemalloc.start()
        for minor in range(many):
            cells = [cell(f"t{n}", interpreter=f"cpython-3.{minor}.0") for n in range(100)]
            save(one, *(result(A, of=each) for each in cells))
            del cells
        gc.collect()  # what is garbage is not held
        # A block of this size is Python's own: its table of interned strings grew meanwhile.
        blocks = (one.size for one in tracemalloc.take_snapshot().traces)
        held.append(sum(size for size in blocks if size < 1 << 19))
        tracemalloc.stop()
        one.close(finished=True)
    assert held[1] - held[0] < 4 * AT_HAND * 100 * 20  # bytes a cell


# --------------------------------------------------------------------------- writing


@pytest.mark.parametrize("blocked", ["reports", "reports/observations", "reports/timelines"])
def test_a_folder_that_cannot_be_written(
    store: Open, output: Path, tmp_path: Path, blocked: str
) -> None:
    """An output folder that cannot be written is one clear line, and nothing is left behind."""
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).write_text("a file")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CannotWrite, match=r"^cannot write to ") as caught:
        store()
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_cache_that_cannot_be_written_leaves_no_output(store: Open, tmp_path: Path) -> None:
    """If any folder cannot be made, none is."""
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(CannotWrite):
        store()
    assert [one.name for one in tmp_path.iterdir()] == ["cache"]


def test_opening_leaves_no_probe(store: Open, output: Path) -> None:
    """Finding out whether a folder can be written leaves nothing in it."""
    store()
    assert [file for file in output.rglob("*") if not file.is_dir()] == []


def test_one_store_at_a_time_has_a_folder(store: Open, output: Path, tmp_path: Path) -> None:
    """A second run on a folder is refused while the first goes on, and not afterwards."""
    first = store()
    save(first, result(A))
    with pytest.raises(CannotWrite, match=f"process {os.getpid()} is writing there"):
        store()
    Store(tmp_path / "elsewhere", tmp_path / "cache", DAYS[0]).close(finished=False)
    first.close(finished=True)
    store().close(finished=True)
    assert the_record(output).outcomes == (A,)


def test_a_store_that_fails_to_open_holds_nothing(store: Open, output: Path) -> None:
    """A store that could not read its records lets the next one in."""
    run(store(), result(A))
    good = records_file(output).read_bytes()
    records_file(output).write_bytes(b"bad\n" + good)
    with pytest.raises(ValueError, match="line 1") as caught:
        store()
    records_file(output).write_bytes(good)
    assert caught.tb.tb_next  # which keeps what was half made alive
    assert cells_of(store()) == {cell().id}


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails leaves the old file and no draft."""
    file = tmp_path / "matrix.md"
    write(file, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(CannotWrite, match="No space left"):
        write(file, b"new")
    assert tree(tmp_path) == {"matrix.md": b"old"}


def test_a_disk_that_is_full_is_an_error() -> None:
    """A line that could not be written is never taken for written."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    with pytest.raises(OSError, match="No space left"):
        append(full, b"a line")


def test_verdicts_are_a_line_each(tmp_path: Path) -> None:
    """Verdicts are written in the order given; equal ones give equal bytes and a new time."""
    rows = [Verdict(cell=name, verdict="unpredicted", rules=(), racy=False) for name in "ab"]
    write_verdicts(tmp_path, rows)
    file = tmp_path / "verdicts.jsonl"
    written = file.read_bytes()
    assert [msgspec.json.decode(line)["cell"] for line in written.splitlines()] == ["a", "b"]
    os.utime(file, (0, 0))
    write_verdicts(tmp_path, rows)
    assert file.read_bytes() == written
    assert file.stat().st_mtime > 0


# -------------------------------------------------- what this version does not know


def edited(output: Path, *changes: tuple[str, str]) -> bytes:
    """What is on disk, after somebody else wrote there."""
    file = records_file(output)
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return file.read_bytes()


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ('"format":2', "line 2: it is of format 2, and this version reads 1; a newer exitmatrix"),
        ('"format":0', "line 2: it is of format 0, and this version reads 1"),
        ('"format":2,"cell":7,"was":0', "line 2: it is of format 2"),
    ],
)
def test_records_of_another_format_are_refused_before_anything_is_written(
    store: Open, output: Path, what: str, reason: str
) -> None:
    """The file and the line are named, whatever else the line holds, and every byte stays."""
    run(store(), result(A), result(A, of=cell("abort")))
    file = records_file(output)
    first, second = file.read_text().splitlines(keepends=True)
    file.write_text(first + second.replace('"format":1', what))
    before = tree(output)
    with pytest.raises(ValueError, match=reason) as refused:
        store(1)
    assert str(refused.value).startswith(str(file))
    with pytest.raises(ValueError, match=reason):
        read_records(output)
    assert tree(output) == before
    file.write_text(file.read_text().rstrip("\n"))  # no torn line: an editor left out its end
    with pytest.raises(ValueError, match=reason):
        store(1)
    file.write_text(first)
    run(store(1), result(A))  # the lock is free again


def test_a_line_that_was_not_measured_is_never_rewritten(store: Open, output: Path) -> None:
    """Nor put into this version's form: what a line holds is not this run's business."""
    run(store(), result(A), result(A, of=cell("SIGTERM")))
    odd = edited(output, ('"since":"2026-11-21"', '"since" : "2026-11-21", "note":{"by":"hand"}'))
    run(store(1), result(B, of=cell("abort")))
    lines = records_file(output).read_bytes().splitlines()
    assert set(odd.splitlines()) < set(lines)
    assert len(lines) == 3
    run(store(2), result(A), result(A, of=cell("SIGTERM")))
    assert records_file(output).read_bytes().splitlines() == lines


def test_keys_that_are_not_known_stay_with_what_they_belong_to(store: Open, output: Path) -> None:
    """A record that grows keeps them; an outcome and a process theirs, while they are told."""
    run(store(), result(A))
    edited(
        output,
        ('"role":"main"', '"role":"main","of process":[1]'),
        ('"survivors":[]', '"survivors":[],"of outcome":true'),
        ('"version":"3.13.0"', '"version":"3.13.0","of interpreter":"x"'),
        ('"since"', '"of record":{"a":{"b":null}},"since"'),
    )
    run(store(1), result(B))
    (line,) = records_file(output).read_bytes().splitlines()
    record = msgspec.json.decode(line)
    assert record["since"] == "2026-11-22"
    assert record["of record"] == {"a": {"b": None}}
    assert record["interpreter"]["of interpreter"] == "x"
    explanations = {
        one["processes"][0]["exit"]["code"]: (
            one.get("of outcome"),
            one["processes"][0].get("of process"),
        )
        for one in record["outcomes"]
    }
    assert explanations == {0: (True, [1]), 1: (None, None)}
    run(store(2), result(A), result(B))
    assert records_file(output).read_bytes() == line + b"\n"


def test_what_is_no_file_of_lines_is_named(store: Open, output: Path) -> None:
    """A folder or a pipe with the name of one, and nesting past what a parser takes."""
    run(store(), result(A))
    folder = records_file(output).parent / "other.jsonl"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"other\.jsonl: is no regular file"):
        read_records(output)
    folder.rmdir()
    os.mkfifo(folder)
    with pytest.raises(ValueError, match=r"other\.jsonl: is no regular file"):
        store()
    folder.unlink()
    deep = b"[" * 200_000 + b"]" * 200_000
    folder.write_bytes(b'{"format":1,"cell":"a/b/c/d@e","later":' + deep + b"}\n")
    with pytest.raises(ValueError, match=r"other\.jsonl, line 1: "):
        read_records(output)


def test_a_record_of_ten_megabytes_is_a_record(store: Open, output: Path) -> None:
    """It is read and kept; it may well be what a newer version tells."""
    run(store(), result(A))
    big = edited(output, ('"since"', f'"later":"{"x" * 10_000_000}","since"'))
    assert the_record(output).outcomes == (A,)
    run(store(1), result(A))
    assert records_file(output).read_bytes() == big
