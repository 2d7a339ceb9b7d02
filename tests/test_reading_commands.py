"""Laws of the commands that only read: what their help promises holds."""

from __future__ import annotations

import os
import socket
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from exitmatrix.cli.main import COMMANDS

from tests.support.committed import REPORTS

CALLS = {
    "explain": ("plain/SIGTERM",),
    "answer": ("docker stop", "gunicorn"),
    "claims": ("B7",),
    "diff": ("cpython-3.12.1", "cpython-3.13.0", "--scenario", "plain-handler-*"),
}
"""A call of each command that runs nothing and writes nothing."""

PROMISE = "nothing is run"


class Refused(AssertionError):
    """Something was started, or asked of a network."""


def refuse(*_: Any, **__: Any) -> Any:
    raise Refused


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where no process can be started and no connection made."""
    monkeypatch.chdir(tmp_path)
    for module, names in (
        (subprocess, ("Popen",)),
        (os, ("fork", "posix_spawn", "execve", "system")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path


def call(name: str, *arguments: str) -> tuple[int, str]:
    command = import_module(f"exitmatrix.cli.{name}").command
    done = CliRunner().invoke(command, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("name", CALLS)
def test_a_command_that_reads_starts_no_process_and_writes_nothing(alone: Path, name: str) -> None:
    """In an empty folder it answers from the records that the package brings."""
    status, text = call(name, *CALLS[name])
    assert status in (0, 1), text  # 1: two interpreters behave differently
    assert len(text.splitlines()) > 3
    assert [*alone.iterdir()] == []


def test_whoever_promises_to_run_nothing_is_tried() -> None:
    """A command whose help says so has a call above."""
    modules = {name: import_module(f"exitmatrix.cli.{name}") for name in COMMANDS}
    promising = {
        name for name, one in modules.items() if PROMISE in (one.command.help or "").lower()
    }
    assert promising >= {"explain", "answer", "claims"}
    assert promising <= set(CALLS)


def test_a_refused_start_is_noticed(alone: Path) -> None:
    """The guard of these tests guards: a command that does start something fails there."""
    del alone
    with pytest.raises((Refused, SystemExit)):
        call("run", "--", "true")
    with pytest.raises(Refused):
        subprocess.run(["true"], check=False)


def test_drafts_are_written_and_not_sent(alone: Path) -> None:
    """They need the records alone: no connection, and no folder but their own."""
    for name in ("observations", "timelines"):
        (alone / name).symlink_to(REPORTS / name)
    status, text = call("upstream", "--no-run", "--output", str(alone))
    assert status == 0, text
    assert {one.name for one in alone.iterdir()} == {"observations", "timelines", "upstream"}
    assert len([*(alone / "upstream").rglob("*.md")]) > 3
