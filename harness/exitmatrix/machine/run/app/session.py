"""The harness's side: start guardian and engine, send commands, take what they showed."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec.structs import replace

from exitmatrix.machine.run.app.engine import AppAnswer, AppAsk, broken
from exitmatrix.machine.run.app.folder_lock import FolderLock
from exitmatrix.machine.run.app.restoring import PutAside
from exitmatrix.machine.run.aside import as_given
from exitmatrix.machine.run.connection import Connection
from exitmatrix.machine.run.dispatch import Dispatch
from exitmatrix.machine.run.lines import decode_message, encode
from exitmatrix.machine.run.messages import Hello
from exitmatrix.model.app import AppSpec, AppTrial

INSIDE = Path(__file__).parents[3] / "inside"
PROBE = tuple(
    str(INSIDE / name)
    for name in (
        *("probe/sitecustomize.py", "probe/exitmatrix_probe.py"),
        *("probe/exitmatrix_signals.py", "probe/exitmatrix_finalizers.py"),
        *("probe/exitmatrix_exits.py", "probe/exitmatrix_loading.py"),
        *("probe/exitmatrix_lifespan.py", "probe/exitmatrix_hooks.py"),
        *("probe/exitmatrix_mechanisms.py", "probe/exitmatrix_python2.py"),
        "endings/exitmatrix_channel.py",
    )
)
"""What is put into an observed command; `endings` is for scenarios."""

MECHANISMS = (
    *("unregister", "signal", "finalize", "multiprocessing", "threading", "lifespan", "hooks"),
)
"""What is looked at in an observed command besides `atexit`; the matrix asks for none of it."""

NEEDED = ("PATH", "HOME", "LANG")
OURS = ("EXITMATRIX_",)
COVERAGE = ("COVERAGE_", "COV_CORE_")
"""Variables by which coverage, and older releases of pytest-cov, start themselves in children."""


def callers_environment(
    added: Mapping[str, str] = {}, clean: bool = False, coverage: bool = False
) -> dict[str, str]:
    """The caller's environment, as under every wrapper, but for what would change what is seen.

    `clean`: no more of it than a program cannot do without. `coverage`: what starts coverage in
    the children of a session that measures it is passed on.
    """
    given = as_given(os.environ)
    scrubbed = OURS if coverage else (*OURS, *COVERAGE)
    kept = {name: value for name, value in given.items() if not name.startswith(scrubbed)}
    if clean:
        kept = {name: value for name, value in kept.items() if name in NEEDED}
    return kept | dict(added)


def run_before(words: Sequence[str], spec: AppSpec) -> str:
    """Run a command that prepares something; "" or how it failed, in one line."""
    try:
        done = subprocess.run(
            words,
            cwd=spec.folder,
            env=dict(spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return f"{words[0]} ended with status {done.returncode}" + "".join(
            f": {line}" for line in last
        )
    return ""


PACKAGES = """
import json, re
try:
    from importlib.metadata import distributions
    found = [(one.metadata["Name"], one.version) for one in distributions()]
except ImportError:
    import pkg_resources
    found = [(one.project_name, one.version) for one in pkg_resources.working_set]
name = lambda text: re.sub("[-_.]+", "-", text).lower()
print(json.dumps({name(one): version for one, version in reversed(found) if one and version}))
"""


def installed_packages(python: str, environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """What is installed for a Python, by name; {} where it cannot be asked."""
    found = find_command(python, environment, folder) if python else None
    if found is None:
        return {}
    try:
        done = subprocess.run(
            [found, "-c", PACKAGES],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        return msgspec.json.decode(done.stdout, type=dict[str, str])
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError):
        return {}


def find_command(word: str, environment: Mapping[str, str], folder: str) -> str | None:
    """Where a command's program is, as execvp(3) would look for it; None where it is not."""
    found = shutil.which(word, path=environment.get("PATH", os.defpath))
    if found is None and "/" in word:
        found = shutil.which(str(Path(folder) / word))
    return found


def programs(environment: Mapping[str, str]) -> set[str]:
    """The names of what lies where programs are looked for."""
    found: set[str] = set()
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        with contextlib.suppress(OSError):
            found.update(os.listdir(folder or "."))  # noqa: PTH208
    return found


def why_no_command(word: str, folder: str) -> str:
    """Why a command is none, in the words of a shell."""
    path = Path(folder) / word
    if not word:
        return "the name of a program is empty"
    try:
        if "/" not in word or not path.exists():
            return "command not found"
    except OSError as error:
        return str(error.strerror).lower()
    return "is a folder" if path.is_dir() else "is not executable; chmod +x would make it so"


def is_folder(path: str, folder: str) -> bool:
    """Whether there is such a folder, as seen from where the command is started."""
    with contextlib.suppress(OSError):  # a name that is too long
        return (Path(folder) / path).is_dir()
    return False


def new_folder(parent: str, name: str) -> str:
    """Make a folder whose name begins so. Raises OSError."""
    return tempfile.mkdtemp(prefix=f"{name.replace(' ', '-')}-", dir=parent)


def this_machine() -> dict[str, str]:
    """The system, as records name it."""
    return {"system": platform.system(), "machine": platform.machine()}


def working_folder() -> str:
    """The folder in which the caller is."""
    return str(Path.cwd())


def folder_in_repository() -> str:
    """The folder in which the caller is, below the one that a job of GitHub has checked out."""
    whole = os.environ.get("GITHUB_WORKSPACE")
    here = Path.cwd()
    if not whole or here == Path(whole) or not here.is_relative_to(whole):
        return ""
    return f"{here.relative_to(whole)}/"


def own_output() -> frozenset[str]:
    """The files that this process writes its page and its progress to: `> page.txt`."""
    found: set[str] = set()
    for fd in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.fstat(fd).st_mode):
                found.add(os.readlink(f"/proc/self/fd/{fd}"))  # noqa: PTH115
    return frozenset(found)


class AppSession:
    """A running engine for users' commands. Leaving the context ends it and all it started."""

    def __init__(self, jobs: int, folder: str) -> None:
        """`folder`: where the commands are started."""
        self.jobs = jobs
        self._folder_lock = FolderLock(folder)
        self._begun = time.monotonic()
        self._engine = Dispatch[AppSpec, AppTrial](
            lambda: Connection(jobs, "exitmatrix.machine.run.app.engine"),
            lambda number, spec: encode(AppAsk(number, spec)),
            _read,
            lambda spec, why: broken(spec, "lost", why),
            goes_on=lambda trial: not trial.over,
        )
        self._aside = PutAside()
        self._written = own_output()

    def __enter__(self) -> Self:
        try:
            self._engine.open()
        except BaseException:
            self._folder_lock.leave()
            raise
        return self

    @property
    def seconds(self) -> float:
        """How long it has been there."""
        return time.monotonic() - self._begun

    @property
    def running(self) -> int:
        """How many commands have shown nothing yet."""
        return self._engine.outstanding

    def ask(self, spec: AppSpec) -> None:
        """Send one command. Raises EngineDied."""
        self._engine.submit(spec)

    def answer(self) -> tuple[AppSpec, AppTrial]:
        """Wait for the next run that ends, or comes to rest before. Raises EngineDied."""
        spec, trial = self._engine.take()
        changed = tuple(one for one in trial.changed if one not in self._written)
        return spec, replace(trial, changed=changed)

    def shares_folder(self) -> bool:
        """Whether another run of `exitmatrix` is at work in the folder now."""
        return self._folder_lock.is_shared()

    def put_aside(self, names: Sequence[str]) -> None:
        """Have the next run find what the last one found, until all are over."""
        self._aside.take(names)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._engine.close()
        finally:
            self._aside.give_back()
            self._folder_lock.leave()


_DECODER = msgspec.json.Decoder(Hello | AppAnswer)


def _read(line: bytes) -> Hello | tuple[int, AppTrial]:
    message = decode_message(line, _DECODER)
    return (message.number, message.trial) if isinstance(message, AppAnswer) else message
