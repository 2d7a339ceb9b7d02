"""The harness's side of a run, against an engine that says what a test has it say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import ClassVar, cast

import msgspec
import psutil
import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.run import session as session_module
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.dispatch import MOST_STARTS
from exitmatrix.machine.run.messages import Hello, TrialRequest, TrialResult, Usage
from exitmatrix.machine.run.session import Session
from exitmatrix.model import Event, Trial, TrialSpec

from tests.support.histories import PLAIN
from tests.support.running import MARK, end_marked

STALLED = Event("harness", 0, "stalled")
Script = Callable[["Engine", int], None]


class Engine:
    """An engine that never was: what it is asked for, and how it answers.

    `script` is called with each number that is asked for.
    """

    started: ClassVar[list[Engine]]
    script: ClassVar[Script]
    greets = True
    status = 128 + 9

    def __init__(self, _jobs: int) -> None:
        self.said: list[bytes] = []
        self.asked: list[int] = []
        self.ended = False
        if self.greets:
            self._say(Hello())
        type(self).started.append(self)

    def _say(self, message: Hello | TrialResult | Usage) -> None:
        self.said.append(msgspec.json.encode(message))

    def answer(self, number: int, *history: Event) -> None:
        self._say(
            TrialResult(number, Trial(cell=str(number), history=history, stdout="", stderr=""))
        )

    def send(self, line: bytes) -> bool:
        number = msgspec.json.decode(line, type=TrialRequest).number
        self.asked.append(number)
        if not self.ended:
            type(self).script(self, number)
        return not self.ended

    def receive(self) -> bytes | None:
        return self.said.pop(0) if self.said else None

    def end_input(self) -> None:
        self._say(Usage(observed=1.0, harness=2.0, peak_kilobytes=3))

    def close(self) -> int:
        return self.status


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], list[Engine]]:
    """Has sessions use such engines; returns those that were started."""

    def use(script: Script) -> list[Engine]:
        Scripted = type("Scripted", (Engine,), {"started": [], "script": script})  # noqa: N806
        monkeypatch.setattr(session_module, "Connection", Scripted)
        return cast("list[Engine]", Scripted.started)  # type: ignore[attr-defined]

    return use


def order(number: int) -> TrialSpec:
    return TrialSpec(
        cell=str(number),
        python="python",
        path=(),
        scenario=PLAIN,
        termination=TERMINATIONS["return"],
        target="main",
    )


def trials(count: int) -> dict[str, Trial]:
    with Session(2) as session:
        for number in range(1, count + 1):
            session.submit(order(number))
        found = {}
        while session.outstanding:
            asked, trial = session.take()
            found[asked.cell] = trial
        session.finish()
    return found


Use = Callable[[Script], list[Engine]]


def test_who_loses_two_engines_is_named_and_the_others_are_answered(engines: Use) -> None:
    """What was under way is run again, each alone: so the one to blame is known."""

    def script(engine: Engine, number: int) -> None:
        if number == 2:
            engine.ended = True
        else:
            engine.answer(number)

    started = engines(script)
    found = trials(4)
    lost = Event("harness", 0, "lost", ("its engine was ended by SIGKILL",))
    assert {cell: trial.history for cell, trial in found.items()} == {
        "1": (),
        "2": (lost,),
        "3": (),
        "4": (),
    }
    # 1 was answered before the first engine was lost; the second is asked for 2 alone.
    assert [engine.asked for engine in started] == [[1, 2, 3, 4], [2], [3, 4]]


def test_an_engine_that_is_lost_by_accident_costs_no_trial(engines: Use) -> None:
    """All that was under way is answered by the next engine."""

    def script(engine: Engine, number: int) -> None:
        if len(started) == 1:
            engine.ended = True
        else:
            engine.answer(number)

    started = engines(script)
    assert all(trial.history == () for trial in trials(5).values())
    assert len(started) == 2


def test_what_comes_while_suspects_run_waits(engines: Use) -> None:
    """A suspect is alone in its engine, whatever is ordered meanwhile."""

    def script(engine: Engine, number: int) -> None:
        if len(started) == 1:
            engine.ended = True
        else:
            engine.answer(number)

    started = engines(script)
    with Session(2) as session:
        session.submit(order(1))
        session.submit(order(2))
        assert session.take()[0].cell == "1"
        session.submit(order(3))
        assert started[1].asked == [1, 2]
        assert session.take()[0].cell == "2"
        assert started[1].asked == [1, 2, 3]
        assert session.take()[0].cell == "3"


def test_a_disturbed_trial_is_run_once_more(engines: Use) -> None:
    """Where the harness stood still, the trial is repeated; the second time it stays as it is."""

    def script(engine: Engine, number: int) -> None:
        again = engine.asked.count(number) > 1
        engine.answer(number, *([] if number == 1 and again else [STALLED]))

    started = engines(script)
    found = trials(2)
    assert found["1"].history == ()
    assert found["2"].history == (STALLED,)
    assert sorted(started[0].asked) == [1, 1, 2, 2]


@pytest.mark.parametrize(("status", "starts"), [(1, 1), (128 + 9, MOST_STARTS), (-9, MOST_STARTS)])
def test_an_engine_that_never_came_up_is_no_trials_fault(
    status: int, starts: int, engines: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none can be started the session says so, at once unless somebody kills them."""

    def script(engine: Engine, _number: int) -> None:
        engine.ended = True

    monkeypatch.setattr(Engine, "greets", False)
    monkeypatch.setattr(Engine, "status", status)
    started = engines(script)
    with pytest.raises(EngineDied, match="cannot be started"):
        trials(2)
    assert len(started) == starts


def test_an_engine_that_was_killed_while_it_started_is_replaced(
    engines: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took no order, so all are sent to the next, side by side."""

    def script(engine: Engine, number: int) -> None:
        monkeypatch.setattr(Engine, "greets", True)
        if len(started) == 1:
            engine.ended = True
        else:
            engine.answer(number)

    monkeypatch.setattr(Engine, "greets", False)
    started = engines(script)
    assert all(trial.history == () for trial in trials(3).values())
    assert started[1].asked[:2] == [1, 2]


def test_what_all_engines_used_is_added_up(engines: Use) -> None:
    """The last word of each engine counts."""
    engines(lambda engine, number: engine.answer(number))
    with Session(2) as session:
        session.submit(order(1))
        session.take()
        assert session.finish() == Usage(observed=1.0, harness=2.0, peak_kilobytes=3)


def test_what_an_interrupted_run_of_the_tests_leaves_is_ended() -> None:
    """It is known by the mark that pytest-xdist gives its workers; of another run nothing is."""
    marks = ("this run", "another run")
    started = [
        subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: mark}, start_new_session=True)
        for mark in marks
    ]
    end_marked("this run")
    mine, other = started
    assert not psutil.pid_exists(mine.pid)
    assert other.poll() is None
    other.kill()
    for one in started:
        one.wait()
