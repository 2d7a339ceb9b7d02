"""Folders that are whole or not there: built beside, stamped, published by one rename."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from exitmatrix.machine.holder import holder
from exitmatrix.model import Frozen

_STAMP = "exitmatrix.json"


Marks = tuple[int, int, int]
"""Of a file: its size, when its content changed and when its inode did, in nanoseconds.

The last is the kernel's: utime(2) sets the other one back, and changes this one.
"""

# pkg/__pycache__/module.cpython-313.opt-1.pyc, and pkg/module.pyo of Python 2
_BYTECODE = re.compile(
    r"(?P<folder>.*/)?__pycache__/(?P<name>[^/.]+)\.[^/]+\.opt-[12]\.pyc|(?P<old>.+)\.pyo"
)


class Manifest(Frozen, kw_only=True):
    """What the stamp of a folder holds."""

    digest: str
    packages: dict[str, str]
    files: dict[str, Marks]


def _files(folder: str, prefix: str = "") -> Iterator[tuple[str, Marks]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{prefix}{entry.name}/")
            elif prefix or entry.name != _STAMP:
                status = entry.stat(follow_symlinks=False)
                marks = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                yield f"{prefix}{entry.name}", marks


def _intact(folder: Path, digest: str) -> Manifest | None:
    """Read the stamp of a published folder; None if anything is not as it was published."""
    try:
        manifest = msgspec.json.decode((folder / _STAMP).read_bytes(), type=Manifest)
        found = dict(_files(str(folder)))
    except (OSError, msgspec.DecodeError):
        return None
    if manifest.digest != digest:
        return None
    added = found.keys() - manifest.files.keys()
    if any(_source(name) not in manifest.files for name in added) or any(
        found.get(name) != is_ for name, is_ in manifest.files.items()
    ):
        return None
    return manifest


def _source(name: str) -> str:
    """The source of bytecode that an interpreter adds when it is run with -O; else "".

    Such a file is no damage. One without a source in its place is: it would be imported.
    """
    if not (match := _BYTECODE.fullmatch(name)):
        return ""
    return f"{match['old'] or (match['folder'] or '') + match['name']}.py"


@contextmanager
def _locked(target: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock on building `target`; where another holds it, `on_wait` is told who first.

    The kernel drops a flock when its owner dies. Lock files stay: to unlink one that a third
    process has just opened would give two owners.
    """
    with target.with_name(f"{target.name}.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait(holder(lock.fileno()))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove(folder: Path) -> None:
    """Remove a file or a folder that may not be there. Raises OSError."""
    if folder.is_dir() and not folder.is_symlink():
        for _ in range(3):  # an orphan may be writing to it
            with suppress(OSError):
                shutil.rmtree(folder)
                return
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def publish(
    target: Path,
    digest: str,
    build: Callable[[Path], dict[str, str]],
    on_wait: Callable[[str], None] = lambda _: None,
) -> tuple[Manifest, bool]:
    """Give the manifest of `target`, and whether it was built for that.

    `build` fills a folder and gives the packages in it; what it raises passes through.
    `on_wait` is told who holds the lock, before its end is waited for.
    """
    if manifest := _intact(target, digest):
        return manifest, False
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target, on_wait):
        if manifest := _intact(target, digest):
            return manifest, False
        # Under the lock nobody else builds here: what is there was left by the dead.
        # In a place of its own, since a builder's orphan may write to its old one still.
        building = target.with_name(f"{target.name}.building")
        remove(building)
        draft = building / secrets.token_hex(4)
        try:
            packages = build(draft)
            manifest = Manifest(
                digest=digest, packages=packages, files=dict(sorted(_files(str(draft))))
            )
            (draft / _STAMP).write_bytes(msgspec.json.encode(manifest))
            remove(target)
            draft.rename(target)
        finally:
            remove(building)
        return manifest, True


def remove_abandoned(root: Path) -> None:
    """Remove what builders left that were killed."""
    for left in root.glob("*/*.building"):
        with suppress(BlockingIOError), _locked(left.with_suffix(""), _leave_it):
            remove(left)


def _leave_it(_who: str) -> None:
    raise BlockingIOError
