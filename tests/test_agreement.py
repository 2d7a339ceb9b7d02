"""Observations of several machines in one folder: agreeing ones are one, others are told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from exitmatrix.machine.store.records import Disagreement, find_records, read_records
from exitmatrix.model import Record
from exitmatrix.model.merge import agreed
from msgspec.structs import replace

from tests.support.values import died, ended, record

SIGTERM = "plain/SIGTERM@main"


def bring(output: Path, name: str, *records: Record) -> Path:
    """A file that some machine brought."""
    file = output / "observations" / "linux-x86_64" / f"{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in records))
    return file


def test_equal_records_are_one() -> None:
    """The day is the first on which somebody saw it."""
    one, other = record(SIGTERM, died("SIGTERM")), record(SIGTERM, died("SIGTERM"))
    earlier = replace(other, since="2025-12-24")
    assert agreed(one, earlier) == earlier
    assert agreed(earlier, one) == earlier


def test_parts_of_a_race_agree() -> None:
    """Sets that share an outcome are one: what both saw together, known since both were there."""
    some = record(SIGTERM, died("SIGTERM"), since="2026-01-02")
    more = record(SIGTERM, died("SIGTERM"), ended(), since="2026-01-05")
    apart = record(SIGTERM, ended(status=1), died("SIGTERM"), since="2026-01-03")
    assert agreed(some, more) == replace(more, outcomes=agreed(more, some).outcomes)  # type: ignore[union-attr]
    both = agreed(more, apart)
    assert both
    assert len(both.outcomes) == 3
    assert both.since == "2026-01-05"


@pytest.mark.parametrize(
    "other",
    [
        record(SIGTERM, ended()),
        replace(record(SIGTERM, died("SIGTERM")), packages={"flask": "3.1.4"}),
        replace(record(SIGTERM, died("SIGTERM")), interpreter={"implementation": "pypy"}),
    ],
    ids=["outcomes", "packages", "interpreter"],
)
def test_nothing_is_chosen_between_contradictions(other: Record) -> None:
    """Records that share no outcome, or were made with other packages, disagree both ways."""
    one = record(SIGTERM, died("SIGTERM"))
    assert agreed(one, other) is None
    assert agreed(other, one) is None


def test_files_that_agree_are_read_as_one(tmp_path: Path) -> None:
    """A second machine's file adds its cells and its part of a race."""
    bring(tmp_path, "cpython-3.13.0", record(SIGTERM, died("SIGTERM")))
    bring(
        tmp_path,
        "cpython-3.13.0.other-machine",
        record(SIGTERM, died("SIGTERM"), ended()),
        record("plain/return@main", ended()),
    )
    rows = read_records(tmp_path)["linux-x86_64"]
    assert [one.cell.rsplit("/", 1)[1] for one in rows] == ["SIGTERM@main", "return@main"]
    assert len(rows[0].outcomes) == 2


def test_files_that_disagree_are_named(tmp_path: Path) -> None:
    """One line with both files, and the cells: the first three, and how many more."""
    questions = [f"plain/sys-exit-{number}@main" for number in range(5)]
    one = bring(tmp_path, "cpython-3.13.0", *(record(q, ended()) for q in questions))
    other = bring(tmp_path, "cpython-3.13.0.b", *(record(q, died("SIGTERM")) for q in questions))
    with pytest.raises(Disagreement) as error:
        read_records(tmp_path)
    text = str(error.value)
    assert "\n" not in text
    assert str(one) in text
    assert str(other) in text
    assert "cpython-3.13.0/none/plain/sys-exit-2@main and 2 more" in text
    assert "sys-exit-3" not in text


def test_the_platforms_are_kept_apart(tmp_path: Path) -> None:
    """Other behaviour on another platform is a difference and no contradiction."""
    bring(tmp_path, "cpython-3.13.0", record(SIGTERM, died("SIGTERM")))
    file = bring(tmp_path, "b", record(SIGTERM, ended()))
    folder = tmp_path / "observations" / "macos-arm64"
    folder.mkdir()
    file.rename(folder / "cpython-3.13.0.jsonl")
    assert {len(rows) for rows in read_records(tmp_path).values()} == {1}


def test_a_folder_is_found_by_what_it_holds(tmp_path: Path) -> None:
    """An output folder, or its observations; anything else is none."""
    bring(tmp_path / "reports", "cpython-3.13.0", record(SIGTERM, died("SIGTERM")))
    found = find_records(tmp_path / "reports")
    assert found
    assert found == find_records(tmp_path / "reports" / "observations")
    assert find_records(tmp_path / "nothing") is None
    assert find_records(tmp_path) is None
