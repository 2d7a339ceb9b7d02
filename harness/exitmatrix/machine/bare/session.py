"""The harness's side of bare runs: start guardian and engine, send programs, take runs."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from exitmatrix.machine.bare.engine import Answer, Ask
from exitmatrix.machine.run.session import EngineDied, own_environment
from exitmatrix.model.bare import BareRun

SECONDS = 10.0  # that a run may take; on an idle machine one takes 0.01 to 0.2
AHEAD = 4  # programs that are in the engine for each run that goes on
READ_SIZE = 1 << 16

T = TypeVar("T")


class Session:
    """A running engine of bare runs. Leaving the context ends it and everything it started."""

    def __init__(self, jobs: int | None = None, seconds: float = SECONDS) -> None:
        self.jobs = jobs or os.cpu_count() or 1
        self.seconds = seconds
        self._number = 0
        self._decoder = msgspec.json.Decoder(Answer)
        self._lines: deque[bytes] = deque()
        self._rest = b""

    def __enter__(self) -> Self:
        lifeline, self._lifeline = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "exitmatrix.machine.run.guardian"),
                *(str(lifeline), str(self.jobs), "exitmatrix.machine.bare.engine"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(lifeline,),
            env=own_environment(os.environ),
            start_new_session=True,
        )
        os.close(lifeline)
        assert self._process.stdin
        assert self._process.stdout
        self._programs = self._process.stdin.fileno()
        self._answers = self._process.stdout.fileno()
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
            while self._lines or len(waiting) >= AHEAD * self.jobs:
                yield self._take(waiting)
        while waiting:
            yield self._take(waiting)

    def _send(self, ask: Ask) -> None:
        """Write one program, and read meanwhile: who only writes could block who only writes."""
        data = msgspec.json.encode(ask) + b"\n"
        while data:
            _, writable, _ = select.select([self._answers], [self._programs], [])
            if writable:
                try:
                    data = data[os.write(self._programs, data[: select.PIPE_BUF]) :]
                except BrokenPipeError as error:
                    raise EngineDied("the engine does not take programs any more") from error
            else:
                self._read()

    def _read(self) -> None:
        block = os.read(self._answers, READ_SIZE)
        if not block:
            raise EngineDied("the engine ended before all runs had")
        *lines, self._rest = (self._rest + block).split(b"\n")
        self._lines += lines

    def _take(self, waiting: dict[int, T]) -> tuple[T, tuple[BareRun, ...]]:
        while not self._lines:
            self._read()
        answer = self._decoder.decode(self._lines.popleft())
        return waiting.pop(answer.number), answer.runs

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._lifeline)  # the guardian ends what is left
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()
