"""The harness's side of bare runs: start guardian and engine, send programs, take runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from exitmatrix.machine.bare.engine import ProgramRequest, ProgramResult
from exitmatrix.machine.run.connection import Connection
from exitmatrix.machine.run.dispatch import Dispatch
from exitmatrix.machine.run.messages import Hello
from exitmatrix.model.bare import BareRun

SECONDS = 10.0  # that a run may take; on an idle machine one takes 0.01 to 0.2
PROGRAMS_PER_JOB = 4  # programs that are in the engine for each run that goes on

T = TypeVar("T")
BareProgram = tuple[T, str, tuple[str, ...]]
"""Whatever the caller knows it by, its source, and the paths of its Pythons."""


class BareSession:
    """A running engine of bare runs. Leaving the context ends it and everything it started."""

    def __init__(self, jobs: int | None = None, seconds: float = SECONDS) -> None:
        self.jobs = jobs or os.cpu_count() or 1
        self.seconds = seconds
        self._engine = Dispatch[BareProgram[Any], tuple[BareRun, ...]](
            lambda: Connection(self.jobs, "exitmatrix.machine.bare.engine"),
            lambda number, one: msgspec.json.encode(ProgramRequest(number, *one[1:], self.seconds)),
            _read,
            _lost,
        )

    def __enter__(self) -> Self:
        self._engine.open()
        return self

    def run(self, programs: Iterable[BareProgram[T]]) -> Iterator[tuple[T, tuple[BareRun, ...]]]:
        """Run each program once on each of its Pythons; answers as they come.

        Raises EngineDied.
        """
        for program in programs:
            self._engine.submit(program)
            while self._engine.has_news or self._engine.outstanding >= PROGRAMS_PER_JOB * self.jobs:
                yield self._take()
        while self._engine.outstanding:
            yield self._take()

    def _take(self) -> tuple[Any, tuple[BareRun, ...]]:
        (key, *_), runs = self._engine.take()
        return key, runs

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.close()


_DECODER = msgspec.json.Decoder(Hello | ProgramResult)


def _read(line: bytes) -> Hello | tuple[int, tuple[BareRun, ...]]:
    message = _DECODER.decode(line)
    return (message.number, message.runs) if isinstance(message, ProgramResult) else message


def _lost(program: BareProgram[Any], why: str) -> tuple[BareRun, ...]:
    lost = BareRun(
        status="", events=(), stdout="", unseen=f"the harness was lost while it ran: {why}"
    )
    return (lost,) * len(program[2])
