"""What was not there before a run, and is there when nobody of it is alive any more.

Nothing of it is removed, but for what lies in the run's own temporary folder and in
shared memory: a user's folders are the user's matter.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from msgspec.structs import replace

from exitmatrix.machine.run.kernel import shared_memory, system_v
from exitmatrix.model.app import Left

MOST = 20_000  # entries of a folder that are looked at
PASSED_OVER = frozenset(
    (
        *(".git", ".hg", "__pycache__", "node_modules", ".venv", "venv"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox"),
    )
)
"""Folders that hold what tools keep, which no program of theirs is to clean up."""
DATA = ".coverage"
"""What coverage keeps, and with a suffix for each of several processes: config, data_file."""


def _is_of_tools(name: str) -> bool:
    return name in PASSED_OVER or name == DATA or name.startswith(f"{DATA}.")


class RunLeftovers:
    """What there was before, and what the processes of a run were seen to have."""

    def __init__(self, work: str, own: str, named: Collection[str], alone: bool) -> None:
        """`own`: the run's temporary folder. `work`, `named`: looked through as a whole.

        `alone`: no other run of the command goes on now, so it is seen what changes.
        """
        self._own = own
        self._whole = tuple(dict.fromkeys((work, *named)))
        self._marks = self._marked() if alone else {}
        self._before = {path for folder in self._whole for path, _ in _entries(folder, deep=True)}
        self._common = tempfile.gettempdir()
        self._before |= {path for path, _ in _entries(self._common, deep=False)}
        self.before = frozenset(shared_memory.names())
        self._system_v_before = {(one.kind, one.id) for one in system_v.there()}
        self._memory: set[str] = set()
        self._held: set[str] = set()
        self._pids: set[int] = set()

    def remember(self, pid: int, files: Iterable[str]) -> None:
        """Take down what a process has open or listens on by name, and has mapped, now."""
        self._pids.add(pid)
        self._held |= {one for one in files if one.startswith("/")}
        self._memory |= shared_memory.mapped_since(pid, self.before)

    def changed(self) -> list[str]:
        """What is new, gone or otherwise in the folders that are looked through as a whole.

        Of a run that is alone: nobody else's changes are among it.

        A folder is otherwise if a name in it came or went, so what was made and removed shows
        too: mtime, inode(7). What tools keep does not count.
        """
        then, now = self._marks, self._marked()
        return sorted(
            path
            for path in then.keys() | now.keys()
            if _differ(then.get(path), now.get(path)) and not path.startswith(f"{self._own}/")
        )

    def _marked(self) -> dict[str, Mark | None]:
        return {
            path: mark_of(path, kind)
            for folder in self._whole
            for path, kind in ((folder, "folder"), *_entries(folder, deep=True))
        }

    def find(
        self,
        live: Collection[int],
        ended: Collection[int],
        *,
        alone: bool,
        used: Collection[str] = (),
    ) -> list[Left]:
        """What is left. While somebody lives, that is known of what bears the pid of who has ended.

        `alone`: no other run of the command went on meanwhile, so what is new is of this one.
        `used`: what those that live listen on by name, whatever pid that bears.
        """
        found = [*self._left_in_own(), *self._left_in_whole(alone)]
        known = {one.name for one in found}
        found += [one for one in self._left_in_common(ended) if one.name not in known]
        if live:
            gone = {str(pid) for pid in ended}
            there = {path.replace(self._own, "$TMPDIR", 1) for path in used}
            found = [_with_use(one, gone, there) for one in found]
        return found + self._left_in_memory(live)

    def _left_in_own(self) -> Iterator[Left]:
        for path, kind in _entries(self._own, deep=True):
            yield Left(kind=kind, name=f"$TMPDIR/{path[len(self._own) + 1 :]}")

    def _left_in_whole(self, alone: bool) -> Iterator[Left]:
        for folder in self._whole:
            if self._own.startswith(f"{folder}/"):
                continue
            for path, kind in _entries(folder, deep=True):
                if path not in self._before:
                    yield Left(kind=kind, name=path, shared=not alone)

    def _left_in_common(self, ended: Collection[int]) -> Iterator[Left]:
        """What is new in the folder of all programs, and was held by one of these or has its pid.

        A folder that was made for what they held counts with all that is in it, as that of
        `tempfile.mkdtemp` does.
        """
        pids = {str(pid) for pid in (*self._pids, *ended)}
        for path, kind in _entries(self._common, deep=False):
            if path in self._before:
                continue
            within = any(one.startswith(f"{path}/") for one in self._held)
            if within or path in self._held or pids & set(_numbers(path)):
                yield Left(kind=kind, name=path)
            if within:
                for inner, each in _entries(path, deep=True):
                    yield Left(kind=each, name=inner)

    def _left_in_memory(self, live: Collection[int]) -> list[Left]:
        in_use = frozenset[str]().union(*map(shared_memory.mapped_by, live))
        left = sorted((self._memory - in_use) & shared_memory.names().keys())
        found = [
            Left(
                kind="semaphore" if name.startswith("sem.") else "shared memory",
                name=f"{shared_memory.FOLDER}/{name}",
            )
            for name in left
        ]
        if not live:
            found += [
                Left(kind=system_v.KINDS[one.kind], name=f"id {one.id}")
                for one in sorted(system_v.there())
                if (one.kind, one.id) not in self._system_v_before and one.maker in self._pids
            ]
        return found

    def remove(self) -> None:
        """Remove what is still there of shared memory."""
        shared_memory.remove(self._memory)


def _with_use(one: Left, gone: Collection[str], used: Collection[str]) -> Left:
    """A leftover, with whether somebody who goes on may use it.

    `gone`: the pids of those who have ended; `used`: the sockets of those who go on.
    """
    if any(f"{path}/".startswith(f"{one.name}/") for path in used):
        return replace(one, in_use="yes")
    return one if set(gone) & set(_numbers(one.name)) else replace(one, in_use="perhaps")


class Mark(NamedTuple):
    """What differs when an entry was replaced or written to; of a folder, when its names do."""

    inode: int
    stamp: int
    tools: frozenset[str] = frozenset()  # what tools keep in it


def mark_of(path: str, kind: str = "file") -> Mark | None:
    """By what it is seen that an entry is another one, or was written to; None: there is none."""
    try:
        about = os.lstat(path)
        if kind != "folder":
            return Mark(about.st_ino, about.st_ctime_ns)
        tools = frozenset(filter(_is_of_tools, os.listdir(path)))  # noqa: PTH208
        return Mark(about.st_ino, about.st_mtime_ns, tools)
    except OSError:
        return None


def _differ(one: Mark | None, other: Mark | None) -> bool:
    if one is None or other is None:
        return one is not other
    if one.tools != other.tools:
        return one.inode != other.inode
    return one != other


def _entries(folder: str, deep: bool) -> Iterator[tuple[str, str]]:
    """(path, kind) of what lies in a folder, and in its folders; no more than `MOST`."""
    count = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > MOST:
                        return
                    kind = _kind(entry)
                    if _is_of_tools(entry.name):
                        continue
                    yield entry.path, kind
                    if deep and kind == "folder":
                        waiting.append(entry.path)
        except OSError:
            continue


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        # What the folder tells itself: a large /tmp is looked through for each run.
        if entry.is_file(follow_symlinks=False) or entry.is_symlink():
            return "file"
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError:
        return "file"
    kinds = ((stat.S_ISSOCK, "unix socket"), (stat.S_ISFIFO, "pipe"))
    return next((name for test, name in kinds if test(mode)), "file")


def _numbers(path: str) -> list[str]:
    """The numbers that a name holds."""
    name = PurePosixPath(path).name
    return "".join(c if c.isdigit() else " " for c in name).split()
