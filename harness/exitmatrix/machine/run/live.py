"""One trial to be watched: slowly, and with every event told at the moment when it is learnt.

An engine of its own in the place of the usual one, so that guardian and reaper keep
it as they keep that. What a process writes comes with the pid of the writer, which
the kernel attaches (unix(7), SO_PASSCRED): nothing in the program has to say it.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import msgspec

from exitmatrix.machine.run.channel import READ_SIZE, Output
from exitmatrix.machine.run.connection import Connection, EngineDied
from exitmatrix.machine.run.engine import Engine, Orders, start_engine
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.state import TrialState
from exitmatrix.machine.run.trial import STAGES, Stage, run
from exitmatrix.model import Event, TrialSpec

CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid
CONTROL = re.compile(rb"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f]")
"""Colours, which are for the terminal of the app, and what else would act on ours."""

STDOUT, STDERR = "says", "says on stderr"
BY_ITSELF = 40.0  # seconds that a trial may take besides its pauses


class WatchedTrial(msgspec.Struct, frozen=True):
    """A trial to be watched: seconds between its steps."""

    order: TrialSpec
    pace: float


class Live:
    """An engine in which one trial is watched. Leaving the context ends it."""

    def __enter__(self) -> Self:
        self._connection = Connection(1, "exitmatrix.machine.run.live")
        return self

    def watch(self, order: TrialSpec, pace: float) -> Iterator[Event]:
        """The events of one trial as they become known. Raises EngineDied."""
        self._connection.send(msgspec.json.encode(WatchedTrial(order, pace)))
        decoder = msgspec.json.Decoder(Event)
        while line := self._connection.receive():
            event = decoder.decode(line)
            yield event
            if event.kind == OVER:
                return
        raise EngineDied("the engine ended before the trial had")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()


OVER = "over"


def tell(event: Event) -> None:
    """Write one line to whoever watches, whole."""
    data = msgspec.json.encode(event) + b"\n"
    while data:
        data = data[os.write(1, data) :]


class LiveJournal(Journal):
    """A history that tells each event when it comes in, whatever its place is."""

    def add(self, event: Event) -> None:
        """Append an event, and tell it."""
        tell(event)
        super().add(event)

    def insert(self, place: int, event: Event) -> None:
        """Put in an event, and tell it."""
        tell(event)
        super().insert(place, event)


class SpokenOutput(Output):
    """Output of which each line is reported as it arrives, with the pid of its writer."""

    def __init__(self, kind: str, note: Callable[[int, str, str], None]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._ours.setblocking(False)
        self.fd, self.write_end = self._ours.fileno(), theirs.detach()
        self.text = bytearray()
        self.ended = self.overflowed = False
        self._kind = kind
        self._note = note
        self._rest: dict[int, bytes] = {}

    def read(self) -> bool:
        """Take what has arrived; True if there was something."""
        came = False
        while not self.ended:
            try:
                data, ancillary, _, _ = self._ours.recvmsg(
                    READ_SIZE, socket.CMSG_SPACE(CREDENTIALS.size)
                )
            except BlockingIOError:
                break
            came = came or bool(data)
            if data:
                self._take(data, _writer(ancillary))
            else:
                self.ended = True
        return came

    def _take(self, data: bytes, pid: int) -> None:
        self.text += data[: max(0, self.KEPT - len(self.text))]
        *lines, self._rest[pid] = (self._rest.get(pid, b"") + data).split(b"\n")
        for line in lines:
            self._note(pid, self._kind, CONTROL.sub(b"", line).decode("utf-8", "replace"))

    def close(self) -> None:
        """Close the harness's end."""
        self._ours.close()


def _writer(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(CREDENTIALS.unpack_from(data)[0])
    return 0


class LiveState(TrialState):
    """A trial that is shown: each event and each line of output is reported as it comes in."""

    watched_only = True

    def __init__(self, order: TrialSpec, pace: float, host: Engine, mark: int) -> None:
        order = msgspec.structs.replace(order, limit=BY_ITSELF + 6 * pace)
        super().__init__(order, host, "live", mark)

    def _make_journal(self) -> Journal:
        return LiveJournal()

    def _make_output(self, name: str) -> Output:
        return SpokenOutput(STDOUT if name == "stdout" else STDERR, self._hear)

    def _hear(self, pid: int, kind: str, line: str) -> None:
        self.journal.note("kernel", pid, kind, line)


def paced(pace: float) -> Iterator[Stage]:
    """The stages of a trial, with a pause in seconds after each; at the end the port is asked."""

    async def pause(_trial: TrialState) -> None:
        await asyncio.sleep(pace)

    for stage in (*STAGES, ("port", ask_port)):
        yield stage
        yield "pause", pause


async def ask_port(trial: TrialState) -> None:
    """Ask whether anybody still serves, as a client finds out."""
    answer = await trial.host.client.get(trial.port, "/")
    answered = (str(answer[0]), answer[1].strip()) if answer else ("none", "")
    trial.journal.note("harness", 0, "port", str(trial.port), *answered)


async def show(engine: Engine, orders: Orders) -> None:
    """Run the one trial that comes in."""
    os.umask(0o022)
    asked = msgspec.json.decode(await orders.readline(), type=WatchedTrial)
    state = LiveState(asked.order, asked.pace, engine, engine.first_mark)
    await run(state, tuple(paced(asked.pace)))
    tell(Event("harness", 0, OVER))


if __name__ == "__main__":
    start_engine(show, *sys.argv[1:], engine=Engine)
