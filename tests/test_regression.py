"""The committed observations as a test suite: what it selects, how it runs, what it says."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from exitmatrix.report.pages.changes import command

from tests.conftest import FOUND, NEWEST
from tests.support.committed import of_this_platform
from tests.support.patched import patched
from tests.support.recorded import CELL, bent, measured, output, records

__all__ = ["measured", "output"]  # fixtures

pytestmark = pytest.mark.real

SUITE = Path(__file__).parent / "regression"
COMMITTED = of_this_platform()


def suite(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=SUITE.parent.parent,
    )


def collected(*words: str) -> list[str]:
    """The ids of the tests that would be run."""
    lines = suite("--collect-only", "-q", *words).stdout.splitlines()
    return [line.partition("[")[2].rstrip("]") for line in lines if "::test_cell[" in line]


def test_a_cell_is_a_test_and_its_id_is_the_cells(output: Path, tmp_path: Path) -> None:
    """In parallel, with pytest's own JUnit report."""
    report = tmp_path / "report.xml"
    done = suite(
        str(SUITE), "--records", str(output), "--python", NEWEST, "--scenario", "plain",
        "-n", "2", "--junit-xml", str(report),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    names = {one.get("name") for one in ET.parse(report).iter("testcase")}
    assert names == {f"test_cell[{CELL}]", f"test_cell[{NEWEST}/none/plain/return@main]"}


def test_a_change_fails_with_both_sides_the_reason_and_the_command(output: Path) -> None:
    """The failure says so in words; the other cell still passes."""
    bent(output, exit={"code": 0})
    done = suite(str(SUITE), "--records", str(output), "--python", NEWEST)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    for line in (
        f"{CELL} behaves differently:",
        "  now: SIGTERM",
        "  was: exit 0",
        "  runs  20 of each cell, none as expected",
        "  why   what is seen now is what the laws allow",
        f"  again  {command(records(output)[CELL])}",
    ):
        assert line in done.stdout.splitlines()
    head = next(line for line in done.stdout.splitlines() if line.split() == ["expected", "seen"])
    row = next(line for line in done.stdout.splitlines() if line.startswith("  ! exit 0"))
    assert row.index("SIGTERM") == head.index("seen")


def test_cells_are_selected(output: Path) -> None:
    """By interpreter, by scenario, and by -k within the cell's id."""
    words = (str(SUITE), "--records", str(output))
    both = [CELL, f"{NEWEST}/none/plain/return@main"]
    assert sorted(collected(*words, "--python", NEWEST)) == sorted(both)
    assert collected(*words, "--python", NEWEST, "-k", "SIGTERM and plain") == [CELL]
    none = suite(*words, "--python", NEWEST, "--scenario", "flask*")
    assert none.returncode == 2
    assert "no cell of the selection is on record" in none.stdout


def test_an_interpreter_that_is_not_on_record_is_skipped_with_what_to_do(output: Path) -> None:
    """Nothing to compare with is no agreement."""
    file = next(output.rglob(f"observations/*/{NEWEST}.jsonl"))
    file.rename(file.with_name("cpython-3.0.1.jsonl"))
    file = file.with_name("cpython-3.0.1.jsonl")
    file.write_text(file.read_text().replace(NEWEST, "cpython-3.0.1"))
    done = suite(str(SUITE), "--records", str(output), "--python", NEWEST)
    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert f"{NEWEST} is not on record: `exitmatrix matrix" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "near"),
    [(["--python", "cpython-9.9"], "cpython-3"), (["--scenario", "plane"], "nearest: plain")],
)
def test_a_wrong_name_is_an_error_that_names_what_is_near(words: list[str], near: str) -> None:
    """Nothing is run then."""
    done = suite(str(SUITE), *words)
    assert done.returncode == 2
    assert near in done.stdout


def test_a_few_cells_stand_for_all_where_the_suite_is_not_asked_for() -> None:
    """Each interpreter has some among all tests, and every cell has a test in the suite."""
    on_record = {one.interpreter_id for one in COMMITTED}
    if not on_record & set(FOUND):
        pytest.skip("no interpreter of this machine is on record")
    others = ["--ignore-glob=*/tests/test_*", "--ignore-glob=*/tests/ownapp"]
    few = collected("tests", *others)
    assert {id.split("/")[0] for id in few} == on_record & set(FOUND)
    one = next(id for id in FOUND if id in on_record)
    few = [id for id in few if id.startswith(f"{one}/")]
    every = collected(str(SUITE), "--python", one)
    assert set(few) < set(every)
    assert len(few) * 10 < len(every)


def test_what_is_named_by_its_path_is_what_runs(output: Path, tmp_path: Path) -> None:
    """A patched copy of a Python is not taken for the one of the same id that is on the machine."""
    build = patched(FOUND[NEWEST].path, tmp_path / "patched")
    done = suite(str(SUITE), "--records", str(output), "--python", build, "-k", "return")
    assert done.returncode == 1, done.stdout
    assert "exit 42" in done.stdout
    assert f"  again  exitmatrix check --python {build} --stack none" in done.stdout
