"""A program may signal its ancestors, and any two of these may be killed: the run goes on."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run import grounds
from exitmatrix.machine.run.session import Session
from exitmatrix.model import Outcome, Scenario, TrialSpec, Unknown
from exitmatrix.observe import observe

from tests.conftest import FOUND, LOADED, NEWEST, make_order, newest_flask, own_scenario
from tests.support.part import every
from tests.support.running import (
    Driver,
    assert_all_gone,
    assert_things_go,
    below,
    held,
    things,
    wait_for_trial,
    words,
)

pytestmark = pytest.mark.real
EnvironmentOf = Callable[[str, str], Environment]

SIGNALS = """
import atexit, os, time
import endings

def parent_of(pid):
    with open("/proc/%d/stat" % pid) as file:
        return int(file.read().rpartition(")")[2].split()[1])

@atexit.register
def A():
    print("A")

engine = os.getppid()
guardian = parent_of(engine)
for pid, number in {what}:
    os.kill(pid, number)
{then}
endings.end_here()
"""


def signalling(folder: Path, what: str, then: str = "") -> Scenario:
    """A program that sends signals to its ancestors: pairs of `engine` or `guardian` and number."""
    text = SIGNALS.replace("{what}", what).replace("{then}", then)
    return own_scenario(folder, text, ready="none")


def shown(orders: list[TrialSpec]) -> list[Outcome | Unknown]:
    with Session(2) as session:
        for order in orders:
            session.submit(order)
        found = [session.take() for _ in orders]
        session.finish()
    by_cell = {
        order.cell: observe(trial, order.scenario, order.termination) for order, trial in found
    }
    return [by_cell[order.cell] for order in orders]


ENDS = {
    "engine": ("[(engine, 9)]", "its engine was ended by SIGKILL"),
    "guardian": ("[(guardian, 9)]", "its guardian was ended by SIGKILL"),
    "both": ("[(guardian, 9), (engine, 9)]", "its guardian was ended by SIGKILL"),
}


@pytest.mark.parametrize("victim", ENDS)
def test_a_program_that_ends_an_ancestor_is_named_and_the_others_go_on(
    victim: str, environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """Its cell is unknown, with the reason; no process is left, and no other cell is lost."""
    what, why = ENDS[victim]
    environment = environment_of(NEWEST, "none")
    before = things()
    culprit = make_order(environment, signalling(tmp_path, what, "time.sleep(600)"), "return")
    others = [
        make_order(environment, LOADED["plain"], id) for id in ("return", "exception", "SIGTERM")
    ]
    found = shown([others[0], culprit, *others[1:]])
    assert found.pop(1) == Unknown(reason=f"the harness was lost while it ran: {why}")
    assert all(isinstance(one, Outcome) for one in found), found
    assert_things_go(before)


HARMLESS = {
    "SIGTERM": "[(engine, 15), (guardian, 15)]",
    "others": "[(p, n) for p in (engine, guardian) for n in (1, 2, 3, 6, 10, 11, 14, 20, 40)]",
    "SIGSTOP to the engine": "[(engine, 19)]",
    "SIGSTOP to the guardian": "[(guardian, 19)]",
    "SIGSTOP to both": "[(guardian, 19), (engine, 19)]",
}


@pytest.mark.parametrize("what", HARMLESS)
def test_a_signal_to_an_ancestor_changes_nothing(
    what: str, environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """What can be ignored is ignored; an engine or guardian that is stopped is continued."""
    subject = signalling(tmp_path, HARMLESS[what])
    (found,) = shown([make_order(environment_of(NEWEST, "none"), subject, "return")])
    assert isinstance(found, Outcome), found
    assert (found.processes[0].fired, found.processes[0].exit) == (("A",), {"code": 0})


def pids_of(found: list[psutil.Process]) -> dict[str, int]:
    pids = {}
    for name in ("guardian", "engine"):
        (pids[name],) = (one.pid for one in found if f"exitmatrix.machine.run.{name}" in words(one))
    return pids


PARTS = ("harness", "guardian", "engine")


# Each pair in each order, the second at once or a moment later. Of the two that a pair has, the
# part takes the one and for the next pair the other.
PAUSES = (0.0, 0.02)
IN_TURN = [
    (pair, PAUSES[(place + half) % 2])
    for place, pair in enumerate(itertools.permutations(PARTS, 2))
    for half in (0, 1)
]


@pytest.mark.parametrize(
    ("victims", "pause"),
    every(2, IN_TURN),
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else str(one),
)
def test_no_two_of_them_can_be_killed_and_leave_anything(
    victims: tuple[str, str], pause: float, environment_of: EnvironmentOf, driver: Driver
) -> None:
    """The third ends every process and removes every folder, whatever is killed first."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    before = things()
    process = driver([make_order(environment, LOADED["flask-debug"], "touch-source")])
    found = wait_for_trial(process.pid, 2)
    pids, ours = {"harness": process.pid, **pids_of(found)}, held(found)
    os.kill(pids[victims[0]], signal.SIGKILL)
    time.sleep(pause)
    with contextlib.suppress(ProcessLookupError):  # it has ended everything, and itself, by then
        os.kill(pids[victims[1]], signal.SIGKILL)
    assert_all_gone([one for one in found if one.pid != process.pid])
    assert_things_go(before, ours)  # the third does it, so it is not to be killed before
    if "harness" not in victims:
        process.kill()
        process.wait()
        assert_things_go(before)


def test_a_session_that_is_left_ends_what_guardian_and_engine_cannot(
    environment_of: EnvironmentOf,
) -> None:
    """Also where nothing more is ordered, and no other engine is started."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    before, others = things(), {one.pid for one in below(os.getpid())}
    with Session(1) as session:
        session.submit(make_order(environment, LOADED["flask-debug"], "touch-source"))
        found = [one for one in wait_for_trial(os.getpid(), 2) if one.pid not in others]
        pids = pids_of(found)
        for pid in pids.values():
            os.kill(pid, signal.SIGSTOP)
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
    assert_all_gone(found)
    assert_things_go(before)


def folder_of(guardian: int) -> Path:
    """The folder that a run's guardian has locked."""
    (lock,) = (
        Path(one.path)
        for one in psutil.Process(guardian).open_files()
        if Path(one.path).name == grounds.LOCK
    )
    return lock.parent


def test_the_next_run_ends_what_all_three_left(
    environment_of: EnvironmentOf, driver: Driver
) -> None:
    """Processes whose harness, guardian and engine are dead are known by their marks.

    Any run may be the next, also that of a test beside this one. So the folder is away until it
    has been seen that something is left, and what is left is stopped: it can end by no other hand.
    """
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    before = things()
    process = driver([make_order(environment, LOADED["flask-debug"], "touch-source")])
    found = wait_for_trial(process.pid, 2)
    pids = {"harness": process.pid, **pids_of(found)}
    left = [one for one in found if one.pid not in pids.values()]
    for one in (psutil.Process(process.pid), *found):
        with contextlib.suppress(psutil.NoSuchProcess):  # a server's child that was just replaced
            one.suspend()
    folder = folder_of(pids["guardian"])
    away = folder.rename(folder.with_name(f"away-{folder.name}"))
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    process.wait()
    # Until they are gone the run's lock is held: one that is being killed guards it still.
    assert_all_gone([one for one in found if one.pid in pids.values()])
    assert any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in left)
    away.rename(folder)
    grounds.end_abandoned_runs()
    assert_all_gone(left)
    assert_things_go(before)
