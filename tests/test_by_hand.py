"""The commands beside a claim can be typed, and do what the cell does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.claims import CLAIMS, EXPERIMENTS
from harness.plan import plan
from harness.report.by_hand import PREPARE, commands
from harness.stacks import STACKS
from tests.conftest import FOUND, LOADED

CHECKOUT = Path(__file__).parent.parent


def lines(cell: str, *more: str) -> list[str]:
    found = []
    for one in (cell, *more):
        scenario, _, ending = one.partition("/")
        termination, _, target = ending.partition("@")
        found.append((LOADED[scenario], termination, target))
    return commands(found)


def typed(tmp_path: Path, commands: Sequence[str]) -> str:
    """What a shell says that is given the lines, in the checkout."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "python").symlink_to(sys.executable)
    done = subprocess.run(
        ["bash", "-c", "\n".join((*PREPARE, *commands))],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "TMPDIR": str(tmp_path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        timeout=60,
        check=False,
    )
    return done.stdout


def handlers(said: str) -> str:
    return "".join(re.findall(r"([A-E]): ", said))


@pytest.mark.real
@pytest.mark.parametrize(
    ("cell", "ran", "status"),
    [
        ("plain/return@main", "CBA", "0"),
        ("plain/sys-exit-3@main", "CBA", "3"),
        ("plain/os-exit-7@main", "", "7"),
        ("plain/SIGTERM@main", "", "143"),
        ("plain/SIGKILL@main", "", "137"),
        ("plain-graceful/SIGTERM@main", "CBA", "0"),
        ("imported-modules/return@main", "CBA", "0"),
        ("plain-subprocess-terminate/return@parent", "CBA", "0"),
        ("plain-slow-50ms/SIGTERM-then-SIGKILL@main", "CBA", "0"),
    ],
)
def test_what_is_typed_does_what_the_cell_does(
    tmp_path: Path, cell: str, ran: str, status: str
) -> None:
    """Handlers and exit status are those of the cell, as a shell shows them."""
    said = typed(tmp_path, lines(cell))
    done = "".join(dict.fromkeys(handlers(said)))  # a slow one also says when it is done
    assert (done, re.findall(r"exit status (\d+)", said)) == (ran, [status])


@pytest.mark.real
def test_several_endings_are_one_loop(tmp_path: Path) -> None:
    """Cells that differ in one word are not written out one by one."""
    some = lines("plain/sys-exit-0@main", "plain/sys-exit-3@main", "plain/sys-exit-256@main")
    assert len(some) == 4
    said = typed(tmp_path, some)
    assert handlers(said) == 3 * "CBA"
    assert re.findall(r"exit status (\d+)", said) == ["0", "3", "0"]


@pytest.mark.real
def test_what_became_of_the_data_can_be_looked_at_by_hand(tmp_path: Path) -> None:
    """The program that looks at what is on disk is part of the scenario."""
    assert "SQLite transaction: lost" in typed(tmp_path, lines("data-in-flight/SIGKILL@main"))


def test_a_server_is_ended_from_a_second_terminal() -> None:
    """Start the app, find the two pids, kill one of them, ask the port: what the author did."""
    for cell in EXPERIMENTS:
        start, where, *then = lines(cell)[1:]
        assert start.startswith(("python app.py", "EXITMATRIX_ENDING="))
        assert where == "# in a second terminal:"
        assert any("requests.get" in line for line in then)
        if "SIGKILL" in cell:
            target = cell.rpartition("@")[2].upper()
            assert f"kill -9 {target}_PID" in then
            assert then[0].startswith("ps ")


def test_every_cell_of_a_claim_can_be_done_by_hand() -> None:
    """No claim is without commands, and what they copy is there."""
    everything = plan(
        list(FOUND.values()), list(LOADED.values()), STACKS, lambda _stack, _python: None
    )
    cells = {(cell.scenario, cell.termination, cell.target) for cell in everything.cells}
    assert cells
    for scenario, termination, target in cells:
        some = commands([(LOADED[scenario], termination, target)])
        source = re.search(r"\$SCENARIOS/([\w./-]+)", some[0])
        assert source
        assert (CHECKOUT / "scenarios" / source[1].removesuffix("/.")).exists()
        assert len(some) > 1
    assert all(claim.rests_on for claim in CLAIMS)
