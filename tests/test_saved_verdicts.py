"""Laws of saved verdicts: whoever reads them instead of judging learns the same."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from exitmatrix.cli.derived import write_reports
from exitmatrix.cli.judging import judged
from exitmatrix.judge.verdict import judge_all
from exitmatrix.machine.store.files import CannotWrite
from exitmatrix.machine.store.records import read_records
from exitmatrix.machine.store.verdicts import AT_ONCE, read_verdicts, write_verdicts
from exitmatrix.model import Judgement, Verdict

from tests.support.committed import REPORTS, by_platform, records, scenarios

LATER = 10 * AT_ONCE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Reports about one way to end a program, with their verdicts."""
    place = tmp_path / "observations" / "linux-x86_64"
    place.mkdir(parents=True)
    for one in records():
        if str(one.question) == "plain/SIGINT@main":
            line = msgspec.json.encode(one) + b"\n"
            (place / f"{one.interpreter_id}.jsonl").write_bytes(line)
    write_verdicts(tmp_path, [one.verdict for one in anew(tmp_path).values()])
    return tmp_path


def anew(folder: Path) -> dict[tuple[str, str], Judgement]:
    return judge_all(read_records(folder), scenarios())


def change(folder: Path, **keys: object) -> str:
    """Write another verdict about one cell; returns the cell."""
    first, *others = read_verdicts(folder).values()
    write_verdicts(folder, [msgspec.structs.replace(first, **keys), *others])
    return first.cell


def test_what_is_saved_is_what_judging_gives() -> None:
    """Of the committed ones, whatever the times of the files are here."""
    lines = (REPORTS / "verdicts.jsonl").read_bytes().splitlines()
    saved = {one.cell: one for one in (msgspec.json.decode(line, type=Verdict) for line in lines)}
    some = {platform: rows[::97] for platform, rows in by_platform().items()}
    for (_, cell), one in judge_all(some, scenarios()).items():
        assert saved[cell] == one.verdict


def test_a_saved_match_is_taken_and_anything_else_is_judged_again(folder: Path) -> None:
    """A mismatch has to say why, which no file holds; a law that is gone explains nothing."""
    stored = read_records(folder)
    assert judged(folder, stored, scenarios()) == anew(folder)
    cell = change(folder, rules=("lifo",))
    assert judged(folder, stored, scenarios())["linux-x86_64", cell].verdict.rules == ("lifo",)
    for keys in ({"rules": ("a-law-that-is-gone",)}, {"rules": (), "verdict": "mismatch"}):
        change(folder, **keys)
        assert judged(folder, stored, scenarios()) == anew(folder)


def test_verdicts_that_are_older_than_what_they_rest_on_are_not_read(folder: Path) -> None:
    """Neither than a record, nor than a law; files of one checkout are of one age."""
    file = folder / "verdicts.jsonl"
    written = file.stat().st_mtime
    observed = next((folder / "observations").glob("*/*.jsonl"))
    os.utime(observed, (written + AT_ONCE / 2,) * 2)
    assert read_verdicts(folder)
    os.utime(observed, (written + LATER,) * 2)
    assert not read_verdicts(folder)
    os.utime(observed, (0, 0))
    os.utime(file, (LATER, LATER))  # older than every law
    assert not read_verdicts(folder)


def test_verdicts_that_cannot_be_read_are_none(folder: Path) -> None:
    """A torn file and a missing one: every cell is judged."""
    file = folder / "verdicts.jsonl"
    file.write_bytes(b'{"cell":')
    assert not read_verdicts(folder)
    assert judged(folder, read_records(folder), scenarios()) == anew(folder)
    file.unlink()
    assert not read_verdicts(folder)
    assert judged(folder, read_records(folder), scenarios()) == anew(folder)


def test_a_time_that_cannot_be_renewed_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of another user's file, which holds the same already."""
    write_verdicts(tmp_path, [])

    def touch(_file: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(CannotWrite, match=r"cannot write to .*: Operation not permitted"):
        write_verdicts(tmp_path, [])


def test_each_report_is_what_its_records_give(tmp_path: Path) -> None:
    """What is committed was not left behind when a record, a law, a claim or a word changed."""
    for name in ("observations", "timelines"):
        (tmp_path / name).symlink_to(REPORTS / name)
    (tmp_path / "claims.md").write_text("of long ago\n")
    write_reports(tmp_path, scenarios())
    names = {one.name for one in tmp_path.iterdir()} - {"observations", "timelines"}
    assert names == {"matrix.md", "races.md", "claims.md", "verdicts.jsonl"}
    for name in names:
        assert (tmp_path / name).read_bytes() == (REPORTS / name).read_bytes(), name


def test_a_page_of_claims_is_written_again_and_not_begun(folder: Path) -> None:
    """It is asked for by another command, which measures what claims need."""
    write_reports(folder, scenarios())
    assert not (folder / "claims.md").exists()
