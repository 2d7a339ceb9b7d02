"""A terminal that a command runs in: keys are typed into it, and it can be closed."""

from __future__ import annotations

import os

from exitmatrix.machine.run.channel import READ_SIZE, Output

KEYS = {"SIGINT": b"\x03", "SIGQUIT": b"\x1c"}
"""What is typed for a signal to the foreground process group: termios(3), VINTR and VQUIT."""


class Terminal(Output):
    """What is written to the terminal, which the first process has as its controlling one."""

    def __init__(self) -> None:
        self.fd, self.write_end = os.openpty()
        os.set_blocking(self.fd, False)
        self.name = os.ttyname(self.write_end)
        self.text = bytearray()
        self.ended = self.overflowed = False

    def read(self) -> bool:
        """Take what has arrived; a terminal that nobody has open any more is at its end: EIO."""
        came = False
        while not self.ended:
            try:
                data = os.read(self.fd, READ_SIZE)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.ended = not data
            came = came or bool(data)
            room = max(self.KEPT - len(self.text), 0)
            self.overflowed = self.overflowed or len(data) > room
            self.text += data[:room]
        return came

    def foreground(self) -> int:
        """The process group that keys are for; 0 where there is none: tcgetpgrp(3)."""
        try:
            return os.tcgetpgrp(self.fd)
        except OSError:
            return 0

    def type(self, name: str) -> None:
        """Type the key for a signal. Raises OSError."""
        os.write(self.fd, KEYS[name])

    def close(self) -> None:
        """Close the harness's end: the kernel sends SIGHUP to the session's leader."""
        if self.fd >= 0:
            self.ended = True
            os.close(self.fd)
            self.fd = -1  # the next that is opened has its number
