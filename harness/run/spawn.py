"""Start an observed program as if nobody were there: in a known state, with nothing inherited."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from harness.model import Order

PROGRAM = "app.py"  # the name that the scenario has in its trial, whatever its id

# SIGKILL and SIGSTOP cannot be set, 32 and 33 belong to the C library (nptl(7)).
RESETTABLE = sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, 32, 33})


class Folder:
    """A trial's private folder: the channel, and beside it the program in its working folder.

    Private because a debug server watches every file on its path; the channel is
    not in the working folder because a program may remove that.
    """

    def __init__(self, parent: Path, name: str, order: Order) -> None:
        self.path = f"{parent}/{name}"
        self.work = f"{self.path}/cwd"
        self.channel = f"{self.path}/channel"
        os.mkdir(self.path, 0o700)  # noqa: PTH102 - measured: this runs for each trial
        if order.scenario.folder:
            shutil.copytree(
                order.scenario.folder, self.work, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            os.mkdir(self.work, 0o700)  # noqa: PTH102
            shutil.copyfile(order.scenario.path, f"{self.work}/{PROGRAM}")

    @property
    def program(self) -> str:
        """The file that is run."""
        return f"{self.work}/{PROGRAM}"

    def remove(self) -> None:
        """Remove the folder, whatever the program did to it."""
        shutil.rmtree(self.path, ignore_errors=True)


def environment(order: Order, folder: Folder, token: str) -> dict[str, str]:
    """The observed program's environment, built from nothing: the caller's never reaches it."""
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder.work,
        "TMPDIR": folder.work,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(order.path),
        # Environments are compiled beforehand; a trial must not change them.
        "PYTHONDONTWRITEBYTECODE": "1",
        "EXITMATRIX_CHANNEL": folder.channel,
        "EXITMATRIX_TOKEN": token,
        "EXITMATRIX_ENDING": ending(order),
    }
    if order.termination.delivery == "signal-twice":
        variables["EXITMATRIX_LINGER"] = "1"
    return variables


def ending(order: Order) -> str:
    """What `endings.end_here()` does: end by itself, or wait (a server waits by serving)."""
    if order.termination.delivery == "in-process":
        return order.termination.id
    return "none" if order.scenario.serves else "wait"


def spawn(order: Order, folder: Folder, token: str, stdout: int, stderr: int) -> int:
    """Start the program in its own session, with default signal dispositions; its pid.

    `subprocess` would let ignored signals through (a background job has SIGINT
    ignored), so this is posix_spawn with the dispositions set. It has no working
    folder of its own to give, so the caller's is changed: only the engine, which
    is a process for itself, may call this. Raises OSError.
    """
    os.chdir(folder.work)
    return os.posix_spawn(
        order.python,
        [order.python, PROGRAM],
        environment(order, folder, token),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, stderr, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=RESETTABLE,
    )
