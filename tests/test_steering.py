"""Steered races: whoever is held back is last, so that rare outcomes need not be waited for."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest
from exitmatrix.judge.races import Race, race
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.session import run_all
from exitmatrix.model import Outcome, Steering
from exitmatrix.observe import observe
from exitmatrix.plan.steering import EVENTS, PROCESSES, TURNS, steering_of
from exitmatrix.report.pages.races import lines
from msgspec.structs import replace

from tests.conftest import FOUND, LOADED, NEWEST, make_order, newest_flask
from tests.support.values import ended, outcome, process, record

ENDINGS = {0: {"code": 0}, 1: {"signal": "SIGKILL"}}
"""How the child of a debug server ends, by who is held back when both get SIGTERM."""


@pytest.mark.real
@pytest.mark.parametrize("held", ENDINGS)
def test_who_is_held_back_decides_a_race(
    held: int, environment_of: Callable[[str, str], Environment]
) -> None:
    """The reloader kills its child on its own way out, unless the child was first.

    Held back, the parent finds a child that has run its handlers; a child that is held back
    is killed before it runs any. Trackers of multiprocessing are not among those that count:
    they register what the library does, before the child its handlers or after.
    """
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    order = replace(make_order(environment, LOADED["flask-debug"], "SIGTERM"), target="group")
    orders = [replace(order, steering=Steering(held, 0)) for _ in range(4)]
    for ordered, trial in run_all(orders, 2):
        seen = observe(trial, ordered.scenario, ordered.termination)
        assert isinstance(seen, Outcome), seen
        parent, child = seen.processes
        assert (parent.fired, parent.exit) == (("C", "B", "A"), {"code": 0})
        assert (child.fired, child.exit) == (() if held else ("C", "B", "A"), ENDINGS[held])


@pytest.mark.real
@pytest.mark.parametrize("steering", TURNS[1:], ids=str)
def test_nobody_stays_stopped(
    steering: Steering, environment_of: Callable[[str, str], Environment]
) -> None:
    """One that is held back goes on, and a trial without such a process is like any other."""
    environment = environment_of(NEWEST, "none")
    order = make_order(environment, LOADED["plain-graceful"], "SIGTERM")
    [(ordered, trial)] = run_all([replace(order, steering=steering)], 1)
    seen = observe(trial, ordered.scenario, ordered.termination)
    assert isinstance(seen, Outcome), seen
    assert seen.processes[0].fired == ("signal.SIGTERM:stop", "C", "B", "A")
    stopped = psutil.STATUS_STOPPED
    assert not [one for one in psutil.Process().children(True) if one.status() == stopped]


def test_each_process_is_held_back_in_turn() -> None:
    """First nobody, then each at each of the moments, then again from the beginning."""
    assert steering_of(0) is None
    assert set(TURNS[1:]) == {Steering(p, e) for p in range(PROCESSES) for e in range(EVENTS)}
    assert [steering_of(n) for n in range(len(TURNS), 2 * len(TURNS))] == list(TURNS)


def test_what_is_allowed_and_was_never_seen_is_named() -> None:
    """By what each run showed, and with the number of runs."""
    never, always = (
        outcome(process("parent"), process("child", fired=fired)) for fired in ((), ("A",))
    )
    seen = record("flask-debug/SIGTERM@group", always)
    whole = Race(record=seen, between=("one and another",), allowed=(always,))
    short = replace(whole, allowed=(always, never))
    assert (whole.never_seen, short.never_seen) == ((), (never,))
    told = "\n".join(lines([whole, short], 40))
    assert told.count("allowed, and never seen: ") == 1
    assert told.endswith("1 of 2 races showed all that the rules allow, 40 runs each this time")


def test_a_race_is_one_by_its_record_or_by_the_rules() -> None:
    """A cell whose rules allow one outcome, and that showed one, is none."""
    assert race(record("plain/return@main", ended()), LOADED["plain"]) is None
