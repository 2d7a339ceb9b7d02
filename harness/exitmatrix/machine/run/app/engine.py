"""The engine for users' commands: specs come in on stdin and trials go out on stdout."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec

from exitmatrix.machine.run.app import rights
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.app.trial import run
from exitmatrix.machine.run.engine import Engine, Orders, send, start_engine
from exitmatrix.machine.run.kernel.marks import MARKS
from exitmatrix.machine.run.lines import decode_message
from exitmatrix.machine.run.messages import Hello
from exitmatrix.model import Event
from exitmatrix.model.app import AppSpec, AppTrial, TimedEvent


class AppAsk(msgspec.Struct, frozen=True):
    """A command to be run, and its number."""

    number: int
    spec: AppSpec


class AppAnswer(msgspec.Struct, tag="run", frozen=True):
    """What the run of a number showed."""

    number: int
    trial: AppTrial


ASK = msgspec.json.Decoder(AppAsk)


class AppEngine(Engine):
    """Runs users' commands, as many at once as are asked for."""

    async def run_line(self, line: bytes) -> None:
        """Run one command, and answer."""
        ask = decode_message(line, ASK)
        state = None
        try:
            self._provide(ask.spec.inside)
            mark = self.first_mark + ask.number % MARKS
            state = AppState(ask.spec, self, str(ask.number), mark)
            self._begin(state)
            if rights.is_root():
                rights.open_run(state)
            trial = await run(state, tell=lambda trial: self.answer(AppAnswer(ask.number, trial)))
        except OSError as error:
            trial = broken(ask.spec, "not-started", error.strerror or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a command without an answer would be waited for
            trial = broken(ask.spec, "failed", repr(error))
        finally:
            self._end(state)
        self.answer(AppAnswer(ask.number, trial))

    def _provide(self, files: tuple[str, ...]) -> None:
        """Put the probe, and nothing else that could be imported by mistake, into one folder."""
        inside = Path(self.folder) / "inside"
        if files and not inside.exists():
            inside.mkdir()
            for file in files:
                shutil.copy(file, inside)
            if rights.is_root():
                rights.open_files(inside)


def broken(spec: AppSpec, kind: str, why: str) -> AppTrial:
    """A run that shows nothing, because of something that the harness lost or broke."""
    return AppTrial(
        id=spec.id,
        situation=spec.situation.id,
        target=spec.target,
        blind=spec.blind,
        history=(TimedEvent(0.0, Event("harness", 0, kind, (why,))),),
        tree=(),
        output="",
    )


async def run_orders(engine: AppEngine, orders: Orders) -> None:
    """Say hello, and run every command that comes in."""
    send(Hello())
    await engine.serve(orders)


if __name__ == "__main__":
    start_engine(run_orders, *sys.argv[1:], engine=AppEngine)
