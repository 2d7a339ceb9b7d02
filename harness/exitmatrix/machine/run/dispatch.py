"""Orders go out to an engine and answers come in; an engine that is lost is replaced."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from exitmatrix.machine.run.connection import Connection, EngineDied, describe_end, was_killed
from exitmatrix.machine.run.messages import Hello, Usage

MOST_STARTS = 5  # engines in a row that are killed while they start, before it is given up

Order = TypeVar("Order")
Done = TypeVar("Done")


class Dispatch(Generic[Order, Done]):
    """An engine and its orders, from when it is opened until it is closed.

    An observed program has the rights to end the engine, which is its parent, or the guardian.
    Then another engine is started. The orders that were under way are run again, each
    alone: one during which an engine is lost once more is answered by `lost`.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        write: Callable[[int, Order], bytes],
        read: Callable[[bytes], Hello | Usage | tuple[int, Done]],
        lost: Callable[[Order, str], Done],
        disturbed: Callable[[Done], bool] = lambda _: False,
        goes_on: Callable[[Done], bool] = lambda _: False,
    ) -> None:
        """`write` and `read`: an order, and what an engine says, as lines of its own language.

        `lost`: the answer to an order that costs an engine, and how that ended. `disturbed`:
        whether an answer is of no use, so that its order is run once more. `goes_on`: whether
        it says how far a run has come, and another will follow.
        """
        self.usage = Usage()  # of all engines that came to their end
        self.losses: list[str] = []  # how each engine that was replaced had ended
        self._connect_one = connect
        self._write = write
        self._read = read
        self._answer_lost = lost
        self._is_disturbed = disturbed
        self._goes_on = goes_on
        self._number = 0
        self._orders: dict[int, Order] = {}  # without an answer yet
        self._waiting = deque[int]()  # not sent yet
        self._suspects = deque[int]()  # were under way when an engine was lost
        self._sent: set[int] = set()
        self._again: set[int] = set()  # ran once already, and were disturbed
        self._lost: deque[tuple[int, str]] = deque()  # to be answered without an engine
        self._connection: Connection | None = None
        self._greeted = False
        self._stillborn = 0  # engines in a row that were killed before their first word

    @property
    def outstanding(self) -> int:
        """How many orders have no answer yet."""
        return len(self._orders)

    @property
    def has_news(self) -> bool:
        """Whether take() need not wait for long."""
        return bool(self._lost) or (self._connection is not None and self._connection.has_line)

    def open(self) -> None:
        """Start the engine. Raises EngineDied and OSError."""
        self._connect()

    def submit(self, order: Order) -> None:
        """Send one order. Raises EngineDied."""
        self._number += 1
        self._orders[self._number] = order
        self._waiting.append(self._number)
        self._feed()

    def take(self) -> tuple[Order, Done]:
        """Wait for the next answer. Raises EngineDied."""
        while not self._lost:
            match self._receive():
                case (number, done) if self._goes_on(done):
                    return self._orders[number], done
                case (number, done):
                    self._sent.discard(number)
                    if number in self._suspects:
                        self._suspects.remove(number)
                    if self._is_disturbed(done) and number not in self._again:
                        self._again.add(number)
                        self._waiting.append(number)
                        self._feed()
                        continue
                    self._feed()
                    return self._orders.pop(number), done
                case None:
                    self._replace()
        number, why = self._lost.popleft()
        order = self._orders.pop(number)
        return order, self._answer_lost(order, why)

    def finish(self) -> Usage:
        """No more orders: let the engine end, and learn what was used."""
        assert self._connection
        self._connection.end_input()
        while message := self._receive():
            if isinstance(message, Usage):
                self.usage += message
        return self.usage

    def close(self) -> int:
        """End the engine and all that it started; the guardian's exit status."""
        if self._connection is None:
            return 0
        connection, self._connection = self._connection, None
        return connection.close()

    def _connect(self) -> None:
        self._greeted = False
        self._connection = self._connect_one()

    def _receive(self) -> Usage | tuple[int, Done] | None:
        """The next message; None when the engine is lost."""
        assert self._connection
        line = self._connection.receive()
        message = None if line is None else self._read(line)
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
        self._connection.send(self._write(number, self._orders[number]))

    def _replace(self) -> None:
        """Start another engine in the place of one that is lost. Raises EngineDied."""
        status = self.close()
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
