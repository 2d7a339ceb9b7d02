"""The command as a person or a script calls it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import NEWEST, note_exercised

COMMAND = [sys.executable, "-c", "from exitmatrix.cli.entry import entry; entry()"]


def run(
    *words: str,
    env: Mapping[str, str] | None = None,
    ignore_sigint: bool = False,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=240,
        check=False,
        preexec_fn=ignore if ignore_sigint else None,
        cwd=cwd,
    )


def measure(
    output: Path, *words: str, env: Mapping[str, str] | None = None, ignore_sigint: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `matrix` with the newest Python."""
    done = run(
        "matrix",
        "--python",
        NEWEST,
        "--output",
        str(output),
        "--progress",
        "plain",
        *words,
        env=env,
        ignore_sigint=ignore_sigint,
    )
    note_exercised([NEWEST])
    return done


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by name."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
