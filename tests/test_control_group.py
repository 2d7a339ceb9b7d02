"""Laws of control groups: who is in one is ended by its limit, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from exitmatrix.declare.stacks import STACKS
from exitmatrix.machine.run.kernel import control_group
from exitmatrix.model import Interpreter
from exitmatrix.plan.cells import plan
from msgspec.structs import replace

from tests.support.histories import PLAIN

MARK = (1 << 62) + 100 * os.getpid()  # a hundred for each process: a test asks for the next ones
LIMIT = 64 << 20
TAKES = """
import os, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as group:
    group.write(str(os.getpid()))
taken = [b"x" * (1 << 20) for _ in range(256)]
"""

here = pytest.mark.skipif(bool(control_group.missing()), reason=control_group.missing())


@pytest.fixture
def group() -> Iterator[str]:
    made = control_group.make(MARK, LIMIT)
    yield made
    control_group.remove(made)


@here
@pytest.mark.real
def test_who_takes_more_than_the_limit_is_killed_and_the_group_goes(group: str) -> None:
    """Nobody else is: what made the group stands outside."""
    done = subprocess.run([sys.executable, "-c", TAKES, group], check=False)
    assert done.returncode == -signal.SIGKILL
    control_group.remove(group)
    assert not Path(group).exists()


@here
def test_what_a_killed_run_left_is_known_by_its_marks(group: str) -> None:
    """A run beside it keeps its own."""
    control_group.remove_marked(range(MARK + 1, MARK + 100))
    assert Path(group).exists()
    control_group.remove_marked(range(MARK, MARK + 1))
    assert not Path(group).exists()


def test_where_no_group_can_be_made_its_cells_are_left_out_with_the_reason() -> None:
    """As a launcher that is not installed."""
    python = Interpreter(
        id="cpython-3.13.0", path="/usr/bin/python", implementation="cpython", version="3.13.0"
    )
    subject = replace(PLAIN, terminations=("group-limit",))
    for missing, cells in (({}, 1), ({"group-limit": "nobody may"}, 0)):
        made = plan([python], [subject], STACKS, lambda *_: None, missing=missing)
        assert len(made.cells) == cells
        assert cells or "nobody may" in [one.reason for one in made.left_out]
