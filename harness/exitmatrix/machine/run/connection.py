"""One engine, started below a guardian, and the pipes to it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from exitmatrix.machine.run.grounds import end_abandoned_runs
from exitmatrix.machine.run.kernel.facilities import VARIABLE, refusal
from exitmatrix.machine.run.kernel.wait_status import SIGNALLED, signal_name

NEEDED = {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", VARIABLE}
"""What guardian and engine need of the caller's environment."""

READ_SIZE = 1 << 16
MOST_UNSENT = 1 << 14  # bytes of orders that wait for others
LOOK_AGAIN = 1000  # milliseconds without news, after which a stopped guardian would be noticed


def own_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The environment of guardian and engine: an observed program can read that of its parent.

    Every process of one user can (proc(5), /proc/PID/environ). So it holds none of
    the caller's secrets, and nothing of it can bend the Python that they run on.
    """
    kept = {name: value for name, value in caller.items() if name in NEEDED}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[3]), "LC_ALL": "C.UTF-8"}


class EngineDied(Exception):
    """The engine cannot be started, or ended with work undone."""


class Connection:
    """A guardian and its engine; `engine` is the module of another than the usual one.

    Raises OSError when they cannot be started, EngineDied where no trial can be run.
    """

    def __init__(self, jobs: int, *engine: str) -> None:
        if reason := refusal():
            raise EngineDied(reason)
        lifeline, self._lifeline = os.pipe()
        try:
            self._guardian = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "exitmatrix.machine.run.guardian"),
                    *(str(lifeline), str(jobs), *engine),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(lifeline,),
                env=own_environment(os.environ),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)
        assert self._guardian.stdin
        assert self._guardian.stdout
        self._to, self._from = self._guardian.stdin, self._guardian.stdout
        self._news = select.poll()
        self._news.register(self._from, select.POLLIN)
        self._room = select.poll()
        self._room.register(self._from, select.POLLIN)
        self._room.register(self._to, select.POLLOUT)
        self._lines = deque[bytes]()
        self._rest = b""
        self._unsent = bytearray()
        self._ended = False

    @property
    def guardian(self) -> int:
        """The guardian's pid; all that runs is below it."""
        return self._guardian.pid

    @property
    def has_line(self) -> bool:
        """Whether receive() need not wait."""
        return bool(self._lines)

    def send(self, line: bytes) -> None:
        """Send one line: at once, or with others while there are answers to be taken first."""
        self._unsent += line + b"\n"
        if not self._lines or len(self._unsent) >= MOST_UNSENT:
            self._send()

    def _send(self) -> None:
        """Send what is to be sent, if anybody takes it still.

        Reads meanwhile: who only writes could block who only writes.
        """
        to = -1 if self._to.closed else self._to.fileno()
        while self._unsent and not self._ended:
            ready = dict(self._room.poll(LOOK_AGAIN))
            if to in ready:
                try:
                    del self._unsent[: os.write(to, self._unsent[: select.PIPE_BUF])]
                except BrokenPipeError:
                    self._unsent.clear()
            elif ready:
                self._read()
            else:
                self._wake()

    def receive(self) -> bytes | None:
        """Wait for the next line; None when there will be no more."""
        while not self._lines:
            if self._ended:
                return None
            if self._unsent:
                self._send()
            elif self._news.poll(LOOK_AGAIN):
                self._read()
            else:
                self._wake()
        return self._lines.popleft()

    def _read(self) -> None:
        data = os.read(self._from.fileno(), READ_SIZE)
        self._ended = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines

    def end_input(self) -> None:
        """Tell the engine that nothing more is wanted."""
        self._send()
        with contextlib.suppress(BrokenPipeError):
            self._to.close()

    def close(self) -> int:
        """End what is left of guardian and engine; the guardian's exit status."""
        os.close(self._lifeline)  # engine and guardian both see it
        self._unsent.clear()
        self.end_input()
        self._from.close()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._guardian.wait(LOOK_AGAIN / 1000)
                break
            self._wake()
        if status < 0:
            end_abandoned_runs()  # the engine may have been ended with its guardian
        return status

    def _wake(self) -> None:
        """Continue a guardian that somebody stopped; it does the same for its engine."""
        options = os.WSTOPPED | os.WNOHANG
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, self._guardian.pid, options):
                self._guardian.send_signal(signal.SIGCONT)


def was_killed(status: int) -> bool:
    """Whether guardian or engine was ended by a signal, by the guardian's exit status."""
    return status < 0 or status > SIGNALLED


def describe_end(status: int) -> str:
    """How an engine was lost, by its guardian's exit status."""
    if status < 0:
        return f"its guardian was ended by {signal_name(-status)}"
    if status > SIGNALLED:
        return f"its engine was ended by {signal_name(status - SIGNALLED)}"
    return f"its engine ended with status {status}"
