"""A program that becomes another user before Python starts: gosu, setpriv, su in an entry point."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from exitmatrix.declare.situations import find_situation
from exitmatrix.machine.run.app import session
from exitmatrix.model.app import AppSpec, Readiness
from exitmatrix.model.app_outcome import AppOutcome
from exitmatrix.observe.app import observe_app

pytestmark = pytest.mark.real

NOBODY = 65534
PYTHON = "/usr/bin/python3"  # one that other users may run, too

DROPS = """
import atexit, os, tempfile, time
def bye(): print("bye", os.getuid(), flush=True)
atexit.register(bye)
handle, path = tempfile.mkstemp()
atexit.register(os.remove, path)
print("ready", flush=True)
try: time.sleep(60)
except KeyboardInterrupt: pass
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
@pytest.mark.skipif(not Path(PYTHON).exists(), reason="there is no Python for all users")
def test_who_gives_up_the_rights_of_root_is_observed_and_has_a_folder_of_its_own(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It reads the probe, tells of its handlers, and writes where TMPDIR says, as it does bare."""
    work = tmp_path_factory.mktemp("work")
    spec = AppSpec(
        id="ctrl-c",
        words=(
            *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
            *(PYTHON, "-c", DROPS),
        ),
        folder=str(work),
        environment={"PATH": os.defpath},
        situation=find_situation("ctrl-c"),
        target="group",
        ready=Readiness(by="line", what="ready"),
        inside=session.PROBE,
        mechanisms=session.MECHANISMS,
        alone=True,
    )
    mask = os.umask(0o077)  # whatever the caller's is
    try:
        with session.AppSession(1, str(work)) as running:
            running.ask(spec)
            _, trial = running.answer()
    finally:
        os.umask(mask)
    seen = observe_app(trial, spec.folder)
    assert isinstance(seen, AppOutcome), seen
    (main,) = seen.members
    assert main.observed, trial.output
    own = {ran.handler.label.partition("(")[0]: ran.fate for ran in main.handlers}
    assert own["__main__:bye"] == own["posix:remove"] == "ran"
    assert f"bye {NOBODY}" in trial.output
    assert not trial.left


@pytest.mark.skipif(os.geteuid() != 0, reason="for others nothing is opened")
def test_nobody_can_list_what_is_open_to_who_knows_its_name(tmp_path: Path) -> None:
    """The parent folder has a random name, and cannot be listed by others."""
    spec = AppSpec(
        id="x",
        words=("sh", "-c", 'stat -c %a "$TMPDIR" "$TMPDIR/.." "$TMPDIR/../.."; sleep 60'),
        folder=str(tmp_path),
        environment={"PATH": os.defpath},
        situation=find_situation("SIGKILL"),
        target="all",
        ready=Readiness(by="line", what="^711"),
        inside=session.PROBE,
    )
    with session.AppSession(1, str(tmp_path)) as running:
        running.ask(spec)
        _, trial = running.answer()
    assert trial.output.split() == ["1777", "1733", "711"]
    assert not any(int(mode, 8) & stat.S_IROTH for mode in trial.output.split()[1:])
