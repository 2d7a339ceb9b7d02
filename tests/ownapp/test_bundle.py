"""A program that PyInstaller has made one file of, as `exitmatrix run` sees it."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import FOUND
from tests.ownapp.conftest import Run, row
from tests.support.part import WHOLE

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not WHOLE, reason="PyInstaller takes its time: make whole runs it"),
]


LACKS = "Python shared library"
"""What PyInstaller says that is missing, of a Python that is not installed where it was built."""


def make(folder: Path, program: str) -> None:
    """`./app` in the folder, made of a program that is there, by the newest that can."""
    by_age = sorted(FOUND.values(), key=lambda one: one.language, reverse=True)
    for python in (one for one in by_age if one.implementation == "cpython"):
        said = bundle(python.path, folder, program)
        if (folder / "app").exists():
            return
        assert LACKS in said, said
    pytest.skip(f"no Python here has its {LACKS}")


def bundle(python: str, folder: Path, program: str) -> str:
    """What PyInstaller says."""
    done = subprocess.run(
        [
            *(python, "-m", "PyInstaller", "--onefile", "--name", "app"),
            *("--distpath", ".", "--log-level", "ERROR", program),
        ],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PYINSTALLER_CONFIG_DIR": str(folder / "config"),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.stdout + done.stderr


def test_one_file_is_two_processes_and_says_nothing_of_its_handlers(
    run_app: Run, folder: Path
) -> None:
    """One that unpacks it and passes SIGTERM on, and `main`; if both are killed, files stay.

    No handler is seen, since it reads no PYTHONPATH, and what it prints is.
    """
    make(folder, "graceful.py")
    endings = ("--ending", "deploy", "--ending", "lost-parent")
    expected = ("--expect", "deploy:exit=0,lines=^bye,left=nothing")
    done = run_app("--trials", "1", "--grace", "3s", *endings, *expected, "--", "./app")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "main, with app; ready" in done.stdout
    assert "What there is to clean up cannot be told" in done.stdout
    assert "? not seen" in row(done.stdout, "deploy")
    assert "exit 0" in row(done.stdout, "deploy")
    assert "goes on" in row(done.stdout, "lost-parent")
    assert "2 runs without it ended alike" in " ".join(done.stdout.split())
    killed = run_app("--trials", "1", "--ending", "SIGKILL", "--at", "all", "--", "./app")
    assert "$TMPDIR/_MEI" in killed.stdout
