"""exitmatrix.pyz: one file that a Python without any package runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import exitmatrix
import pytest

from pyz.build import LEFT_OUT, PYTHONS, ROOT, pins, write
from tests.conftest import FOUND

PACKAGE = Path(exitmatrix.__file__).parent
NEEDED = ("click", "msgspec", "packaging", "psutil", "rich", "pygments", "markdown-it-py", "mdurl")
OWN = f"cp{sys.version_info[0]}{sys.version_info[1]}"

PROGRAM = """
import atexit, signal, sys

@atexit.register
def close_pool():
    print("pool closed")

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
signal.pause()
"""


def _files() -> Iterator[tuple[str, bytes]]:
    """This package, and what is installed here of what it needs."""
    for file in PACKAGE.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"common/exitmatrix/{file.relative_to(PACKAGE)}", file.read_bytes()
    for name in NEEDED:
        for one in metadata.files(name) or ():
            if not str(one).startswith("..") and "__pycache__" not in str(one):
                yield f"{OWN}/{one}", one.read_binary()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("pyz") / "exitmatrix.pyz"
    write(dict(_files()), output)
    return output


def _run(python: str, archive: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the archive with an environment that knows nothing of this one."""
    return subprocess.run(
        [python, str(archive), *words],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.real
def test_an_archive_runs_a_program_on_a_python_without_any_package(
    archive: Path, tmp_path: Path
) -> None:
    """Also what is written in C, and what the harness starts, come out of the one file."""
    bare = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}")
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    done = _run(
        *(bare, archive, tmp_path, "run", "--trials", "1", "--ending", "deploy"),
        *("--ready", "line ready", "--expect", "deploy:ran=all,exit=0", "--", bare, "app.py"),
    )
    assert done.returncode == 0, done.stderr
    assert "close_pool" in done.stdout
    (unpacked,) = (tmp_path / "cache" / "exitmatrix").iterdir()
    assert (unpacked / "exitmatrix" / "cli" / "main.py").is_file()
    assert not list(unpacked.rglob("_reports"))


@pytest.mark.real
def test_the_archive_that_make_zipapp_built_runs_on_each_python_that_it_is_for(
    tmp_path: Path,
) -> None:
    """Extension modules differ by version; `make zipapp` downloads them, and no test does."""
    built = ROOT / "exitmatrix.pyz"
    if not built.exists():
        pytest.skip("make zipapp has built no exitmatrix.pyz")
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    mine = [
        one
        for one in FOUND.values()
        if one.implementation == "cpython" and ".".join(map(str, one.language)) in PYTHONS
    ]
    for one in mine:
        done = _run(
            *(one.path, built, tmp_path, "run", "--trials", "1", "--ending", "deploy"),
            *("--ready", "line ready", "--expect", "deploy:ran=all", "--", one.path, "app.py"),
        )
        assert done.returncode == 0, (one.id, done.stderr)
        assert "close_pool" in done.stdout


def test_a_python_that_is_too_old_is_told_so_in_one_line(archive: Path, tmp_path: Path) -> None:
    """It can read the entry point, and nothing else is tried."""
    old = [one for one in FOUND.values() if one.language < (3, 11)]
    if not old:
        pytest.skip("there is no Python here that is older than 3.11")
    for one in old:
        done = _run(one.path, archive, tmp_path, "run")
        major, minor = one.language
        message = f"exitmatrix.pyz needs Python 3.11 or later, and this is {major}.{minor}\n"
        assert done.returncode != 0
        assert done.stderr.endswith(message), one.id
        assert done.stderr.count("\n") == 1


def test_a_python_whose_modules_are_not_in_the_archive_is_told_so(tmp_path: Path) -> None:
    """The versions that it was built for are named."""
    output = tmp_path / "exitmatrix.pyz"
    write({"common/one.py": b"", "cp399/": b"", "cp398/": b""}, output)
    done = _run(sys.executable, output, tmp_path, "run")
    assert done.returncode != 0
    assert "holds what cp398, cp399 need, and not this Python" in done.stderr


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    """Whatever the order in which files came."""
    files = {"common/a.py": b"1", "cp311/b.so": b"2"}
    write(files, tmp_path / "one.pyz")
    write(dict(reversed(files.items())), tmp_path / "other.pyz")
    assert (tmp_path / "one.pyz").read_bytes() == (tmp_path / "other.pyz").read_bytes()


def test_all_pins_go_in_but_what_is_left_out() -> None:
    """The other pins keep their hashes."""
    text = pins()
    assert "msgspec==" in text
    assert "--hash=sha256:" in text
    assert not any(f"\n{name}==" in f"\n{text}" for name in LEFT_OUT)
