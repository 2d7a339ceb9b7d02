"""Start an observed program as if nobody were there: in a known state, with nothing inherited."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exitmatrix.machine.run.kernel import control_group
from exitmatrix.machine.run.kernel.dispositions import RESETTABLE
from exitmatrix.machine.run.kernel.facilities import have
from exitmatrix.machine.run.kernel.marks import marking
from exitmatrix.machine.run.kernel.turns import as_usual, taking_turns
from exitmatrix.model import TrialSpec

TEXT = "{text}"  # stands for the program's text in the words of a way to start it
PROGRAM = "app.py"  # the name that the scenario has in its trial, whatever its id
WORK = "cwd"  # the name of its working folder
CHANNEL = "channel"
UNHEARD = f"{CHANNEL}.unheard."
READ_SIZE = 1 << 16
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def _open_and_try_again(remove: Callable[[str], object], path: str, _why: Any) -> None:
    """The program may have closed a folder of its own to everybody."""
    with contextlib.suppress(OSError):
        for folder in (os.path.dirname(path), path):  # noqa: PTH120
            if stat.S_ISDIR(os.lstat(folder).st_mode):  # never what a link leads to
                os.chmod(folder, 0o700)  # noqa: PTH101
        if remove in (os.unlink, os.rmdir):
            remove(path)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _copy(source: str, target: str, opening: bytes) -> None:
    """Copy a small file, with some bytes before it, in half the time of shutil.copyfile."""
    fd = os.open(source, os.O_RDONLY)
    try:
        text = opening
        while more := os.read(fd, READ_SIZE):
            text += more
    finally:
        os.close(fd)
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        while text:
            text = text[os.write(fd, text) :]
    finally:
        os.close(fd)


class Folder:
    """A trial's private folder: the channel, and beside it the program in its working folder.

    Private because a debug server watches every file on its path; the channel is
    not in the working folder because a program may remove that.
    """

    def __init__(self, parent: Path, name: str, order: TrialSpec, mark: int = 1 << 40) -> None:
        self.path = f"{parent}/{name}"
        self.work = f"{self.path}/{WORK}"
        self.channel = f"{self.path}/{CHANNEL}"
        self.group = ""  # the control group that it is to be ended by
        os.mkdir(self.path, 0o700)  # noqa: PTH102 - measured: this runs for each trial
        try:
            self._fill(order)
            if order.termination.group:
                self.group = control_group.make(mark, order.termination.group)
        except BaseException:
            self.remove()
            raise

    def _fill(self, order: TrialSpec) -> None:
        if order.scenario.folder:
            shutil.copytree(
                order.scenario.folder, self.work, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            os.mkdir(self.work, 0o700)  # noqa: PTH102
            _copy(order.scenario.path, self.program, _opening(order))

    @property
    def program(self) -> str:
        """The file that is run."""
        return f"{self.work}/{PROGRAM}"

    def unheard(self) -> bool:
        """Whether a process left a note that it could not tell an event (PROTOCOL.md)."""
        names = os.listdir(self.path)  # noqa: PTH208 - measured: this runs for each trial
        return any(name.startswith(UNHEARD) for name in names)

    def remove(self) -> None:
        """Remove the folder, whatever the program did to it, and its control group."""
        if self.group:
            control_group.remove(self.group)
        try:
            self._remove_what_was_made()
        except OSError:
            shutil.rmtree(self.path, onerror=_open_and_try_again)

    def _remove_what_was_made(self) -> None:
        """Remove what most programs leave, in half the time of shutil.rmtree. Raises OSError.

        By descriptor and never through a link, as that does: the program may have put one in
        the place of a folder.
        """
        folder = os.open(self.path, FOLDER)
        try:
            work = os.open(WORK, FOLDER, dir_fd=folder)
            try:
                os.unlink(PROGRAM, dir_fd=work)
            finally:
                os.close(work)
            os.rmdir(WORK, dir_fd=folder)
            for name in os.listdir(folder):  # noqa: PTH208
                os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        os.rmdir(self.path)  # noqa: PTH106


def environment(order: TrialSpec, folder: Folder, token: str) -> dict[str, str]:
    """The observed program's environment, built from nothing: the caller's never reaches it."""
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder.work,
        "TMPDIR": folder.work,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(order.path),
        # Environments are compiled beforehand; a trial must not change them.
        "PYTHONDONTWRITEBYTECODE": "1",
        "EXITMATRIX_CHANNEL": folder.channel,
        "EXITMATRIX_TOKEN": token,
        "EXITMATRIX_ENDING": ending(order),
    }
    if folder.group:
        variables["EXITMATRIX_GROUP"] = folder.group
    if order.scenario.length:
        variables["EXITMATRIX_HANDLER_MS"] = str(order.scenario.length)
    if order.termination.delivery == "signal-twice":
        variables["EXITMATRIX_LINGER"] = "1"
    return variables


def ending(order: TrialSpec) -> str:
    """What `endings.end_here()` does: end by itself, or wait (a server waits by serving)."""
    if order.termination.delivery == "in-process":
        return order.termination.id
    return "none" if order.scenario.serves else "wait"


def spawn(
    order: TrialSpec, folder: Folder, token: str, stdout: int, stderr: int, mark: int = 1 << 40
) -> int:
    """Start the program in its own session, with default signal dispositions; its pid.

    `subprocess` would let ignored signals through (a background job has SIGINT
    ignored), so this is posix_spawn with the dispositions set. It has no working
    folder of its own to give, so the caller's is changed: only the engine, which
    is a process for itself, may call this. Raises OSError.
    """
    os.chdir(folder.work)
    given = order.scenario.start
    words = [*order.scenario.runner, PROGRAM] if given is None else list(given.words)
    if TEXT in words:
        text = Path(folder.program).read_text(encoding="utf-8")
        words = [text if word == TEXT else word for word in words]
    return start(
        order.python,
        [order.python, *words],
        environment(order, folder, token),
        stdout,
        stderr,
        mark,
        stdin=folder.program if given and given.reads else os.devnull,
    )


def _opening(order: TrialSpec) -> bytes:
    return order.scenario.start.opening.encode() if order.scenario.start else b""


def start(
    program: str,
    words: list[str],
    variables: dict[str, str],
    stdout: int,
    stderr: int,
    mark: int,
    stdin: str = os.devnull,
) -> int:
    """Start a command in the folder where the caller is, as `spawn` does; its pid. Raises OSError.

    `program` is the file; the first of `words` is what the command is told that it is called.
    A terminal that is its `stdin` becomes its controlling one, since it leads a new session and
    opens it first: tty_ioctl(4), open(2).
    """
    mode = os.O_RDONLY if stdin == os.devnull else os.O_RDWR
    with marking(mark):
        if have("spawn-options"):
            # A C library that lacks one of the options says so (glibc has setsid from 2.26 on).
            with contextlib.suppress(NotImplementedError):
                return os.posix_spawn(
                    program,
                    words,
                    variables,
                    file_actions=[
                        (os.POSIX_SPAWN_OPEN, 0, stdin, mode, 0),
                        (os.POSIX_SPAWN_DUP2, stdout, 1),
                        (os.POSIX_SPAWN_DUP2, stderr, 2),
                    ],
                    setsid=True,
                    setsigmask=[],
                    setsigdef=RESETTABLE,
                    **as_usual(),
                )
        if stdin != os.devnull:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        return _start_without_options(program, words, variables, stdout, stderr)


def _start_without_options(
    program: str, words: list[str], variables: dict[str, str], stdout: int, stderr: int
) -> int:
    """Start a command by `subprocess`, from a process that has the dispositions itself."""
    ignored = [n for n in RESETTABLE if signal.getsignal(n) == signal.SIG_IGN]
    mask = signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        with taking_turns():
            process = subprocess.Popen(
                words,
                executable=program,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    process.returncode = 0  # the trial waits for it; `subprocess` must not, now or later
    return process.pid
