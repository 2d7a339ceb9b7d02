"""Laws of what has a name: who removes it, what stays, and that the harness removes the rest."""

from __future__ import annotations

import ctypes
import os

import pytest
from exitmatrix.declare.program import program
from exitmatrix.declare.terminations import TERMINATIONS, targets
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.machine.run.kernel import system_v
from exitmatrix.machine.run.leftovers import Leftovers
from exitmatrix.model import Scenario
from msgspec.structs import replace

from tests.support.histories import PLAIN

STEPS = ["register A", "register B", "share semaphore", "share shared memory"]
SYSTEM_V = "System V shared memory"
REMOVE = {"A": f"unshare {SYSTEM_V}", "B": "unshare shared memory"}


def left(ending: str, target: str = "main", version: str = "3.13.0") -> tuple[str, ...]:
    told = program({"steps": [*STEPS, f"share {SYSTEM_V}"], "handlers": REMOVE})
    python = profile({"implementation": "cpython", "version": version})
    (one,) = predict(told, TERMINATIONS[ending], target, python).outcomes
    return one.left


@pytest.mark.parametrize("ending", ["return", "exception", "SIGINT"])
def test_a_clean_end_leaves_nothing(ending: str) -> None:
    """Handlers remove what the program made, and multiprocessing's its lock."""
    assert left(ending) == ()


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL", "SIGHUP", "os-exit-7"])
def test_the_tracker_removes_names_and_nobody_a_number(ending: str) -> None:
    """However the program alone is ended: System V's is told to no tracker."""
    assert left(ending) == (SYSTEM_V,)


@pytest.mark.parametrize("version", ["3.8.0", "3.14.1", "3.15.0"])
def test_a_signal_to_the_group_ends_the_tracker_unless_it_ignores_it(version: str) -> None:
    """It ignores SIGINT and SIGTERM, and no other."""
    names = (SYSTEM_V, "semaphore", "shared memory")
    assert left("SIGHUP", "group", version) == names
    assert left("SIGKILL", "group", version) == names
    assert left("SIGTERM", "group", version) == (SYSTEM_V,)
    assert left("SIGINT", "group", version) == ()


@pytest.mark.parametrize(
    ("ending", "target"),
    [("SIGTERM", "main"), ("SIGTERM", "group"), ("SIGKILL", "main"), ("os-exit-7", "main")],
)
def test_what_the_c_library_makes_is_removed_by_handlers_or_by_nobody(
    ending: str, target: str
) -> None:
    """No tracker is started for it, and none is told of it."""
    kinds = ("untracked semaphore", "untracked shared memory")
    steps = ["register A", *(f"share {kind}" for kind in kinds)]
    told = program({"steps": steps, "handlers": {"A": [f"unshare {kind}" for kind in kinds]}})
    python = profile({"implementation": "cpython", "version": "3.14.0"})
    (one,) = predict(told, TERMINATIONS[ending], target, python).outcomes
    assert (one.left, one.helpers) == (("semaphore", "shared memory"), ())
    (clean,) = predict(told, TERMINATIONS["return"], "main", python).outcomes
    assert clean.left == ()


def test_before_3_8_there_is_no_shared_memory_to_be_left() -> None:
    """Semaphores had a tracker of their own."""
    assert left("SIGHUP", "group", "3.7.0") == (SYSTEM_V, "semaphore")


def test_a_program_of_one_role_has_a_group_where_it_says_so() -> None:
    """Its helpers are in it; who declares none is not ended twice in the same way."""

    def aims(scenario: Scenario) -> tuple[str, ...]:
        return targets(TERMINATIONS["SIGTERM"], scenario)

    assert aims(PLAIN) == ("main",)
    assert aims(replace(PLAIN, terminations=("SIGTERM@group",))) == ("main", "group")


def test_a_segment_of_a_process_that_ended_is_left_and_is_removed_by_the_harness() -> None:
    """Who made it is in the kernel's list; while the maker lives it is no leftover."""
    libc = ctypes.CDLL(None)
    leftovers = Leftovers()
    made = libc.shmget(0, 4096, 0o1600)
    try:
        leftovers.remember([os.getpid()])
        assert leftovers.kinds([os.getpid()]) == []
        assert leftovers.kinds([]) == [SYSTEM_V]
        leftovers.remove()
        assert made not in [one.id for one in system_v.there() if one.kind == "shm"]
        assert leftovers.kinds([]) == []
    finally:
        libc.shmctl(made, system_v.IPC_RMID, None)
