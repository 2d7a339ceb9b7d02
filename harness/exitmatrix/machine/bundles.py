"""A scenario's program as PyInstaller makes one file of it: once for each Python, and kept.

What is made embeds that Python, and reads no PYTHONPATH. So a hook of PyInstaller's that runs
before the program puts those folders on its path, and imports `sitecustomize` as `site` does:
the probe is there as in any other trial, and without it nothing but `endings` is. That one is
left out of the file, so that it is the same as everywhere.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

from exitmatrix.declare.launchers import BUNDLE
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.published import publish

BUILDER = "PyInstaller"
LONGEST = 900.0  # seconds that it may take, on a machine with much else to do

HOOK = """\
import os
import sys

sys.path[:0] = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
try:
    import sitecustomize
except ImportError:
    pass
"""

OURS = ("endings", "exitmatrix_channel", "sitecustomize")
NEEDED = (
    *("atexit", "errno", "faulthandler", "fcntl", "itertools", "resource", "signal"),
    *("threading", "weakref"),
)
"""Modules of the standard library that ours import, which PyInstaller does not see."""


class CannotBundle(Exception):
    """PyInstaller failed; the text says why, in one line."""


@cache
def bundle(python: str, program: str) -> str:
    """The file that is made of a program for a Python. Raises CannotBundle."""
    from importlib.metadata import version  # noqa: PLC0415 - few commands make one

    parts = (python, BUILDER, version(BUILDER), Path(program).read_text(), HOOK, *NEEDED)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    target = default_cache() / "bundles" / f"{Path(program).stem}-{digest}"

    def build(folder: Path) -> dict[str, str]:
        folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            _make(python, program, folder, Path(work))
        return {BUILDER.lower(): version(BUILDER)}

    publish(target, digest, build)
    return str(target / BUNDLE)


def _make(python: str, program: str, folder: Path, work: Path) -> None:
    (work / "hook.py").write_text(HOOK)
    shutil.copyfile(program, work / "app.py")
    options: tuple[str | Path, ...] = (
        *("--onefile", "--noconfirm", "--log-level", "ERROR", "--name", BUNDLE),
        *("--distpath", folder, "--workpath", work / "build", "--specpath", work),
        *("--runtime-hook", work / "hook.py"),
        *(word for one in OURS for word in ("--exclude-module", one)),
        *(word for one in NEEDED for word in ("--hidden-import", one)),
    )
    try:
        done = subprocess.run(
            [python, "-m", BUILDER, *options, work / "app.py"],
            cwd=work,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(work),
                "TMPDIR": str(work),
                "PYTHONPATH": sysconfig.get_path("purelib"),
                "PYINSTALLER_CONFIG_DIR": str(work),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBundle(f"{BUILDER} failed: {error}") from error
    if done.returncode or not (folder / BUNDLE).exists():
        last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise CannotBundle(f"{BUILDER} failed" + "".join(f": {line}" for line in last))
