"""Where a fault takes place, and what is left there afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psutil
from exitmatrix.declare import stacks
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.prepare import Environment, prepare
from exitmatrix.machine.run import grounds
from exitmatrix.machine.run.kernel import dispositions, pidfd, prctl, proc
from exitmatrix.machine.store.records import read_records
from exitmatrix.machine.store.store import Count
from exitmatrix.model import Record, Stack

from tests.conftest import FOUND, NEWEST

COMMAND = [sys.executable, "-c", "from exitmatrix.cli.entry import entry; entry()"]
ROOT = Path(__file__).parents[2]
GONE = 2.0  # seconds within which nothing may be left
LONGEST = 240.0  # seconds after which a harness hangs
SMALL = ("--stack", "none", "--scenario", "plain", "--termination", "[rsSe]*")
KILLED = -signal.SIGKILL
STOPPED = 130


class Ground:
    """A folder with a cache of its own, which shares the environments that are built already."""

    def __init__(self, python: str = NEWEST) -> None:
        self.python = python

    def __enter__(self) -> Self:
        prctl.prctl(prctl.PR_SET_CHILD_SUBREAPER, 1)
        dispositions.reset()  # in the background, what is started would ignore SIGINT
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.cache = self.make_cache("cache", "environments", "uv")
        self._before = set(self._run_folders())
        self._outputs = 0
        by_name = {one.name: one for one in stacks.STACKS}
        self.prepare(by_name["none"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.left(0 if error else GONE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_cache(self, name: str, *shared: str) -> Path:
        """A cache; what is shared is that of the user, or made there."""
        cache = self.folder / name
        cache.mkdir()
        for part in shared:
            real = default_cache() / part
            real.mkdir(parents=True, exist_ok=True)
            (cache / part).symlink_to(real)
        return cache

    def prepare(self, *wanted: Stack) -> dict[str, Environment]:
        """Environments of the Python, by stack. What cannot be had is left out."""
        made = prepare([(FOUND[self.python], one) for one in wanted], self.cache)
        return {key[1]: one for key, one in made.items() if isinstance(one, Environment)}

    # ------------------------------------------------------------ a harness

    def output(self) -> Path:
        """A new output folder."""
        self._outputs += 1
        return self.folder / f"reports-{self._outputs}"

    def environ(
        self, more: Mapping[str, str] | None = None, cache: Path | None = None
    ) -> dict[str, str]:
        """The environment of a harness."""
        return {
            **os.environ,
            "EXITMATRIX_CACHE": str(cache or self.cache),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
            **(more or {}),
        }

    def words(self, output: Path, *more: str, python: str | None = None) -> list[str]:
        """A command line of `exitmatrix matrix`."""
        words = [*COMMAND, "matrix", "--python", python or self.python, "--output", str(output)]
        return [*words, "--progress", "plain", *(more or SMALL)]

    def start(
        self,
        output: Path,
        *more: str,
        env: Mapping[str, str] | None = None,
        cache: Path | None = None,
        python: str | None = None,
        before: Sequence[str] = (),
    ) -> subprocess.Popen[str]:
        """A harness, with what it says on pipes."""
        return subprocess.Popen(
            [*before, *self.words(output, *more, python=python)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=self.environ(env, cache),
            cwd=self.folder,
        )

    def whole(self, *words: str, output: Path | None = None, **how: object) -> tuple[int, str]:
        """Run a harness to its end: its status and what it said."""
        process = self.start(output or self.output(), *words, **how)  # type: ignore[arg-type]
        end = end_of(process)
        return process.returncode, end

    # ------------------------------------------------------------ afterwards

    def left(self, patience: float = GONE) -> list[str]:
        """What is left of everything that was started here; it is ended after that."""
        limit = time.monotonic() + patience
        while (there := self._alive()) and time.monotonic() < limit:
            time.sleep(0.02)
        found = [f"process {' '.join(words)[:120]}" for words in there.values()]
        while alive := self._alive():
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    pidfd.watch(pid).send(signal.SIGKILL)
            time.sleep(0.02)
        for path in set(self._run_folders()) - self._before:
            # Of another harness on this machine, as long as its guardian lives.
            lock = path / grounds.LOCK
            with contextlib.suppress(OSError):
                if lock.exists() and grounds.is_free(lock):
                    found.append(f"folder {path}")
                    shutil.rmtree(path, ignore_errors=True)
        for one in self.temporary.iterdir():
            found.append(f"file {one.name}")
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        return found

    def _alive(self) -> dict[int, tuple[str, ...]]:
        while True:
            try:
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    break
            except ChildProcessError:
                break
        return {pid: proc.command_line(pid) for pid in proc.descendants_of(os.getpid())}

    def _run_folders(self) -> Iterator[Path]:
        for place in {str(grounds.ground()), str(self.temporary), tempfile.gettempdir()}:
            yield from Path(place).glob(f"{grounds.PREFIX}*")

    # ------------------------------------------------------------ on disk

    def records(self, output: Path) -> dict[str, Record]:
        """What is on disk, by cell. Raises ValueError where a line cannot be read."""
        found = read_records(output) if output.exists() else {}
        return {record.cell: record for rows in found.values() for record in rows}

    def ledger(self, output: Path, cache: Path | None = None) -> list[str] | None:
        """The cells that a first run has finished, as often as it did; None when it is whole."""
        folder = (cache or self.cache) / "runs" / ledger_name(output)
        if (folder / "next").exists():
            return None
        cells: list[str] = []
        for file in folder.glob("*.jsonl"):
            for line in file.read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError):  # torn by the kill
                    cells.append(msgspec.json.decode(line, type=Count).cell)
        return cells


def plain_and_flask(flask: str, *terminations: str) -> list[str]:
    """The words that select cells of two stacks, of which one has packages."""
    chosen: dict[str, tuple[str, ...]] = {"--stack": ("none", flask)}
    chosen |= {"--scenario": ("plain", "flask"), "--termination": terminations}
    return [word for option, names in chosen.items() for name in names for word in (option, name)]


def ledger_name(output: Path) -> str:
    """The name that a store gives the ledger of an output folder."""
    import hashlib

    return hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]


def end_of(process: subprocess.Popen[str]) -> str:
    """Wait for a harness, and give what it said."""
    try:
        out, stderr = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        out, stderr = process.communicate()
        return f"{stderr}\nit did not end within {LONGEST:g} s"
    return f"{out}{stderr}"


def unclean(stderr: str) -> list[str]:
    """What a harness said that is no clean message."""
    signs = ("Traceback", "Exception ignored", "Error:", "did not end")
    return [f"it said: {line}" for line in stderr.splitlines() if any(s in line for s in signs)]


def below(pid: int, word: str) -> list[psutil.Process]:
    """Processes below one whose command holds a word."""
    found = []
    with contextlib.suppress(psutil.Error):
        for one in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if word in " ".join(one.cmdline()):
                    found.append(one)
    return found
