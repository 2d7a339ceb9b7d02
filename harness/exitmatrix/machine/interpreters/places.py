"""Where Pythons are installed, and what the caller named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from exitmatrix.machine.interpreters.selection import is_path
from exitmatrix.model import Frozen

_NAME = re.compile(r"(python|pypy)(\d(\.\d+)?)?(t|d|td|-dbg)?")
SYSTEM_FOLDERS = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
FRAMEWORKS = "/Library/Frameworks/Python.framework/Versions"


class Candidate(Frozen, kw_only=True):
    """A path that may be a Python's."""

    path: str
    name: str = ""  # what the caller called it, where the caller did


def _absolute(name: str) -> str:
    # Links stay: what is started is the path that was named. Path.expanduser raises for ~nobody.
    return str(Path(os.path.expanduser(name)).absolute())  # noqa: PTH111


def exists(path: str) -> bool:
    """Whether there is something at a path, as far as that can be seen."""
    # Before 3.14, Path.exists raises where a folder on the way may not be read.
    return os.access(path, os.F_OK)


def is_folder(path: Path) -> bool:
    """Whether a path is a folder, as far as that can be seen."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _explicit(name: str) -> Candidate:
    path = Path(_absolute(name))
    if is_folder(path):
        inside = (path / "bin" / binary for binary in ("python", "python3", "pypy3"))
        path = next((each for each in inside if exists(str(each))), path)
    return Candidate(path=str(path), name=name)


def _folders() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    yield from sorted(uv.glob("*/bin"))
    yield from map(Path, SYSTEM_FOLDERS)
    yield from sorted(Path(FRAMEWORKS).glob("*/bin"))
    # An empty or relative entry of PATH means the current folder: what lies there by chance is
    # not an interpreter of the machine.
    entries = os.environ.get("PATH", "").split(os.pathsep)
    yield from (Path(entry) for entry in entries if entry.startswith(os.sep))


def _binaries(folder: Path) -> Iterator[str]:
    if "shims" in folder.parts:
        return
    try:
        paths = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return
    yield from (str(path) for path in paths if not is_folder(path))


def candidates(named: Sequence[str]) -> Iterator[Candidate]:
    """Where to look, in order: what the caller named, what is listed, what is installed."""
    yield from (_explicit(name) for name in named if is_path(name))
    listed = os.environ.get("EXITMATRIX_PYTHONS", "").split(os.pathsep)
    yield from (Candidate(path=_explicit(name).path) for name in listed if name)
    for folder in _folders():
        yield from (Candidate(path=path) for path in _binaries(folder))
