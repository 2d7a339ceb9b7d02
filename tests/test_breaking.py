"""A broken probe does not pass unseen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.model import Unknown

from tests.conftest import FOUND, LOADED, NEWEST, make_order, newest_flask, outcomes_of

pytestmark = pytest.mark.real
EnvironmentOf = Callable[[str, str], Environment]


def broken(environment: Environment, folder: Path, file: str, old: str, new: str) -> list[Path]:
    """Copies of the injected folders with one thing changed."""
    copies = []
    for one in environment.inside:
        copies.append(folder / one.name)
        shutil.copytree(one, copies[-1], ignore=shutil.ignore_patterns("__pycache__"))
    (target,) = (copy / file for copy in copies if (copy / file).exists())
    text = target.read_text()
    assert old in text
    target.write_text(text.replace(old, new, 1))
    return copies


def test_an_event_dropped(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """A trial in which an event is lost is unknown."""
    environment = environment_of(NEWEST, "none")
    path = broken(
        environment,
        tmp_path,
        "exitmatrix_channel.py",
        "        _send(channel,",
        "        kind == 'ended' and next(_numbers) or _send(channel,",
    )
    shown = outcomes_of([make_order(environment, LOADED["plain"], "return", path=path)])
    assert shown["return@main"] == Unknown(reason="events of a process are missing or doubled")


def test_the_last_event_dropped(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """A trial in which the last event is lost does not say that the handler fired."""
    environment = environment_of(NEWEST, "none")
    path = broken(
        environment,
        tmp_path,
        "exitmatrix_probe.py",
        'tell("probe", "ended", self.key)',
        'self.key == "1" or tell("probe", "ended", self.key)',
    )
    shown = outcomes_of([make_order(environment, LOADED["plain"], "return", path=path)])
    outcome = shown["return@main"]
    assert isinstance(outcome, Unknown)
    assert "a handler that had begun did not end" in outcome.reason


def test_a_pid_swapped(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """A trial in which events carry another process's pid is unknown."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    path = broken(
        environment,
        tmp_path,
        "exitmatrix_channel.py",
        "if SUBINTERPRETER else str(posix.getpid())",
        "if SUBINTERPRETER else str("
        'posix.getppid() if kind in ("began", "ended") else posix.getpid())',
    )
    subject = LOADED["flask-debug"]
    shown = outcomes_of([make_order(environment, subject, "SIGKILL", "child", path=path)])
    assert isinstance(shown["SIGKILL@child"], Unknown)


def test_a_mute_child(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """A process that the probe never spoke from is not observed, which is not "did not fire"."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    path = broken(
        environment,
        tmp_path,
        "sitecustomize.py",
        'if "EXITMATRIX_CHANNEL" in os.environ:',
        'if "WERKZEUG_RUN_MAIN" not in os.environ:',
    )
    subject = LOADED["flask-debug"]
    shown = outcomes_of([make_order(environment, subject, "SIGKILL", "child", path=path)])
    outcome = shown["SIGKILL@child"]
    assert isinstance(outcome, Unknown) or outcome.processes[1].fired is None
