"""Nothing outlives a run, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from harness.model import Order, Outcome
from harness.observe import observe
from harness.run import guardian
from harness.run.session import EngineDied, Session
from harness.stacks import Environment
from tests.conftest import (
    FOUND,
    LOADED,
    NEWEST,
    make_order,
    newest_flask,
    own_scenario,
    run_orders,
)

pytestmark = pytest.mark.real
EnvironmentOf = Callable[[str, str], Environment]
GONE = 20.0  # seconds after which a test stops waiting for a process that must go

# A harness for itself: it reads orders and never ends by itself.
DRIVER = """
import sys, msgspec
from harness.model import Order
from harness.run import guardian
from harness.run.session import Session
orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=list[Order])
with Session(2) as session:
    for order in orders:
        session.submit(order)
    while True:
        session.take()
        print("one", flush=True)
"""

ESCAPES = """
import os, sys, time
import endings
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        os.environ.clear()
        os.execve(sys.executable, [sys.executable, "-I", "-c", "import time; time.sleep(600)"], {})
    os.write(write, b"x")
    os._exit(0)
os.wait()
os.read(read, 1)
print("ready")
sys.stdout.flush()
endings.end_here()
"""


def harness_folders() -> set[Path]:
    """The folders of runs, wherever the guardian may have put them."""
    places = {guardian.ground(), tempfile.gettempdir()} - {None}
    return {path for place in places for path in Path(str(place)).glob(f"{guardian.PREFIX}*")}


def things() -> set[Path]:
    """What runs have in temporary folders and in shared memory, of other tests too."""
    return set(Path("/dev/shm").iterdir()) | harness_folders()


def assert_things_go(before: set[Path]) -> None:
    """What is new goes: at once if it is ours, soon if another test runs beside this one."""
    new = things() - before
    limit = time.monotonic() + GONE
    while (left := {path for path in new if path.exists()}) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not left


def below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def driver() -> Iterator[Callable[[list[Order]], subprocess.Popen[bytes]]]:
    """A harness in a process of its own, that can be killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(orders: list[Order]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdin
        process.stdin.write(msgspec.json.encode(orders) + b"\n")
        process.stdin.flush()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for_trial(process: subprocess.Popen[bytes], programs: int) -> list[psutil.Process]:
    """The guardian, the engine and the observed programs, once there are enough of these."""
    limit = time.monotonic() + GONE
    while time.monotonic() < limit:
        found = below(process.pid)
        if sum("app.py" in " ".join(safe_words(one)) for one in found) >= programs:
            return found
        time.sleep(0.02)
    raise AssertionError("the trial never began")


def safe_words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def assert_all_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=GONE)
    assert not alive, alive


@pytest.mark.parametrize("victim", ["harness", "guardian", "engine"])
def test_killing(
    victim: str,
    environment_of: EnvironmentOf,
    driver: Callable[[list[Order]], subprocess.Popen[bytes]],
) -> None:
    """SIGKILL to harness, guardian or engine leaves no process of a trial and no folder."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    subject = LOADED["flask-debug"]
    before = things()
    process = driver([make_order(environment, subject, "touch-source") for _ in range(2)])
    found = wait_for_trial(process, 4)
    words = {one.pid: " ".join(safe_words(one)) for one in found}
    pids = {"harness": process.pid}
    for name in ("guardian", "engine"):
        (pids[name],) = (pid for pid, text in words.items() if f"harness.run.{name}" in text)
    os.kill(pids[victim], signal.SIGKILL)
    assert_all_gone([one for one in found if one.pid != process.pid])
    assert_things_go(before)


def test_escape(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """A process that leaves its session, closes its descriptors and clears its environment ends."""
    environment = environment_of(NEWEST, "none")
    subject = own_scenario(tmp_path, ESCAPES)
    before = {one.pid for one in psutil.process_iter()}
    run_orders([make_order(environment, subject, id) for id in ("SIGTERM", "return", "SIGKILL")])
    left = [
        one
        for one in psutil.process_iter()
        if one.pid not in before and "time.sleep(600)" in " ".join(safe_words(one))
    ]
    assert not left


def test_nothing_left(environment_of: EnvironmentOf) -> None:
    """After a run nothing is left in the temporary folder or in shared memory."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    subject = LOADED["flask-debug"]
    before = things()
    run_orders(
        [
            make_order(environment, subject, "SIGKILL", "group"),
            make_order(environment, subject, "SIGKILL", "parent"),
            make_order(environment, subject, "os-exit-0"),
        ]
    )
    assert_things_go(before)


def test_engine_dies(environment_of: EnvironmentOf) -> None:
    """A session whose engine dies says so and does not wait for ever."""
    environment = environment_of(NEWEST, "none")
    with Session(2) as session:
        session.submit(make_order(environment, LOADED["plain"], "return"))
        session.take()
        (engine,) = (
            one for one in below(os.getpid()) if "harness.run.engine" in " ".join(safe_words(one))
        )
        engine.kill()
        engine.wait(GONE)
        order = make_order(environment, LOADED["plain"], "return")

        def ask() -> None:
            session.submit(order)
            session.take()

        with pytest.raises(EngineDied):
            ask()


def test_signals_are_default(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """An observed program starts with default dispositions, whatever the harness ignores."""
    environment = environment_of(NEWEST, "none")
    text = "\n".join(
        [
            "import endings, signal, sys",
            "numbers = (1, 2, 3, 6, 10, 14, 15)",
            "ignored = [s for s in numbers if signal.getsignal(s) == signal.SIG_IGN]",
            "print(ignored, sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))",
            "print('ready')",
            "sys.stdout.flush()",
            "endings.end_here()",
        ]
    )
    subject = own_scenario(tmp_path, text)
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        ((order, trial),) = run_orders([make_order(environment, subject, "SIGINT")])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert trial.stdout.splitlines()[0] == "[] []"
    outcome = observe(trial, order.scenario, order.termination)
    assert isinstance(outcome, Outcome)
    assert outcome.processes[0].exit == {"signal": "SIGINT"}


def test_secrets_stay(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """Nothing of the caller's environment reaches an observed program."""
    environment = environment_of(NEWEST, "none")
    text = "import endings, os\nprint(sorted(os.environ))\nendings.end_here()"
    os.environ["CANARY"] = "sings"
    try:
        ((_, trial),) = run_orders(
            [make_order(environment, own_scenario(tmp_path, text), "return")]
        )
    finally:
        del os.environ["CANARY"]
    assert "PATH" in trial.stdout
    assert "CANARY" not in trial.stdout


def test_loopback(environment_of: EnvironmentOf) -> None:
    """Observed servers listen on loopback only."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    orders = [make_order(environment, LOADED[id], "SIGTERM") for id in ("flask", "flask-debug")]
    heard: set[str] = set()
    with Session(2) as session:
        for order in orders:
            session.submit(order)
        while session.outstanding:
            for one in below(os.getpid()):
                try:
                    listening = one.net_connections("inet")
                except psutil.Error:
                    continue
                heard |= {c.laddr.ip for c in listening if c.status == psutil.CONN_LISTEN}
            if heard:
                session.take()
    assert heard == {"127.0.0.1"}
