"""What a program listens on: an address of its own folder is the same in every run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from exitmatrix.declare.situations import find_situation
from exitmatrix.machine.run.app import session
from exitmatrix.model.app import AppSpec, AppTrial, Readiness
from exitmatrix.plan.app import why_alone

pytestmark = pytest.mark.real

LISTENS = """
import os, socket, sys, tempfile, time
one = socket.socket(socket.AF_UNIX)
one.bind(os.path.join(tempfile.gettempdir(), "app.sock"))
one.listen()
other = socket.socket(socket.AF_UNIX)
other.bind("\\0" + sys.argv[1])
other.listen()
time.sleep(60)
"""


def shown(folder: Path, *words: str) -> AppTrial:
    """What one run of a program shows."""
    spec = AppSpec(
        id="oom",
        words=(sys.executable, "-I", *words),
        folder=str(folder),
        environment=session.callers_environment(),
        situation=find_situation("SIGKILL"),
        target="all",
        ready=Readiness(),
        alone=True,
    )
    with session.AppSession(1, str(folder)) as running:
        running.ask(spec)
        return running.answer()[1]


def name(folder: Path) -> str:
    """An address without a file that no test of another worker has: their folders have one name."""
    return f"exitmatrix-{os.getpid()}-{folder.name}"


MANAGES = """
import os, socket, sys, time
if os.fork():
    one = socket.create_server(("127.0.0.1", int(sys.argv[1])))
else:
    one = socket.socket(socket.AF_UNIX)
    one.bind("\\0" + sys.argv[2])
    one.listen()
time.sleep(60)
"""


@pytest.mark.parametrize(("port", "serve"), [("0", [True, False]), ("none", [False, True])])
def test_who_listens_on_a_port_serves_and_not_who_manages_it(
    tmp_path: Path, port: str, serve: list[bool]
) -> None:
    """A name is for a program's own parts, where it has a port; else it may serve there."""
    binds = 'socket.create_server(("127.0.0.1", int(sys.argv[1])))'
    text = MANAGES if port == "0" else MANAGES.replace(binds, "None")
    (tmp_path / "app.py").write_text(text)
    trial = shown(tmp_path, "app.py", port, name(tmp_path))
    assert [one.listens for one in trial.tree] == serve


def test_a_socket_below_the_folder_for_temporary_files_is_nothing_that_runs_share(
    tmp_path: Path,
) -> None:
    """Each run has its own TMPDIR, whose name differs; so it is shown as `$TMPDIR`."""
    (tmp_path / "app.py").write_text(LISTENS)
    trial = shown(tmp_path, "app.py", name(tmp_path))
    assert trial.listening == ("$TMPDIR/app.sock", f"@{name(tmp_path)}")
    assert not why_alone(("python", "app.py"), trial, str(tmp_path))
