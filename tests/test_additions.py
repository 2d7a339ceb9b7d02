"""What is new is added: a server, a launcher and a mechanism from outside the package.

Each is made up here. No file of the package knows them, and none is changed for them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from exitmatrix.declare import launchers
from exitmatrix.declare.launchers import COMMAND
from exitmatrix.declare.servers import SERVERS
from exitmatrix.judge.served.predict import predict_served
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.scenarios import load
from exitmatrix.model import Outcome
from exitmatrix.model.launcher import Launcher
from exitmatrix.model.outcome_sets import allows
from exitmatrix.model.server import Reaction, Server, Stop

from tests.conftest import NEWEST, make_order, outcomes_of
from tests.support.values import record

pytestmark = pytest.mark.real

SERVER = '''# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A server that nobody has heard of"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "app.py", "{port}"]
# server = "made-up"
# terminations = ["SIGTERM"]
# ///
"""A master that forks one worker and passes SIGTERM on."""

import atexit
import os
import signal
import socket
import sys

import endings


@endings.tells("made-up:goodbye")
def goodbye(number, frame):
    sys.exit(0)


listening = socket.socket()
listening.bind(("127.0.0.1", int(sys.argv[1])))
listening.listen(1)
pid = os.fork()
if pid == 0:

    @atexit.register
    def A():
        print("A: cleaning up")

    signal.signal(signal.SIGTERM, goodbye)
    while True:
        signal.pause()

signal.signal(signal.SIGTERM, lambda number, frame: os.kill(pid, number))
os.waitpid(pid, 0)
os._exit(0)
'''

FACTS = Server(
    id="made-up",
    package="made",
    workers=1,
    imports=("worker",),
    handlers=("A",),
    master={"SIGTERM": Stop(passes="SIGTERM")},
    worker={"SIGTERM": Reaction(how="finalizes")},
    source="the program above",
)


def test_a_server_is_a_folder_and_its_facts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment_of: Callable[[str, str], Environment],
) -> None:
    """It is started by its own command, its roles follow from its tree, its facts predict it.

    The mechanism by which its worker says goodbye is known to nobody either.
    """
    monkeypatch.setitem(SERVERS, "made-up", (FACTS,))
    folder = tmp_path / "made-up"
    folder.mkdir()
    (folder / "app.py").write_text(SERVER)
    loaded = load(tmp_path)
    assert not loaded.errors
    (scenario,) = loaded.scenarios
    environment = environment_of(NEWEST, "none")
    spec = make_order(environment, scenario, "SIGTERM", "master")
    (shown,) = outcomes_of([spec]).values()
    assert isinstance(shown, Outcome), shown
    worker = shown.processes[1]
    assert (worker.role, worker.fired) == ("worker", ("made-up:goodbye", "A"))
    assert worker.raised == ("made-up:goodbye",)
    made = predict_served(record("made-up/SIGTERM@master", packages={"made": "1"}), scenario)
    assert [one.exit for one in made.outcomes[0].processes] == [one.exit for one in shown.processes]
    assert not allows(made.outcomes, shown)  # of the mechanism the facts say nothing


def test_a_launcher_is_a_row(tmp_path: Path) -> None:
    """`run --as made-up` starts the command through a program that the row names."""
    made = Launcher(
        id="made-up", does="A made-up launcher.", words=("/usr/bin/env", "X=1", COMMAND)
    )
    assert launchers.wrap(made, ["python", "app.py"])[0] == (
        *("/usr/bin/env", "X=1"),
        *("python", "app.py"),
    )
    site = tmp_path / "row.py"
    site.write_text(
        "from exitmatrix.declare import launchers\n"
        "from exitmatrix.model.launcher import Launcher\n"
        "made = Launcher(id='made-up', does='Made up.', words=('/usr/bin/env', 'X=1', 'COMMAND'))\n"
        "launchers.LAUNCHERS_BY_ID['made-up'] = made\n"
        "from exitmatrix.cli.entry import entry\n"
        "entry()\n"
    )
    app = tmp_path / "app.py"
    app.write_text("import atexit, time\natexit.register(print)\nwhile True: time.sleep(1)\n")
    words = ["run", "--as", "made-up", "--ending", "ctrl-c", "--trials", "1", "--ready", "1s"]
    done = subprocess.run(
        [sys.executable, str(site), *words, "--", sys.executable, str(app)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "ctrl-c" in done.stdout
