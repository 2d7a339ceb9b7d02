"""Nothing outlives a run, however it ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from exitmatrix.declare import stacks
from exitmatrix.machine import interpreters
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.session import Session
from exitmatrix.model import Outcome
from exitmatrix.observe import observe, timeline

from tests.conftest import (
    FOUND,
    LOADED,
    NEWEST,
    make_order,
    newest_flask,
    own_scenario,
    run_orders,
)
from tests.support.running import (
    GONE,
    Driver,
    assert_all_gone,
    assert_things_go,
    below,
    things,
    wait_for_trial,
    words,
)

pytestmark = pytest.mark.real
EnvironmentOf = Callable[[str, str], Environment]
BY_NAME = {stack.name: stack for stack in stacks.STACKS}

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


@pytest.mark.parametrize("victim", ["harness", "guardian", "engine"])
def test_killing(
    victim: str,
    environment_of: EnvironmentOf,
    driver: Driver,
) -> None:
    """SIGKILL to harness, guardian or engine leaves no process of a trial and no folder."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    subject = LOADED["flask-debug"]
    before = things()
    process = driver([make_order(environment, subject, "touch-source") for _ in range(2)])
    found = wait_for_trial(process.pid, 4)
    lines = {one.pid: words(one) for one in found}
    pids = {"harness": process.pid}
    for name in ("guardian", "engine"):
        (pids[name],) = (
            pid for pid, text in lines.items() if f"exitmatrix.machine.run.{name}" in text
        )
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
        if one.pid not in before and "time.sleep(600)" in words(one)
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


COMMAND = [sys.executable, "-c", "from exitmatrix.cli.entry import entry; entry()"]
CANARY = "a-bird-that-sings-c4f1"


def test_a_secret_is_in_nothing_that_a_run_leaves(tmp_path: Path) -> None:
    """A secret of the caller's environment is in no record, report, raw trial or message."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "environments").symlink_to(default_cache() / "environments")
    words = ["matrix", "--python", NEWEST, "--stack", "none", "--scenario", "plain"]
    words += ["--termination", "return", "--termination", "exception", "--progress", "plain"]
    done = subprocess.run(
        [*COMMAND, *words, "--output", str(tmp_path / "reports")],
        env={**os.environ, "EXITMATRIX_CACHE": str(cache), "API_KEY": CANARY, CANARY: "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    written = [
        *(tmp_path / "reports").rglob("*"),
        *(cache / "runs").rglob("*"),
        *(cache / "trials").rglob("*"),
    ]
    files = [file for file in written if file.is_file()]
    assert len(files) >= 5
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]


def test_a_program_cannot_read_secrets_of_its_ancestors(
    environment_of: EnvironmentOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the engine nor the guardian, whose environment a child can read, has any."""
    environment = environment_of(NEWEST, "none")
    monkeypatch.setenv("API_KEY", CANARY)
    text = """
        import endings, os
        pid = os.getppid()
        for _ in range(2):
            with open("/proc/%d/environ" % pid, "rb") as file:
                print(file.read())
            with open("/proc/%d/stat" % pid) as file:
                pid = int(file.read().rpartition(")")[2].split()[1])
        endings.end_here()
    """
    subject = own_scenario(tmp_path, textwrap.dedent(text))
    ((_, trial),) = run_orders([make_order(environment, subject, "return")])
    assert "LC_ALL" in trial.stdout, trial.stderr
    assert trial.stdout.count("PYTHONPATH") == 2
    assert CANARY not in trial.stdout


CONSOLE = """
import re, sys, urllib.error, urllib.parse, urllib.request
port, canary = sys.argv[1:3]
base = "http://127.0.0.1:%s" % port
def get(path):
    try:
        with urllib.request.urlopen(base + path, timeout=10) as answer:
            return answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.read().decode("utf-8", "replace")
page = get("/console")
secret = re.search(r'SECRET = "(\\w+)"', page)
print("EVALEX = true" in page, 'EVALEX_TRUSTED = false' in page or "PIN" in page)
if secret:
    code = "open(%r, 'w').write('run')" % canary
    asked = {"__debugger__": "yes", "cmd": code, "frm": "0", "s": secret.group(1)}
    print(get("/console?" + urllib.parse.urlencode(asked))[:200])
"""


@pytest.mark.parametrize("stack", ["newest", "flask-1.1"])
def test_the_debuggers_console_runs_nothing(
    stack: str, environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """Whoever reaches an observed debug server's console cannot run code there without its PIN."""
    python = NEWEST
    if stack == "flask-1.1":
        older = [
            id
            for id, one in FOUND.items()
            if one.implementation == "cpython" and stacks.applies(BY_NAME[stack], one) is None
        ]
        if not older:
            pytest.skip("no Python here can have Flask 1.1")
        python = older[-1]
    else:
        stack = newest_flask(FOUND[NEWEST])
    environment = environment_of(python, stack)
    canary = tmp_path / "canary"
    order = make_order(environment, LOADED["flask-debug"], "touch-source")
    output = ""
    with Session(1) as session:
        session.submit(order)
        limit = time.monotonic() + GONE
        while not output and time.monotonic() < limit:
            for one in below(os.getpid()):
                with contextlib.suppress(psutil.Error):
                    for port in ports(one):
                        asked = [sys.executable, "-c", CONSOLE, str(port), str(canary)]
                        done = subprocess.run(
                            asked, capture_output=True, text=True, timeout=30, check=False
                        )
                        output = output or done.stdout
        session.take()
    if not output:
        pytest.skip("the server ended before it could be asked")
    assert "run" not in output.splitlines()[1:]
    assert not canary.exists(), output


def ports(process: psutil.Process) -> set[int]:
    return {
        one.laddr.port
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }


def test_no_port_is_announced(environment_of: EnvironmentOf) -> None:
    """The port that a server was given is in no outcome and no timeline."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    ((order, trial),) = run_orders([make_order(environment, LOADED["flask-debug"], "SIGTERM")])
    announced = re.search(r"127\.0\.0\.1:(\d+)", trial.stderr)
    assert announced
    text = str(observe(trial, order.scenario, order.termination))
    text += str(timeline(trial, order.scenario))
    assert announced[1] not in text


@pytest.mark.parametrize(
    "line",
    [
        "exitmatrix: cpython ../../3.13.0 - - - -",
        "exitmatrix: cpython 3.13.0/x - - - -",
        "exitmatrix: ../cpython 3.13.0 - - - -",
        "exitmatrix: pypy 3.11.17 ../../8.0.1 - - -",
        "exitmatrix: pypy 3.11.17 /etc - - -",
    ],
)
def test_a_binary_that_lies_about_its_version_is_no_path(line: str) -> None:
    """An interpreter's id becomes a file's name, so it is made of digits, dots and letters."""
    assert interpreters.read_answer(line) is None
    assert interpreters.read_answer("exitmatrix: pypy 3.11.17 8.0.1 - - -")
