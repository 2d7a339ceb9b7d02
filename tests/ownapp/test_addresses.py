"""What a program listens on: an address of its own folder is the same in every run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from exitmatrix.declare.situations import find
from exitmatrix.machine.run.app import session
from exitmatrix.model.app import AppSpec, Readiness
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


def test_a_socket_below_the_folder_for_temporary_files_is_nothing_that_runs_share(
    tmp_path: Path,
) -> None:
    """Each run has its own TMPDIR, whose name differs; so it is shown as `$TMPDIR`."""
    (tmp_path / "app.py").write_text(LISTENS)
    spec = AppSpec(
        id="oom",
        words=(sys.executable, "-I", "app.py", f"exitmatrix-{tmp_path.name}"),
        folder=str(tmp_path),
        environment=session.callers_environment(),
        situation=find("SIGKILL"),
        target="first",
        ready=Readiness(),
        alone=True,
    )
    with session.AppSession(1, str(tmp_path)) as running:
        running.ask(spec)
        _, trial = running.answer()
    assert trial.listening == ("$TMPDIR/app.sock", f"@exitmatrix-{tmp_path.name}")
    assert not why_alone(spec.words, trial, spec.folder)
