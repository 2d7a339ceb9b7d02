"""Gates: the FIFOs at which processes hold until they are let go (PROTOCOL.md, `holding`)."""

from __future__ import annotations

import contextlib
import os
import stat

from exitmatrix.model import Event


class Gates:
    """Which processes of one trial hold, where and why."""

    def __init__(self, channel: str) -> None:
        folder = os.path.dirname(channel)  # noqa: PTH120
        self._channel = channel
        # The folder as it was made: its name may lead elsewhere once the program has run.
        self._folder = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        self._held: dict[int, tuple[str, str]] = {}

    def hold(self, event: Event) -> bool:
        """Take down that a process holds; False when its gate is none of this trial's."""
        gate, why = event.detail[:2]
        number = gate.removeprefix(f"{self._channel}.hold.{event.pid}.")
        if number == gate or not number.isdecimal():
            return False
        self._held[event.pid] = (os.path.basename(gate), why)  # noqa: PTH119
        return True

    def __contains__(self, pid: int) -> bool:
        """Whether a process holds."""
        return pid in self._held

    def holding(self, why: str) -> list[int]:
        """The processes that hold for a reason, in the order in which they came to."""
        return [pid for pid, (_, reason) in self._held.items() if reason == why]

    def release(self, pid: int) -> None:
        """Let a process go on."""
        self._tell(pid, b"g")
        self.forget(pid)

    def poke(self, pid: int) -> None:
        """Ask a process for a sign of life."""
        self._tell(pid, b"?")

    def forget(self, pid: int) -> None:
        """A process holds no longer: it goes on, or has ended."""
        self._held.pop(pid, None)

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._folder)

    def _tell(self, pid: int, byte: bytes) -> None:
        """Write to a gate, and to nothing that was put in its place.

        The name is the program's to make: it may be a link, or a file of any kind. O_PATH
        opens nothing yet (open(2)), and what it holds cannot be exchanged any more.
        """
        gate, _ = self._held[pid]
        with contextlib.suppress(OSError):  # it is gone; the kernel will say so
            held = os.open(gate, os.O_PATH | os.O_NOFOLLOW, dir_fd=self._folder)
            try:
                if not stat.S_ISFIFO(os.fstat(held).st_mode):
                    return
                fd = os.open(f"/proc/self/fd/{held}", os.O_WRONLY | os.O_NONBLOCK)
                try:
                    os.write(fd, byte)
                finally:
                    os.close(fd)
            finally:
                os.close(held)
