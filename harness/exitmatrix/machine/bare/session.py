"""The harness's side of bare runs: start guardian and engine, send programs, take runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from exitmatrix.machine.bare.engine import Answer, Ask
from exitmatrix.machine.run.connection import Connection, EngineDied
from exitmatrix.model.bare import BareRun

SECONDS = 10.0  # that a run may take; on an idle machine one takes 0.01 to 0.2
AHEAD = 4  # programs that are in the engine for each run that goes on

T = TypeVar("T")


class Session:
    """A running engine of bare runs. Leaving the context ends it and everything it started."""

    def __init__(self, jobs: int | None = None, seconds: float = SECONDS) -> None:
        self.jobs = jobs or os.cpu_count() or 1
        self.seconds = seconds
        self._number = 0
        self._decoder = msgspec.json.Decoder(Answer)

    def __enter__(self) -> Self:
        self._connection = Connection(self.jobs, "exitmatrix.machine.bare.engine")
        return self

    def run(
        self, programs: Iterable[tuple[T, str, tuple[str, ...]]]
    ) -> Iterator[tuple[T, tuple[BareRun, ...]]]:
        """Run each program once on each of its Pythons; answers as they come.

        A program is whatever the caller knows it by, its source, and paths of
        Pythons. Raises EngineDied.
        """
        waiting: dict[int, T] = {}
        for key, source, pythons in programs:
            self._number += 1
            waiting[self._number] = key
            self._send(Ask(self._number, source, pythons, self.seconds))
            while self._connection.has_line or len(waiting) >= AHEAD * self.jobs:
                yield self._take(waiting)
        while waiting:
            yield self._take(waiting)

    def _send(self, ask: Ask) -> None:
        if not self._connection.send(msgspec.json.encode(ask)):
            raise EngineDied("the engine does not take programs any more")

    def _take(self, waiting: dict[int, T]) -> tuple[T, tuple[BareRun, ...]]:
        line = self._connection.receive()
        if line is None:
            raise EngineDied("the engine ended before all runs had")
        answer = self._decoder.decode(line)
        return waiting.pop(answer.number), answer.runs

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
