"""Runs a small program of one file, bare, as its reader would, and ends all that it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from exitmatrix.machine.run.kernel import dispositions

NAME = "program.py"
SECONDS = 60.0
ADDRESS = re.compile(r"0x[0-9a-f]+")
LIBRARY = re.compile(r'(?<=File ")/[^"]*/(?=lib/(?:python|pypy)[0-9.]+/)')
"""Where a Python is installed, in a traceback."""


class DidNotEnd(Exception):
    """The program was ended, because it took too long."""


def run_program(python: str, text: str) -> tuple[str, dict[str, Any]]:
    """Its output, stdout and stderr as they came, and how it ended. Raises DidNotEnd.

    Folders and addresses are left out: they are the machine's.
    """
    environment = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    with tempfile.TemporaryDirectory(prefix="exitmatrix-") as name:
        folder = Path(name).resolve()
        (folder / NAME).write_text(text)
        with subprocess.Popen(
            [python, "-u", NAME],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
            preexec_fn=dispositions.reset,  # noqa: PLW1509 - no other thread runs here
        ) as process:
            try:
                output, _ = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired as error:
                raise DidNotEnd(f"{python} was not done in {SECONDS:g} s") from error
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    shown = output.decode(errors="replace").replace(f"{folder}{os.sep}", "")
    return ADDRESS.sub("0x...", LIBRARY.sub("", shown)), _ended(process.returncode)


def _ended(status: int) -> dict[str, Any]:
    return {"code": status} if status >= 0 else {"signal": signal.Signals(-status).name}
