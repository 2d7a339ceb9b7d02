"""Short versions of the fault suite (`make faults`) and of the soak (`make soak`)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from exitmatrix.machine.store.records import cell_of
from exitmatrix.model import Unknown
from msgspec.structs import replace

from tests.conftest import FOUND, LOADED, NEWEST
from tests.faults.__main__ import ALL
from tests.faults.ground import ROOT
from tests.faults.soak import Quiet
from tests.faults.tally import Tally, rows_of, table
from tests.support.part import every

pytestmark = [pytest.mark.real]
BRIEF = every(7, [fault.name for fault in ALL if fault.few])


def suite(*words: str) -> subprocess.CompletedProcess[str]:
    """The suite in a process of its own: what is left behind comes home to that one alone."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("name", BRIEF)
def test_the_harness_survives(name: str) -> None:
    """Each fault is survived, leaves nothing behind and loses nothing."""
    done = suite("tests.faults", "--brief", "--only", name)
    assert done.returncode == 0, done.stderr + done.stdout
    if "not done" in done.stdout:
        pytest.skip(done.stdout.partition("not done: ")[2].partition("|")[0])


def test_a_soak_changes_and_leaves_nothing() -> None:
    """Oversubscribed cores change no outcome, and the harness does not grow with the trials."""
    here = [id for id in FOUND if any((ROOT / "reports/observations").glob(f"*/{id}.jsonl"))]
    if not here:
        pytest.skip("no interpreter that is on record is here")
    chosen = NEWEST if NEWEST in here else here[-1]
    done = suite("tests.faults.soak", "--trials", "30", "--python", chosen)
    if "nothing that is on record" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "before" in done.stdout
    assert "after" in done.stdout


@pytest.mark.parametrize(
    ("cell", "ended", "how"),
    [
        ("flask-debug/SIGTERM@parent", {"signal": "SIGKILL"}, "as on record"),
        ("flask-debug/SIGTERM@parent", {"code": 0}, "wrong"),
        ("flask-debug-slow-1000ms/SIGINT@group", {"code": 0}, "raced"),
        ("flask-debug-slow-1000ms/SIGINT@group", {"code": 1}, "wrong"),
    ],
)
def test_a_soak_takes_only_what_is_on_record_or_a_known_race(
    cell: str, ended: dict[str, object], how: str
) -> None:
    """Another outcome is wrong, in a race as well, unless the laws allow that very one."""
    quiet = Quiet(ROOT / "reports")
    record = quiet.records[f"cpython-3.13.0/flask-3.1/{cell}"]
    (shown,) = record.outcomes
    parent, child = shown.processes
    if "code" in ended:  # it came to its end
        child = replace(parent, role="child", stdout="kept", exit=ended)
    shown = replace(shown, processes=(parent, child))
    assert quiet.judge(LOADED[record.scenario], cell_of(record), shown) == how
    assert quiet.judge(LOADED[record.scenario], cell_of(record), Unknown(reason="?")) == "unknown"


def test_a_fault_that_is_not_survived_is_counted() -> None:
    """The table tells what went wrong, what is left and what is lost, each by itself."""
    tally = Tally("a fault")
    tally.add([])
    tally.add(["it said: Traceback"])
    tally.add([], ["process sleep"])
    tally.add([], [], 2)
    assert tally.row == ("a fault", "4", "1", "1", "2")
    assert not tally.good
    rows = {"a fault": tally.row, "a `| pipe`": ("a `| pipe`", "1", "1", "0", "0")}
    page = "# A page\n\n" + table(rows.values())
    assert rows_of(page) == rows
