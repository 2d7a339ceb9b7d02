"""Steered races: whoever is held back is last, so that rare outcomes need not be waited for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result
from exitmatrix.cli import races
from exitmatrix.cli.errors import INTERRUPTED
from exitmatrix.judge.races import RacyCell, race, tally
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.session import run_all
from exitmatrix.machine.run.steering import is_of_it
from exitmatrix.machine.scenarios import load
from exitmatrix.machine.store.records import platform_name
from exitmatrix.model import Event, Outcome, Steering
from exitmatrix.observe import observe
from exitmatrix.plan.steering import EVENTS, EVENTS_AHEAD, PROCESSES, TURNS, steering_of
from exitmatrix.report.pages import raced
from exitmatrix.report.pages.races import race_lines
from msgspec.structs import replace

from tests.conftest import FOUND, LOADED, NEWEST, make_order
from tests.support.committed import REPORTS
from tests.support.values import ended, outcome, process, record

PROGRAM = """\
# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A parent that kills its child on its own way out"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = ["SIGTERM"]
# ///
import atexit, signal, subprocess, sys
import endings

@atexit.register
def A():
    print("A")

signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(0))
if sys.argv[1:] == ["child"]:
    endings.hold("forked")
    print("ready", flush=True)
    endings.end_here("child")
endings.mark("parent")
subprocess.call([sys.executable, "app.py", "child"])
"""
ENDINGS = {0: (("A",), {"code": 0}), 1: ((), {"signal": "SIGKILL"})}
"""What the child runs and how it ends when both get SIGTERM, by the place of who is held back."""


@pytest.mark.real
@pytest.mark.parametrize("held", ENDINGS)
def test_who_is_held_back_decides_a_race(
    held: int, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """`subprocess.call` kills the child on its parent's way out, unless the child was first.

    Held back, the parent finds a child that has run its handler; a child that is held back
    is killed before it runs any.
    """
    (tmp_path / "race.py").write_text(PROGRAM)
    [scenario] = load(tmp_path).scenarios
    order = make_order(environment_of(NEWEST, "none"), scenario, "SIGTERM")
    orders = [replace(order, target="group", steering=Steering(held, 0)) for _ in range(4)]
    for ordered, trial in run_all(orders, 2):
        seen = observe(trial, ordered.scenario, ordered.termination)
        assert isinstance(seen, Outcome), seen
        parent, child = seen.processes
        assert (parent.fired, parent.exit) == (("A",), {"code": 0})
        assert (child.fired, child.exit) == ENDINGS[held]


THREADS = """\
# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A main thread that waits for an event, beside others"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["SIGTERM"]
# ///
import atexit, signal, threading
import endings

@atexit.register
def A():
    print("A")

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda signum, frame: stop.set())
print("ready", flush=True)
for wait in (endings.end_here, threading.Event().wait, threading.Event().wait):
    threading.Thread(target=wait, daemon=True).start()
stop.wait()
"""


@pytest.mark.real
def test_no_other_thread_takes_the_signal_of_a_steered_trial(
    environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """A stop would wake any of them; the main thread, which runs handlers, would sleep on."""
    (tmp_path / "threads.py").write_text(THREADS)
    [scenario] = load(tmp_path).scenarios
    order = make_order(environment_of(NEWEST, "none"), scenario, "SIGTERM")
    for ordered, trial in run_all([replace(order, steering=Steering(0, 0)) for _ in range(8)], 2):
        seen = observe(trial, ordered.scenario, ordered.termination)
        assert isinstance(seen, Outcome), seen
        assert (seen.processes[0].fired, seen.processes[0].exit) == (("A",), {"code": 0})


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


LATE = """\
# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A parent that sends its signal on, to a child that waits before it leaves"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = ["SIGTERM"]
# ///
import atexit, signal, subprocess, sys, time
import endings

@atexit.register
def A():
    time.sleep(0.3)

def leave(signum, frame):
    time.sleep(0.1)
    sys.exit(0)

signal.signal(signal.SIGTERM, leave)
if sys.argv[1:] == ["child"]:
    endings.hold("forked")
    print("ready", flush=True)
    endings.end_here("child")
child = subprocess.Popen([sys.executable, "app.py", "child"])
signal.signal(signal.SIGTERM, lambda signum, frame: child.send_signal(signum))
child.wait()
"""
CUT = {Steering(0, 0): (), Steering(0, 0, 1): ("A",)}
"""Which handlers of the child end by an exception, by how the parent is held back."""


@pytest.mark.real
@pytest.mark.parametrize("steering", CUT, ids=str)
def test_who_is_held_back_until_another_has_told_something_acts_in_its_midst(
    steering: Steering, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """A child that rests by the clock is told of the signal once more too early to matter.

    A parent that is held back until the child's handler has begun cuts that off.
    """
    (tmp_path / "late.py").write_text(LATE)
    [scenario] = load(tmp_path).scenarios
    order = make_order(environment_of(NEWEST, "none"), scenario, "SIGTERM")
    [(ordered, trial)] = run_all([replace(order, target="group", steering=steering)], 1)
    seen = observe(trial, ordered.scenario, ordered.termination)
    assert isinstance(seen, Outcome), seen
    assert (seen.processes[1].fired, seen.processes[1].raised) == (("A",), CUT[steering])


def test_each_process_is_held_back_in_turn() -> None:
    """First nobody, then each at each of the moments, then again from the beginning.

    The first of all also until another has told something.
    """
    assert steering_of(0) is None
    held = {Steering(p, e) for p in range(PROCESSES) for e in range(EVENTS)}
    assert set(TURNS[1:]) == held | {Steering(0, 0, until) for until in EVENTS_AHEAD}
    assert [steering_of(n) for n in range(len(TURNS), 2 * len(TURNS))] == list(TURNS)


def test_what_is_allowed_and_was_never_seen_is_named() -> None:
    """By what each run showed, and with the number of runs."""
    never, always = (
        outcome(process("parent"), process("child", fired=fired)) for fired in ((), ("A",))
    )
    seen = record("flask-debug/SIGTERM@group", always)
    whole = RacyCell(record=seen, between=("one and another",), allowed=(always,))
    short = replace(whole, allowed=(always, never))
    assert (whole.never_seen, short.never_seen) == ((), (never,))
    text = "\n".join(race_lines([whole, short], 40))
    assert text.count("allowed, and never seen: ") == 1
    assert text.endswith("1 of 2 races showed all that the laws allow, 40 runs each this time")


def test_the_page_of_races_counts_what_was_never_seen() -> None:
    """A question's outcomes are those of all its cells; complete races are left out."""
    never, always, other = (
        outcome(process("parent"), process("child", fired=fired)) for fired in ((), ("A",), ("B",))
    )
    seen = record("flask-debug/SIGTERM@group", always)
    whole = RacyCell(record=replace(seen, runs=60), between=(), allowed=(always,))
    one = RacyCell(record=replace(seen, runs=20), between=(), allowed=(always, never))
    two = RacyCell(record=replace(seen, runs=None), between=(), allowed=(always, never, other))
    text = raced.render([*map(tally, (whole, one, two))])
    assert "1 of 3 races have shown all" in text
    row = "| `flask-debug/SIGTERM@group` | 3 | 1 | 1 | 1 to 2 | 20, not counted |"
    assert row in text.splitlines()
    assert row.split("|")[1] not in raced.render([tally(whole)])


def test_a_race_is_one_by_its_record_or_by_the_rules() -> None:
    """A cell whose rules allow one outcome, and that showed one, is none."""
    assert race(record("plain/return@main", ended()), LOADED["plain"]) is None


def test_a_fork_that_is_told_of_by_a_handler_of_another_kind_can_be_held_back() -> None:
    """Who speaks first in a worker is of no matter: it has the handlers of its master."""
    assert is_of_it(Event("endings", 20, "forked", ("10",)))
    assert is_of_it(Event("probe", 20, "forked", ("10",)))
    own = ("1", "A", "app:A", "/w/app.py:5")
    library = ("1", "f", "logging:shutdown", "/usr/lib/python3.13/logging/__init__.py:5")
    assert is_of_it(Event("probe", 10, "registered", own))
    assert not is_of_it(Event("probe", 10, "registered", library))
    assert not is_of_it(Event("endings", 10, "registered", ("endings.1", "x:bye", "app:bye")))


def test_who_is_stopped_is_told_nothing_of_what_was_not_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Outcomes that no run showed are listed, even if the number of runs is not known."""
    folder = tmp_path / "observations" / platform_name()
    folder.mkdir(parents=True)
    shutil.copy(REPORTS / "observations" / platform_name() / f"{NEWEST}.jsonl", folder)
    monkeypatch.setattr(races, "write_reports", lambda *_: None)
    words = ["--output", str(tmp_path), "--python", FOUND[NEWEST].path, "--stack", "none"]
    cell = ["--scenario", "multiprocessing-pool-two", "--termination", "SIGINT"]

    def say(*, finished: bool) -> Result:
        monkeypatch.setattr(races, "measure_and_save", lambda *_, **__: finished)
        return CliRunner().invoke(races.command, [*words, *cell])

    assert "showed all that the laws allow" in say(finished=True).stdout
    stopped = say(finished=False)
    assert stopped.stdout == ""
    assert stopped.exit_code == INTERRUPTED
