"""A folder of our own for something that is shown, and removed."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "tour-of-exitmatrix-"
"""Not that of a run's folder, which whoever comes later removes if nobody guards it."""


@contextlib.contextmanager
def scratch(program: str = "") -> Iterator[str]:
    """A folder, removed afterwards; with a program, `app.py` in it, this process is in it too."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        if not program:
            yield folder
            return
        (Path(folder) / "app.py").write_text(program)
        with contextlib.chdir(folder):
            yield folder


def python_word() -> str:
    """How a Python is called here: python3, or where there is none the one that runs this."""
    return "python3" if shutil.which("python3") else sys.executable
