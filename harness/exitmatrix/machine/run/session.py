"""The harness's side of a run: orders go out, trials come in, a lost engine is replaced."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec

from exitmatrix.machine.run.connection import Connection, EngineDied, describe_end, was_killed
from exitmatrix.machine.run.messages import Answer, Ask, Hello, Message, Usage
from exitmatrix.model import Event, Trial, TrialSpec


def default_jobs() -> int:
    """How many trials may use the processor at once: one a core, and one that is about to.

    Measured: with fewer a core is idle while the engine starts the next program,
    with more the programs take each other's caches.
    """
    return (os.cpu_count() or 1) + 1


MOST_STARTS = 5  # engines in a row that are killed while they start, before it is given up


class Session:
    """A running engine. Leaving the context ends it and everything it started.

    An observed program has the rights to end the engine, which is its parent, or the guardian.
    Then another engine is started. The trials that were under way are run again, each
    alone: one during which an engine is lost once more is answered without a history.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.usage: Usage | None = None
        self.losses: list[str] = []  # how each engine that was replaced had ended
        self._used = Usage()
        self._number = 0
        self._orders: dict[int, TrialSpec] = {}  # without a trial yet
        self._waiting = deque[int]()  # not sent yet
        self._suspects = deque[int]()  # were under way when an engine was lost
        self._sent: set[int] = set()
        self._again: set[int] = set()  # ran once already, and were disturbed
        self._lost: deque[tuple[int, str]] = deque()  # to be answered without a history
        self._decoder = msgspec.json.Decoder(Message)
        self._connection: Connection | None = None
        self._greeted = False
        self._stillborn = 0  # engines in a row that were killed before their first word

    def __enter__(self) -> Self:
        self._connect()
        return self

    @property
    def outstanding(self) -> int:
        """How many orders have no trial yet."""
        return len(self._orders)

    def submit(self, order: TrialSpec) -> None:
        """Send one order. Raises EngineDied."""
        self._number += 1
        self._orders[self._number] = order
        self._waiting.append(self._number)
        self._feed()

    def take(self) -> tuple[TrialSpec, Trial]:
        """Wait for the next trial that ends. Raises EngineDied."""
        while not self._lost:
            match self._receive():
                case Answer(number, trial):
                    self._sent.discard(number)
                    if number in self._suspects:
                        self._suspects.remove(number)
                    if _was_disturbed(trial) and number not in self._again:
                        self._again.add(number)
                        self._waiting.append(number)
                        self._feed()
                        continue
                    self._feed()
                    return self._orders.pop(number), trial
                case None:
                    self._replace()
        number, why = self._lost.popleft()
        order = self._orders.pop(number)
        lost = Event("harness", 0, "lost", (why,))
        return order, Trial(cell=order.cell, history=(lost,), stdout="", stderr="")

    def finish(self) -> Usage:
        """No more orders: let the engine end, and learn what was used."""
        assert self._connection
        self._connection.end_input()
        while message := self._receive():
            if isinstance(message, Usage):
                self._used += message
        self.usage = self._used
        return self.usage

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._disconnect()

    def _connect(self) -> None:
        self._greeted = False
        self._connection = Connection(self.jobs)

    def _disconnect(self) -> int:
        if self._connection is None:
            return 0
        connection, self._connection = self._connection, None
        return connection.close()

    def _receive(self) -> Message | None:
        """The next message; None when the engine is lost."""
        assert self._connection
        line = self._connection.receive()
        message = None if line is None else self._decoder.decode(line)
        if isinstance(message, Hello):
            self._greeted = True
            return self._receive()
        return message

    def _feed(self) -> None:
        """Send what may be under way: one suspect alone, or all that waits."""
        if self._suspects:
            if not self._sent:
                self._send(self._suspects[0])
        else:
            while self._waiting:
                self._send(self._waiting.popleft())

    def _send(self, number: int) -> None:
        assert self._connection
        self._sent.add(number)
        # Where nobody takes it, the engine is lost, and take() finds that out.
        self._connection.send(msgspec.json.encode(Ask(number, self._orders[number])))

    def _replace(self) -> None:
        """Start another engine in the place of one that is lost. Raises EngineDied."""
        status = self._disconnect()
        why = describe_end(status)
        self._stillborn = 0 if self._greeted else self._stillborn + 1
        if self._stillborn == MOST_STARTS or (self._stillborn and not was_killed(status)):
            raise EngineDied(f"the engine cannot be started: {why}")
        self.losses.append(why)
        under_way = sorted(self._sent)
        self._sent.clear()
        if self._stillborn:  # it took no order
            self._waiting.extendleft(n for n in reversed(under_way) if n not in self._suspects)
        elif self._suspects and under_way == [self._suspects[0]]:
            self._lost.append((self._suspects.popleft(), why))
        else:
            self._suspects.extend(under_way)
        self._connect()
        self._feed()


def _was_disturbed(trial: Trial) -> bool:
    """Whether the harness itself stood still while a trial ran."""
    return any((event.source, event.kind) == ("harness", "stalled") for event in trial.history)


def run_all(orders: list[TrialSpec], jobs: int) -> Iterator[tuple[TrialSpec, Trial]]:
    """Run each order once; trials as they end."""
    with Session(jobs) as session:
        waiting = list(reversed(orders))
        while waiting or session.outstanding:
            while waiting and session.outstanding < 4 * jobs:
                session.submit(waiting.pop())
            yield session.take()
        session.finish()
