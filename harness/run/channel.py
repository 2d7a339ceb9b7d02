"""The harness's end of the event channel: a FIFO that every process of a trial writes to."""

from __future__ import annotations

import os
import re
from typing import Literal, cast, get_args

from harness.model import Fact

READ_SIZE = 65536
MOST_EVENTS = 20_000  # of one trial; more is a program gone wild, and would cost memory

MOST_PIDS = 1 << 22  # PID_MAX_LIMIT of Linux; asking it for a larger one is an error

Speaker = Literal["probe", "endings"]
"""Who speaks on the channel. The kernel's and the harness's facts are never heard there."""

WHOLE = re.compile(r"[0-9]{1,9}")
ANYTHING = re.compile(r"(?s).*")
SHAPES = {
    "started": (WHOLE, ANYTHING, ANYTHING, re.compile(r"[0-9]{0,9}")),
    "forked": (WHOLE,),
    "registered": (ANYTHING, ANYTHING, ANYTHING),
    "began": (ANYTHING,),
    "ended": (ANYTHING,),
    "raised": (ANYTHING, ANYTHING),
    "marked": (ANYTHING,),
    "holding": (ANYTHING, ANYTHING),
    "no-effect": (ANYTHING,),
}
"""What an event of a kind holds at least; kinds that nobody reads hold anything."""


def decode(line: bytes, token: str) -> Fact:
    """One line of the channel as a fact. What is not an event of this trial is `garbled`."""
    garbled = Fact("harness", 0, "garbled", (repr(line[:80]),))
    try:
        sender, source, pid, number, kind, *detail = (
            field.replace("%0A", "\n").replace("%09", "\t").replace("%25", "%")
            for field in line.decode("utf-8", "replace").split("\t")
        )
    except ValueError:
        return garbled
    if (
        sender == token
        and source in get_args(Speaker)
        and WHOLE.fullmatch(pid)
        and 0 < int(pid) <= MOST_PIDS
        and WHOLE.fullmatch(number)
        and int(number) > 0
        and len(detail) >= len(SHAPES.get(kind, ()))
        and all(map(re.Pattern.fullmatch, SHAPES.get(kind, ()), detail))
    ):
        return Fact(cast(Speaker, source), int(pid), kind, tuple(detail), int(number))
    return garbled


class Channel:
    """Reads events in the order in which the kernel took them."""

    def __init__(self, path: str, token: str) -> None:
        self.path = path
        self.token = token
        self.events = 0
        self._rest = b""
        os.mkfifo(path, 0o600)
        # For both directions: the name must never be without a reader, or a
        # writer's open would block or its write raise SIGPIPE (fifo(7)).
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def read(self) -> list[Fact]:
        """All events that have arrived."""
        facts: list[Fact] = []
        while True:
            try:
                data = os.read(self.fd, READ_SIZE)
            except BlockingIOError:
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self.events += 1
                if self.events < MOST_EVENTS:
                    facts.append(decode(line, self.token))
                elif self.events == MOST_EVENTS:
                    facts.append(Fact("harness", 0, "garbled", ("too many events",)))
            self._rest = self._rest[-READ_SIZE:]
            if len(data) < READ_SIZE:
                break
        return facts

    def close(self) -> None:
        """Close the harness's end."""
        os.close(self.fd)


class Output:
    """What the processes of a trial wrote to stdout or stderr, up to a bound."""

    KEPT = 1 << 20  # bytes; the rest is read, so that nobody blocks, and thrown away

    def __init__(self) -> None:
        self.fd, self.write_end = os.pipe()
        os.set_blocking(self.fd, False)
        self.text = bytearray()
        self.ended = False
        self.overflowed = False

    def read(self) -> bool:
        """Take what has arrived; True if there was something."""
        came = False
        while not self.ended:
            try:
                data = os.read(self.fd, READ_SIZE)
            except BlockingIOError:
                break
            if not data:
                self.ended = True
                break
            came = True
            room = self.KEPT - len(self.text)
            self.overflowed = self.overflowed or len(data) > room
            self.text += data[:room]
            if len(data) < READ_SIZE:
                break
        return came

    def close_write_end(self) -> None:
        """After the spawn: only the observed processes hold it, so that its end can be seen."""
        os.close(self.write_end)

    def close(self) -> None:
        """Close the harness's end."""
        os.close(self.fd)
