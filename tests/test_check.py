"""`check` and `diff` as a person or a CI calls them: their words, their status, what they write."""

from __future__ import annotations

import datetime
import json
import re
import shlex
from pathlib import Path

import jsonschema
import msgspec
import pytest
from exitmatrix.machine.store.records import platform_name
from exitmatrix.model import Process
from exitmatrix.model.outcome_sets import union
from exitmatrix.plan.schedule import RACY
from exitmatrix.report.exchange.schemas import schema_texts
from msgspec.structs import replace

from tests.conftest import FOUND, NEWEST
from tests.support.command import measure, run, tree
from tests.support.patched import patched
from tests.support.recorded import CELL, bend, bent, file_of, measured, output, records, write

__all__ = ["measured", "output"]  # fixtures

pytestmark = pytest.mark.real

ONLY = ["--python", NEWEST, "--scenario", "plain", "--termination", "SIGTERM"]


def check(output: Path, *words: str) -> tuple[int, str, str]:
    done = run("check", "--output", str(output), "--progress", "none", *words)
    return done.returncode, done.stdout, done.stderr


# ---------------------------------------------------------------------- check


def test_the_same_behaviour_passes_and_writes_nothing(output: Path) -> None:
    """One line on stdout, status 0; the output folder is as it was, be it not writable."""
    before = tree(output)
    status, out, err = check(output, "--python", NEWEST, "--scenario", "plain")
    assert (status, out) == (0, "2 cells checked: all behave as on record.\n"), err
    assert re.search(r"\d+ cells without a record: no change; --update writes them", err)
    assert tree(output) == before


def test_a_change_is_told_and_is_status_1(output: Path) -> None:
    """What was expected, what is seen, where, how sure, why, and how to see it; nothing written."""
    bent(output, exit={"code": 0})
    before = tree(output)
    status, out, err = check(output, *ONLY, "-v")
    assert status == 1, err
    rows = dict(line.split(maxsplit=1) for line in out.splitlines()[2:] if line[2:3].strip())
    assert out.startswith("1 of 1 cell behaves differently.\n")
    assert rows["expected"] == "exit 0"
    assert rows["seen"] == "SIGTERM"
    assert rows["where"] == CELL
    assert rows["runs"] == "20 of each cell, none as expected"
    assert rows["why"] == "what is seen now is what the laws allow"
    assert rows["again"].startswith(f"exitmatrix check --python {NEWEST} --stack none")
    assert tree(output) == before
    assert rows["program"] == f"exitmatrix explain {CELL} --reproducer -"
    again = run(*rows["again"].split()[1:], "-v", "--output", str(output), "--progress", "none")
    assert again.stdout == out


def test_update_accepts_the_new_state(output: Path, measured: Path) -> None:
    """It is written as `matrix` writes it; what nobody sees any more does not make a race."""
    bent(output, exit={"code": 0})
    status, out, err = check(output, *ONLY, "--update")
    assert status == 0, err
    assert "behaves differently" in out
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    assert records(output) == {
        id: replace(one, since=today, runs=RACY) if id == CELL else one
        for id, one in records(measured).items()
    }
    assert check(output, *ONLY)[0] == 0


def test_update_of_what_has_not_changed_leaves_every_byte(output: Path) -> None:
    """A second run of `matrix` leaves them too."""
    before = tree(output)
    assert check(output, *ONLY, "--update")[0] == 0
    assert tree(output) == before


def test_update_adds_to_a_race(output: Path) -> None:
    """An outcome that is on record and is seen again stays, beside the new one."""
    rows = records(output)
    seen = rows[CELL]
    grown = replace(seen, outcomes=(*bend(seen, exit={"code": 0}).outcomes, *seen.outcomes))
    write(output, grown, *(one for id, one in rows.items() if id != CELL))
    status, out, _ = check(output, *ONLY)
    assert (status, out) == (0, "1 cell checked: all behave as on record.\n")
    before = file_of(output).read_bytes()
    assert check(output, *ONLY, "--update")[0] == 0
    assert sorted(file_of(output).read_bytes()) == sorted(before)


def test_update_drops_no_side_of_a_race(output: Path) -> None:
    """Where any interpreter has shown two outcomes, what was seen before stays beside the new."""
    rows = records(output)
    sides = (*rows[CELL].outcomes, *bend(rows[CELL], exit={"code": 0}).outcomes)
    racy = replace(rows[CELL], cell=CELL.replace(NEWEST, "cpython-3.0.1"), outcomes=union(sides))
    write(output, racy, name="cpython-3.0.1")
    bent(output, exit={"code": 0})
    # Two files are read back: the bent record is written among both interpreters' rows.
    write(output, *(one for id, one in records(output).items() if id.startswith(NEWEST)))
    assert check(output, *ONLY, "--update")[0] == 0
    assert len(records(output)[CELL].outcomes) == 2


def test_check_for_programs_says_what_differs(output: Path) -> None:
    """With --json the change is a value: both sides, the runs, and how to see it again."""
    bent(output, exit={"code": 3})
    status, out, err = check(output, *ONLY, "--json")
    assert status == 1, err
    document = json.loads(out)
    jsonschema.validate(document, json.loads(schema_texts()["check"]))
    (change,) = document["changes"]
    assert (document["checked"], change["new"]["cell"]) == (1, CELL)
    assert change["old"]["outcomes"][0]["processes"][0]["exit"] == {"code": 3}
    assert change["new"]["outcomes"][0]["processes"][0]["exit"] == {"signal": "SIGTERM"}
    assert change["again"].startswith("exitmatrix check --python")


def test_new_cells_are_measured_only_to_be_written(output: Path) -> None:
    """With --update they are on record afterwards."""
    words = [*ONLY, "--termination", "SIGHUP"]
    status, out, err = check(output, *words, "--progress", "plain")
    assert (status, out) == (0, "1 cell checked: all behave as on record.\n")
    assert "1 cell without a record: no change" in err
    assert "check: 1 of 1 runs (1 of 1 cells)" in err
    status, _, err = check(output, *words, "--update")
    assert status == 0
    assert "1 cell without a record: measured too, and written" in err
    assert f"{NEWEST}/none/plain/SIGHUP@main" in records(output)


def test_an_interpreter_that_is_not_on_record(output: Path) -> None:
    """Having nothing to compare with is no agreement: status 2, and a hint what to do."""
    rows = records(output)
    file_of(output).unlink()
    old = [replace(one, cell=one.cell.replace(NEWEST, "cpython-3.0.1")) for one in rows.values()]
    write(output, *old, name="cpython-3.0.1")
    before = tree(output)
    for words in ([], ["--update"]):
        status, out, err = check(output, *ONLY, *words)
        if words:
            assert status == 0, err
            continue
        assert (status, out) == (2, "")
        last = err.strip().splitlines()[-1]
        assert last.startswith(f"exitmatrix: nothing to compare with: {NEWEST} not on record")
        assert f"exitmatrix matrix --python {NEWEST}" in last
        assert f"exitmatrix diff cpython-3.0.1 {NEWEST}" in last
        assert tree(output) == before
    assert CELL in records(output)


def test_nothing_on_record_at_all(tmp_path: Path) -> None:
    """An empty or missing folder is a usage error, and is not made."""
    status, out, err = check(tmp_path / "reports", *ONLY)
    assert (status, out) == (2, "")
    assert f"nothing is on record for {platform_name()}" in err.strip().splitlines()[-1]
    assert not (tmp_path / "reports").exists()


def test_records_that_no_cell_is_planned_for_are_told(output: Path) -> None:
    """They are not compared, and not silently passed over."""
    rows = records(output)
    gone = replace(rows[CELL], cell=CELL.replace("plain", "plane"), scenario="plane")
    write(output, *rows.values(), gone)
    status, _, err = check(output, "--python", NEWEST, "--stack", "none", "--target", "main")
    assert status == 0
    assert f"1 cell on record, but no longer planned: {gone.cell}" in err


def test_cells_below_launchers_are_left_alone_unless_asked_for(output: Path) -> None:
    """They are planned where a launcher is named, so they are not gone: it is said how."""
    rows = records(output)
    below = replace(rows[CELL], cell=CELL.replace("plain/", "plain/sh/"), launcher="sh")
    write(output, *rows.values(), below)
    status, _, err = check(output, "--python", NEWEST, "--stack", "none", "--target", "main")
    assert status == 0
    assert "not checked: 1 cell on record below launchers (--launcher '*' checks these)" in err
    assert "nothing plans" not in err


def test_bad_words_are_usage_errors(output: Path) -> None:
    """One line with what is near, as `matrix` has it."""
    before = tree(output)
    for words, near in (
        (["--scenario", "plane"], "nearest: plain"),
        (["--python", "cpython-9.99"], "cpython-3"),
    ):
        status, out, err = check(output, *words)
        assert (status, out) == (2, "")
        assert near in err.strip().splitlines()[-1]
    assert tree(output) == before


# ----------------------------------------------------------------------- diff


def test_two_interpreters_that_differ(output: Path) -> None:
    """Grouped by what changed; status 1; the same command with equal ones is 0."""
    rows = records(output)
    other = [replace(one, cell=one.cell.replace(NEWEST, "cpython-3.0.1")) for one in rows.values()]
    write(output, *other, name="cpython-3.0.1")
    done = run("diff", "cpython-3.0.1", NEWEST, "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"cpython-3.0.1 -> {NEWEST}: 2 cells compared, all behave alike.\n"
    write(output, *(bend(one, fired=("C",)) for one in other), name="cpython-3.0.1")
    done = run("diff", "cpython-3.0.1", NEWEST, "--output", str(output))
    assert done.returncode == 1
    assert done.stdout.startswith(f"cpython-3.0.1 -> {NEWEST}: 2 of 2 cells behave differently.")
    assert re.search(r"^  where +plain/SIGTERM@main$", done.stdout, re.MULTILINE)


def test_two_folders(output: Path, measured: Path) -> None:
    """Also of observations alone; what only one has is told and is no difference."""
    done = run("diff", str(measured), str(output / "observations"))
    assert done.returncode == 0, done.stderr
    bent(output, exit={"code": 9})
    done = run("diff", str(measured), str(output))
    assert done.returncode == 1
    assert re.search(rf"^  where +{re.escape(CELL)}$", done.stdout, re.MULTILINE)
    write(output, records(output)[CELL])
    done = run("diff", str(measured), str(output))
    assert f"only in {measured}, not compared: 1 cell ({NEWEST})" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cpython-9.9.9", NEWEST], ["'cpython-9.9.9'", f"nearest: {NEWEST}"]),
        ([NEWEST, "REPORTS"], [NEWEST, "two interpreters"]),
        (["/no/such/folder", "REPORTS"], ["/no/such/folder", "two folders"]),
        (["cpython-*", NEWEST], ["'cpython-*' is a pattern"]),
        ([NEWEST], ["NEW"]),
    ],
)
def test_what_cannot_be_compared(words: list[str], says: list[str], output: Path) -> None:
    """A line that names it and what is near, status 2."""
    words = [str(output) if word == "REPORTS" else word for word in words]
    done = run("diff", *words, "--output", str(output))
    assert (done.returncode, done.stdout) == (2, "")
    last = done.stderr.strip().splitlines()[-1]
    for word in says:
        assert word in last


# ----------------------------------------------- observations of several machines


def test_files_that_disagree_stop_every_command(output: Path) -> None:
    """One line with both files and the cell, status 3; nothing is chosen, nothing written."""
    rows = records(output)
    other = bend(rows[CELL], exit={"code": 0})
    write(output, other, name=f"{NEWEST}.other-machine")
    before = tree(output)
    for words in (
        ["matrix", "--output", str(output), *ONLY],
        ["check", "--output", str(output), *ONLY],
        ["check", "--output", str(output), *ONLY, "--update"],
        ["diff", NEWEST, NEWEST, "--output", str(output)],
        ["diff", str(output), str(output)],
    ):
        done = run(*words)
        assert (done.returncode, done.stdout) == (3, ""), words
        last = done.stderr.strip().splitlines()[-1]
        for file in (file_of(output), file_of(output, f"{NEWEST}.other-machine")):
            assert str(file) in last
        assert f"disagree about {CELL};" in last
        assert tree(output) == before


def test_a_disagreement_about_another_platform_stops_a_run_before_it_begins(output: Path) -> None:
    """The report is made of all platforms, so it could not be written afterwards."""
    elsewhere = output / "observations" / "macos-arm64"
    elsewhere.mkdir()
    row = records(output)[CELL]
    for name, one in (("a", row), ("b", bend(row, exit={"code": 0}))):
        (elsewhere / f"{name}.jsonl").write_bytes(msgspec.json.encode(one) + b"\n")
    before = tree(output)
    done = run("matrix", "--output", str(output), *ONLY[:-1], "SIGHUP")
    assert done.returncode == 3
    assert "macos-arm64" in done.stderr
    assert "disagree" in done.stderr
    assert tree(output) == before


def test_files_that_agree_are_fine(output: Path) -> None:
    """Those of a second machine are read with the first's, by every command."""
    rows = records(output)
    write(output, rows[CELL], name=f"{NEWEST}.other-machine")
    assert check(output, *ONLY)[0] == 0
    assert run("diff", str(output), str(output)).returncode == 0
    before = tree(output)
    assert measure(output, *ONLY[2:]).returncode == 0
    assert tree(output) == before


def test_a_process_is_what_is_bent() -> None:
    """The names that these tests change are names that there are."""
    assert {"exit", "fired"} <= set(Process.__struct_fields__)


# ------------------------------------------------------------- builds beside a release


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A patched copy of the newest Python, which says that it is that."""
    return patched(FOUND[NEWEST].path, tmp_path_factory.mktemp("patched copy"))


def test_a_build_is_compared_with_its_release_and_is_what_runs(output: Path, build: str) -> None:
    """The build is run, not the machine's Python of the same id; the command keeps the path."""
    status, out, err = check(
        output, "--python", build, "--scenario", "plain", "--termination", "return"
    )
    rows = dict(line.split(maxsplit=1) for line in out.splitlines()[2:] if line[2:3].strip())
    assert f"{build} is compared with the records of {NEWEST}" in err
    assert status == 1, err
    assert rows["seen"].startswith("exit 42")
    assert shlex.split(rows["again"])[:4] == ["exitmatrix", "check", "--python", build]
    assert check(output, "--python", NEWEST, "--scenario", "plain")[0] == 0


def test_a_build_is_never_written_in_the_place_of_its_release(output: Path, build: str) -> None:
    """`check --update` refuses; `matrix` writes it under an id of its own."""
    before = tree(output)
    status, _, err = check(output, "--python", build, *ONLY[2:], "--update")
    assert status == 2
    assert f"is not the {NEWEST} that is on record" in err.splitlines()[-1]
    assert tree(output) == before
    words = ("--scenario", "plain", "--termination", "return", "--progress", "none")
    done = run("matrix", "--python", build, "--output", str(output), *words)
    assert done.returncode == 0, done.stderr
    files = file_of(output).parent.glob("*.jsonl")
    (mine,) = [one for one in files if one != file_of(output)]
    assert mine.name.startswith(f"{NEWEST}+p")
    assert file_of(output).read_bytes() == before[str(file_of(output).relative_to(output))]
    # What has records of its own is compared with those.
    done = run("check", "--python", build, "--output", str(output), *words)
    assert (done.returncode, done.stdout) == (0, "1 cell checked: all behave as on record.\n")


def test_a_build_and_its_release_are_not_compared_with_one_record(output: Path, build: str) -> None:
    """Whose behaviour would a change be?"""
    status, _, err = check(output, "--python", build, *ONLY)
    assert status == 2
    assert f"would both be compared with the records of {NEWEST}" in err.splitlines()[-1]
