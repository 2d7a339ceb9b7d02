"""The harness's end of the event channel: a FIFO that every process of a trial writes to."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Sequence
from typing import Literal, get_args

from exitmatrix.model import Event

READ_SIZE = 65536
LONGEST_LINE = 4096  # PIPE_BUF: what is longer was not written whole
MOST_EVENTS = 20_000  # of one trial; more is a program gone wild, and would cost memory

MOST_PIDS = 1 << 22  # PID_MAX_LIMIT of Linux; asking it for a larger one is an error

Speaker = Literal["probe", "endings"]
"""Who speaks on the channel. The kernel's and the harness's events are never heard there."""

SPEAKERS: dict[str, Speaker] = {name: name for name in get_args(Speaker)}

# Token, source, pid, its subinterpreter if any, number, kind, and details.
LINE = re.compile(
    r"([^\t]*)\t([a-z]*)\t([0-9]{1,9})(?:\.([1-9][0-9]{0,8}))?\t([0-9]{1,9})\t([^\t]*)(?:\t(.*))?",
    re.DOTALL,
)
WHOLE = re.compile(r"[0-9]{1,9}")
ANYTHING = re.compile(r"(?s).*")
SHAPES = {
    "started": (WHOLE, ANYTHING, ANYTHING, re.compile(r"[0-9]{0,9}")),
    "forked": (WHOLE, WHOLE),
    "registered": (ANYTHING, ANYTHING, ANYTHING),
    "began": (ANYTHING,),
    "ended": (ANYTHING,),
    "raised": (ANYTHING, ANYTHING),
    "signal": (ANYTHING,) * 6,
    "endless": (ANYTHING,),
    "finalize": (ANYTHING,) * 5,
    "dropped": (ANYTHING,),
    "kept": (ANYTHING,),
    "left": (ANYTHING,),
    "marked": (ANYTHING,),
    "holding": (ANYTHING, ANYTHING),
    "no-effect": (ANYTHING,),
}
"""What an event of a kind holds at least; kinds that nobody reads hold anything."""

CHECKS = {
    kind: (len(shapes), [(n, one) for n, one in enumerate(shapes) if one is not ANYTHING])
    for kind, shapes in SHAPES.items()
}
"""The same as it is asked of each event: how many details, and those that are not anything."""
NO_CHECKS: tuple[int, list[tuple[int, re.Pattern[str]]]] = (0, [])


def decode_event(line: bytes, token: str) -> Event:
    """One line of the channel as an event. What is not an event of this trial is `garbled`."""
    text = line.decode("utf-8", "replace")
    found = LINE.fullmatch(text)
    if found is not None and len(line) < LONGEST_LINE:
        sender, source, who, inside, number, kind, rest = found.groups()
        detail = tuple(rest.split("\t")) if rest is not None else ()
        if "%" in text:
            kind, detail = _unescape(kind), tuple(map(_unescape, detail))
        least, checks = CHECKS.get(kind, NO_CHECKS)
        if (
            sender == token
            and (speaker := SPEAKERS.get(source))
            and 0 < (pid := int(who)) <= MOST_PIDS
            and (counted := int(number)) > 0
            and len(detail) >= least
            and not (checks and any(not shape.fullmatch(detail[n]) for n, shape in checks))
        ):
            return Event(speaker, pid, kind, detail, counted, int(inside or 0))
    return Event("harness", 0, "garbled", (repr(line[:80]),))


def _unescape(field: str) -> str:
    return field.replace("%0A", "\n").replace("%09", "\t").replace("%25", "%")


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

    @property
    def torn(self) -> bool:
        """Whether the last line that arrived has no end."""
        return bool(self._rest)

    @property
    def is_gone(self) -> bool:
        """Whether the name by which processes open the channel leads to it no longer."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self.fd))  # noqa: PTH116
        except OSError:
            return True

    def read(self) -> list[Event]:
        """All events that have arrived; of those that still arrive, what a pipe can hold."""
        events: list[Event] = []
        for data in _held_by(self.fd):
            *lines, rest = (self._rest + data).split(b"\n")
            room = MOST_EVENTS - 1 - self.events
            self.events += len(lines)
            events += [decode_event(line, self.token) for line in lines[: max(room, 0)]]
            if 0 <= room < len(lines):
                events.append(Event("harness", 0, "garbled", ("too many events",)))
            self._rest = rest[-LONGEST_LINE:]
        return events

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
        """Take what has arrived; True if there was something that is kept."""
        came = False
        if self.ended:
            return False
        for data in _held_by(self.fd):
            if not data:
                self.ended = True
                break
            room = self.KEPT - len(self.text)
            came = came or room > 0
            self.overflowed = self.overflowed or len(data) > room
            self.text += data[:room]
        return came

    def close_write_end(self) -> None:
        """After the spawn: only the observed processes hold it, so that its end can be seen."""
        os.close(self.write_end)

    def close_both(self) -> None:
        """Close a pipe that nobody was given."""
        self.close_write_end()
        self.close()

    def close(self) -> None:
        """Close the harness's end."""
        os.close(self.fd)


def _held_by(fd: int) -> Sequence[bytes]:
    """What a pipe holds; a last b"" at its end.

    As much as it can hold and no more: whatever was written before is among it, and a
    program that never stops writing keeps nobody here. F_GETPIPE_SZ: fcntl(2).
    """
    try:
        data = os.read(fd, READ_SIZE)
    except BlockingIOError:
        return ()
    if len(data) < READ_SIZE:  # a read takes all that there is, up to its size: pipe(7)
        return (data,)
    found = [data]
    left = fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ) - READ_SIZE
    while data and left > 0:
        try:
            data = os.read(fd, min(READ_SIZE, left))
        except BlockingIOError:
            break
        found.append(data)
        left -= len(data)
    return found
