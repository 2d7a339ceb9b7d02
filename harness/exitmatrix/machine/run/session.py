"""The harness's side of a run: trials are ordered, and come in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec

from exitmatrix.machine.run.connection import Connection
from exitmatrix.machine.run.dispatch import Dispatch
from exitmatrix.machine.run.messages import Hello, Message, TrialRequest, TrialResult, Usage
from exitmatrix.model import Event, Trial, TrialSpec


def default_jobs() -> int:
    """How many trials may use the processor at once: one a core, and one that is about to.

    Measured: with fewer a core is idle while the engine starts the next program,
    with more the programs take each other's caches.
    """
    return (os.cpu_count() or 1) + 1


class Session:
    """A running engine. Leaving the context ends it and everything it started."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.usage: Usage | None = None
        self._engine = Dispatch[TrialSpec, Trial](
            lambda: Connection(jobs),
            lambda number, order: msgspec.json.encode(TrialRequest(number, order)),
            _read,
            _lost,
            _was_disturbed,
        )

    def __enter__(self) -> Self:
        self._engine.open()
        return self

    @property
    def outstanding(self) -> int:
        """How many orders have no trial yet."""
        return self._engine.outstanding

    @property
    def losses(self) -> list[str]:
        """How each engine that was replaced had ended."""
        return self._engine.losses

    def submit(self, order: TrialSpec) -> None:
        """Send one order. Raises EngineDied."""
        self._engine.submit(order)

    def take(self) -> tuple[TrialSpec, Trial]:
        """Wait for the next trial that ends. Raises EngineDied."""
        return self._engine.take()

    def finish(self) -> Usage:
        """No more orders: let the engine end, and learn what was used."""
        self.usage = self._engine.finish()
        return self.usage

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.close()


_DECODER = msgspec.json.Decoder(Message)


def _read(line: bytes) -> Hello | Usage | tuple[int, Trial]:
    message = _DECODER.decode(line)
    return (message.number, message.trial) if isinstance(message, TrialResult) else message


def _lost(order: TrialSpec, why: str) -> Trial:
    lost = Event("harness", 0, "lost", (why,))
    return Trial(cell=order.cell, history=(lost,), stdout="", stderr="")


def _was_disturbed(trial: Trial) -> bool:
    """Whether the harness itself stood still while a trial ran, or was late."""
    return any(
        event.source == "harness" and event.kind in ("stalled", "late") for event in trial.history
    )


def run_all(orders: list[TrialSpec], jobs: int) -> Iterator[tuple[TrialSpec, Trial]]:
    """Run each order once; trials as they end."""
    with Session(jobs) as session:
        waiting = list(reversed(orders))
        while waiting or session.outstanding:
            while waiting and session.outstanding < 4 * jobs:
                session.submit(waiting.pop())
            yield session.take()
        session.finish()
