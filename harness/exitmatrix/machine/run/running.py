"""A run while it goes on, whatever is run: what its processes tell, stage after stage, its end.

A scenario that is asked at gates (`TrialState`) and a command that is watched from outside
(`AppState`) differ in what they know and in their stages. What becomes of a stage that fails, and
that nobody is left at the end, is the same for both.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Generic, Protocol, Self, TypeVar

from exitmatrix.machine.run.channel import Channel, Output
from exitmatrix.machine.run.gates import Gates
from exitmatrix.machine.run.host import Host
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.processes import Processes
from exitmatrix.machine.run.steering import Steerer
from exitmatrix.model import Steering


class NotReady(Exception):
    """The program ended, or showed something else, before it was ready; or it may not be run."""


class Leftovers(Protocol):
    """What was in shared memory before a run, and what is removed of what came since."""

    before: frozenset[str]

    def remove(self) -> None:
        """Remove what is still there."""


J = TypeVar("J", bound=Journal)


class Running(ABC, Generic[J]):
    """A run of something below an engine. Raises OSError."""

    channel: Channel
    gates: Gates
    outputs: tuple[Output, ...]
    leftovers: Leftovers
    alone = False
    """Whether no other began beside it, so that what changed meanwhile is its own doing."""

    def __init__(
        self, host: Host, mark: int, journal: J, steering: Steering | None, limit: float
    ) -> None:
        """`limit`: seconds after which it is given up."""
        self.host = host
        self.mark = mark
        self.token = secrets.token_hex(8)
        self.journal = journal
        self.processes = Processes(host, self, journal, mark, self.token)
        self.steerer = Steerer(self, steering)
        self._limit = limit

    @abstractmethod
    def remove_folder(self) -> None:
        """Remove the folder of the run, and what is in it."""

    @abstractmethod
    def take_events(self, ask: bool = True) -> None:
        """Take what the processes have told, and learn which have ended: see `Host.ended`."""

    @property
    def live(self) -> list[int]:
        """The processes that have not ended, oldest first."""
        return self.processes.live

    @property
    def used(self) -> float:
        """The seconds of processor that those have used who were reaped."""
        return sum(one.used for one in self.processes.watched.values())

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Take events and output as they arrive; give everything back afterwards."""
        readers = self.host.readers
        readers.watch(self.channel.fd, lambda: self.take_events(ask=False))
        for output in self.outputs:
            readers.watch(output.fd, partial(self._take_output, output))
        try:
            yield
        finally:
            readers.forget(self.channel.fd)
            for output in self.outputs:
                readers.forget(output.fd)
                output.close()
            for close in (self.processes.close, self.channel.close, self.gates.close):
                close()
            self.remove_folder()

    def _take_output(self, output: Output) -> None:
        if output.read():
            self.journal.changed()
        if output.ended:
            self.host.readers.forget(output.fd)

    async def go_through(
        self, stages: Sequence[tuple[str, Callable[[Self], Awaitable[None]]]]
    ) -> None:
        """Go through stages, each with its name; of one that does not come to its end, note why."""
        name = "start"
        note = self.journal.note
        try:
            with self.steerer.at_work():
                async with asyncio.timeout(self._limit):
                    for name, act in stages:  # noqa: B007 - told where a stage is given up
                        await act(self)
        except TimeoutError:
            note("harness", 0, "gave-up", name)
        except NotReady as error:
            note("harness", 0, "not-ready", str(error))
        except Exception as error:  # noqa: BLE001 - our own fault: this one is unknown, others run
            note("harness", 0, "failed", repr(error))

    def note_what_was_not_heard(self, noted: bool) -> bool:
        """Note events that could not be sent: a process may have done what it did not report.

        `noted`: a process has left word that it could not (PROTOCOL.md). Whether all were heard.
        """
        note = self.journal.note
        if self.channel.torn:
            note("harness", 0, "garbled", "an event without an end")
        if self.channel.is_gone:
            note("harness", 0, "unheard", "the event channel was removed")
        elif noted:
            note("harness", 0, "unheard", "a process could not open the event channel")
        return not (self.channel.is_gone or noted)

    async def end_everything(self) -> None:
        """SIGKILL what is left, orphans included, until nothing is."""
        processes = self.processes
        self.leftovers.remove()
        while True:
            processes.find_all()
            if not processes.live:
                break
            processes.end(self.leftovers.before)
            await self.journal.until(lambda: not processes.live)
        processes.reap()
