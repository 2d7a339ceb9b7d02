"""The harness's side of a run: start guardian and engine, send orders, take trials."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from exitmatrix.machine.run.engine import Answer, Ask, Usage
from exitmatrix.machine.run.kernel.facilities import VARIABLE
from exitmatrix.model import Trial, TrialSpec


def default_jobs() -> int:
    """How many trials may use the processor at once: one a core, and one that is about to.

    Measured: with fewer a core is idle while the engine starts the next program,
    with more the programs take each other's caches.
    """
    return (os.cpu_count() or 1) + 1


NEEDED = {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", VARIABLE}
"""What guardian and engine need of the caller's environment."""


def own_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The environment of guardian and engine: an observed program can read that of its parent.

    Every process of one user can (proc(5), /proc/PID/environ). So it holds none of
    the caller's secrets, and nothing of it can bend the Python that they run on.
    """
    kept = {name: value for name, value in caller.items() if name in NEEDED}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[3]), "LC_ALL": "C.UTF-8"}


class EngineDied(Exception):
    """The engine ended before it had answered all orders."""


class Session:
    """A running engine. Leaving the context ends it and everything it started."""

    engine: tuple[str, ...] = ()  # the module of another engine than the usual one

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.usage: Usage | None = None
        self._number = 0
        self._outstanding: dict[int, TrialSpec] = {}
        self._decoder = msgspec.json.Decoder(Answer | Usage)

    def __enter__(self) -> Self:
        lifeline, self._lifeline = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "exitmatrix.machine.run.guardian"),
                *(str(lifeline), str(self.jobs), *self.engine),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(lifeline,),
            env=own_environment(os.environ),
            start_new_session=True,
        )
        os.close(lifeline)
        return self

    @property
    def outstanding(self) -> int:
        """How many orders have no trial yet."""
        return len(self._outstanding)

    def submit(self, order: TrialSpec) -> None:
        """Send one order. Raises EngineDied."""
        self._number += 1
        self._outstanding[self._number] = order
        assert self._process.stdin
        try:
            self._process.stdin.write(msgspec.json.encode(Ask(self._number, order)) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise EngineDied("the engine does not take orders any more") from error

    def take(self) -> tuple[TrialSpec, Trial]:
        """Wait for the next trial that ends. Raises EngineDied."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        message = self._decoder.decode(line) if line else None
        if not isinstance(message, Answer):
            raise EngineDied("the engine ended before all trials had")
        return self._outstanding.pop(message.number), message.trial

    def finish(self) -> Usage:
        """No more orders: let the engine end, and learn what was used. Raises EngineDied."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        for line in self._process.stdout:
            message = self._decoder.decode(line)
            if isinstance(message, Usage):
                self.usage = message
        if self.usage is None:
            raise EngineDied("the engine ended without a last word")
        return self.usage

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


def run_all(orders: list[TrialSpec], jobs: int) -> Iterator[tuple[TrialSpec, Trial]]:
    """Run each order once; trials as they end."""
    with Session(jobs) as session:
        waiting = list(reversed(orders))
        while waiting or session.outstanding:
            while waiting and session.outstanding < 4 * jobs:
                session.submit(waiting.pop())
            yield session.take()
        session.finish()
