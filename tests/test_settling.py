"""Laws of rest: when what lives is known to live on, and when it may be on its way to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.state import TrialState
from exitmatrix.model import Event, Outcome
from exitmatrix.observe import observe

from tests.conftest import NEWEST, make_order, own_scenario, run_orders

EnvironmentOf = Callable[[str, str], Environment]

LATE = """
import atexit, sys, time
import endings
class Late(object):
    def __del__(self, sleep=time.sleep):
        sleep(1)
late = Late()
atexit.register(print, "A")
print("ready")
sys.stdout.flush()
endings.end_here()
"""

WAITS_IN_A_HANDLER = """
import atexit, sys, time
import endings
atexit.register(time.sleep, 4)
atexit.register(print, "A")
print("ready")
sys.stdout.flush()
endings.end_here()
"""

SLEEPS_FIRST = """
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
import endings
asked, asleep = threading.Event(), threading.Event()
class View(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/end":
            asked.set()
            asleep.wait()
            endings.end_here()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello from process %d" % os.getpid())
    def log_message(self, *words): pass
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(5))
server = HTTPServer(("127.0.0.1", 0), View)
sys.stderr.write("Running on http://127.0.0.1:%d" % server.server_port)
sys.stderr.flush()
threading.Thread(target=server.serve_forever, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
asked.wait()
asleep.set()
while True: time.sleep(1.2)
"""

LED_AWAY = """
import sys, threading
import endings
print("ready")
sys.stdout.flush()
try:
    endings.end_here()
except KeyboardInterrupt:
    threading.Event().wait()
"""


def outcome_of(
    text: str, termination: str, environment: Environment, folder: Path, **header: object
) -> Outcome | object:
    subject = own_scenario(folder, text, **header)
    order = make_order(environment, subject, termination)
    ((_, trial),) = run_orders([order])
    return observe(trial, subject, order.termination)


@pytest.mark.real
def test_what_sleeps_in_its_finalization_is_not_at_rest(
    environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """Its handlers have run and it sleeps for longer than a quiet window: it ends all the same."""
    shown = outcome_of(LATE, "return", environment_of(NEWEST, "none"), tmp_path)
    assert isinstance(shown, Outcome)
    assert (shown.survivors, shown.processes[0].exit) == ((), {"code": 0})


@pytest.mark.real
def test_a_handler_may_wait_for_a_limit_of_its_own(
    environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """A handler waits for seconds, as an exporter does for its collector, and the process ends."""
    python = environment_of(NEWEST, "none")
    shown = outcome_of(WAITS_IN_A_HANDLER, "return", python, tmp_path)
    assert isinstance(shown, Outcome)
    assert (shown.survivors, shown.processes[0].exit) == ((), {"code": 0})


@pytest.mark.real
def test_a_signal_that_comes_before_a_sleep_is_handled_after_it(
    environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """The server answers meanwhile: it lives, and is on its way to its end all the same."""
    python = environment_of(NEWEST, "none")
    shown = outcome_of(SLEEPS_FIRST, "self-SIGTERM", python, tmp_path, ready="http")
    assert isinstance(shown, Outcome)
    assert (shown.survivors, shown.processes[0].exit) == ((), {"code": 5})


@pytest.mark.real
def test_who_is_led_away_from_its_gate_lives_where_it_sleeps(
    environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """Nobody replies at the gate any more, and the trial ends long before its limit."""
    shown = outcome_of(LED_AWAY, "SIGINT", environment_of(NEWEST, "none"), tmp_path)
    assert isinstance(shown, Outcome)
    assert shown.survivors == ("main",)


@pytest.mark.parametrize(
    ("event", "live", "serving", "ends"),
    [
        (Event("endings", 1, "ending", ("return",)), [1], 0, True),
        (Event("probe", 1, "began", ("1",)), [1], 0, True),
        (Event("probe", 1, "registered", ("1", "A", "app:A", "")), [1], 0, False),
        (Event("probe", 2, "began", ("1",)), [1], 0, False),
        (Event("endings", 1, "ending", ("sys-exit-0",)), [1], 1, False),
    ],
)
def test_who_has_begun_to_end_is_given_time(
    event: Event, live: list[int], serving: int, ends: bool
) -> None:
    """That is told by itself, and asks for more patience; but not of a server that answers."""
    journal = Journal()
    journal.add(event)
    trial = SimpleNamespace(journal=journal, live=live, serving=serving, in_a_handler=False)
    ask = cast("property", TrialState.someone_ends).fget
    assert ask
    assert ask(cast("Any", trial)) is ends
