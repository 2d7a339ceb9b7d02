"""Laws of what has a name: who removes it, what stays, and that the harness removes the rest."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from exitmatrix.declare.described import program
from exitmatrix.declare.terminations import TERMINATIONS, targets
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.app.leftovers import RunLeftovers
from exitmatrix.machine.run.kernel import shared_memory, system_v
from exitmatrix.machine.run.leftovers import SharedLeftovers
from exitmatrix.model import Scenario, Unknown
from msgspec.structs import replace

from tests.conftest import NEWEST, make_order, outcomes_of, own_scenario
from tests.support.histories import PLAIN

STEPS = ["register A", "register B", "share semaphore", "share shared memory"]
SYSTEM_V = "System V shared memory"
SETVAL = 16  # Linux include/uapi/linux/sem.h
REMOVE = {"A": f"unshare {SYSTEM_V}", "B": "unshare shared memory"}


def left(ending: str, target: str = "main", version: str = "3.13.0") -> tuple[str, ...]:
    parsed = program({"steps": [*STEPS, f"share {SYSTEM_V}"], "handlers": REMOVE})
    python = profile({"implementation": "cpython", "version": version})
    (one,) = predict(parsed, TERMINATIONS[ending], target, python).outcomes
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
    """No tracker is started for it, and none is told of it, be it POSIX's or System V's."""
    system_v = ("System V queue", "System V semaphore")
    kinds = (*system_v, "untracked semaphore", "untracked shared memory")
    steps = ["register A", *(f"share {kind}" for kind in kinds)]
    parsed = program({"steps": steps, "handlers": {"A": [f"unshare {kind}" for kind in kinds]}})
    python = profile({"implementation": "cpython", "version": "3.14.0"})
    (one,) = predict(parsed, TERMINATIONS[ending], target, python).outcomes
    assert (one.left, one.helpers) == ((*system_v, "semaphore", "shared memory"), ())
    (clean,) = predict(parsed, TERMINATIONS["return"], "main", python).outcomes
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


def test_what_a_process_that_ended_made_of_system_v_is_left_and_is_removed_by_the_harness() -> None:
    """The kernel tells who made a segment, changed a semaphore last, and sent last to a queue.

    While that process lives none of them is a leftover.
    """
    libc = ctypes.CDLL(None)
    leftovers = SharedLeftovers()
    segment = libc.shmget(0, 4096, 0o1600)
    semaphores = libc.semget(0, 2, 0o1600)
    queue = libc.msgget(0, 0o1600)
    mine = {("shm", segment), ("sem", semaphores), ("msg", queue)}
    try:
        leftovers.remember([os.getpid()])
        assert leftovers.kinds([]) == [SYSTEM_V]  # nobody has used the others: nothing tells
        libc.semctl(semaphores, 1, SETVAL, 1)
        libc.msgsnd(queue, ctypes.create_string_buffer(b"\1" + bytes(15)), 8, 0)
        leftovers.remember([os.getpid()])
        assert leftovers.kinds([os.getpid()]) == []
        assert leftovers.kinds([]) == ["System V queue", "System V semaphore", SYSTEM_V]
        assert mine <= {(one.kind, one.id) for one in system_v.there()}
        leftovers.remove()
        assert not mine & {(one.kind, one.id) for one in system_v.there()}
        assert leftovers.kinds([]) == []
    finally:
        system_v.remove(system_v.SystemVObject(kind, id, 0, 0) for kind, id in mine)


def test_run_tells_a_queue_by_its_number_and_not_one_that_was_there_before(tmp_path: Path) -> None:
    """Who sends to another's queue is its last sender, and did not make it."""
    libc = ctypes.CDLL(None)
    message = ctypes.create_string_buffer(b"\1" + bytes(15))
    others = libc.msgget(0, 0o1600)
    leftovers = RunLeftovers(str(tmp_path), str(tmp_path), (), alone=True)
    own = libc.msgget(0, 0o1600)
    try:
        for queue in (others, own):
            libc.msgsnd(queue, message, 8, 0)
        leftovers.remember(os.getpid(), ())
        left = [one for one in leftovers.find((), (), alone=True) if one.kind == "System V queue"]
        assert [one.name for one in left] == [f"id {own}"]
    finally:
        system_v.remove(system_v.SystemVObject("msg", queue, 0, 0) for queue in (others, own))


HELD_BY_TRACKER = """
import multiprocessing.resource_tracker, multiprocessing.shared_memory, os, signal
import endings

memory = multiprocessing.shared_memory.SharedMemory(create=True, size=1)
with open("NAME", "w") as file:
    file.write(memory.name)
os.kill(multiprocessing.resource_tracker._resource_tracker._pid, signal.SIGKILL)
child = os.fork()
if child == 0:
    memory.close()
    print("ready", flush=True)
    endings.end_here()
os.waitpid(child, 0)
"""


@pytest.mark.real
def test_what_a_tracker_was_to_remove_is_removed_by_the_harness_which_ends_that(
    environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """The tracker waits for a process that goes on, and both are ended with the trial.

    It is killed here before, since it may be faster than the harness.
    """
    name = tmp_path / "name"
    text = HELD_BY_TRACKER.replace("NAME", str(name))
    scenario = own_scenario(tmp_path, text, roles=["parent", "child"], acts="child")
    order = make_order(environment_of(NEWEST, "none"), scenario, "SIGKILL", "parent")
    (one,) = outcomes_of([order]).values()
    assert not isinstance(one, Unknown), one
    assert name.read_text().strip("/") not in shared_memory.listed()
