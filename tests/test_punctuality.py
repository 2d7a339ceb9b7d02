"""Laws of the time between two signals: what a busy machine spoils is told for nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.run import engine as engine_module
from exitmatrix.machine.run import punctuality
from exitmatrix.machine.run.engine import Engine
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.session import _was_disturbed
from exitmatrix.model import Event, Trial, Unknown
from exitmatrix.model.app import AppTrial, TimedEvent
from exitmatrix.observe import observe
from exitmatrix.observe.app import why_unknown
from exitmatrix.observe.history import LATE

from tests.support.histories import PLAIN, Log

NOTE = Event("harness", 0, "late")


def noted(lag: float = 0.0, waits: tuple[float, float] = (0.0, 0.0), ends: bool = False) -> bool:
    """Whether a wait of a moment, where ten seconds are meant, is noted as spoilt."""
    figures = iter(waits)
    trial = SimpleNamespace(
        journal=Journal(), live=[1], host=SimpleNamespace(lag_since=lambda _since: lag)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proc, "waited", lambda _pid: next(figures))
        wait = punctuality.within(
            cast("Any", trial), 0.01, lambda: ends, meant=10.0, since=time.monotonic()
        )
        assert asyncio.run(wait) == ends
    return NOTE in trial.journal.events


@pytest.mark.parametrize(("late", "spoils"), [(0.9, False), (1.1, True)])
def test_a_tenth_of_the_time_between_two_signals_may_be_lost(late: float, spoils: bool) -> None:
    """By the engine, or by who is to get the second: it was ready to run and had no processor."""
    assert noted(lag=late) == spoils
    assert noted(waits=(3.0, 3.0 + late)) == spoils


def test_nothing_is_spoilt_where_no_second_signal_is_needed() -> None:
    """Who has ended before is told for what it is, however busy the machine was."""
    assert not noted(lag=5.0, ends=True)


@pytest.mark.parametrize("late", [False, True])
def test_a_trial_whose_second_signal_came_late_is_unknown(late: bool) -> None:
    """It is run again, as after a pause of the harness."""
    log = Log().kernel(10, "spawned").harness("ready", pid=10).starts(10).registers(10, "C")
    log.harness("sent", "SIGTERM", "main", pid=10).fires(10, "C")
    if late:
        log.harness("late")
    trial = log.harness("sent", "SIGKILL", "main", pid=10).ends(10, "signal SIGKILL").trial()
    shown = observe(trial, PLAIN, TERMINATIONS["SIGTERM-then-SIGKILL"])
    assert (isinstance(shown, Unknown) and shown.reason == LATE) == late
    assert _was_disturbed(trial) == late
    assert not _was_disturbed(Trial(cell="", history=(), stdout="", stderr=""))


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (("began", "sent", "sent", "ended"), None),
        (("began", "sent", "raised", "sent"), None),  # by the first signal
        (("sent", "began", "ended", "sent"), None),  # because of the first signal
        (("began", "sent", "ended", "sent"), LATE),
        (("began", "sent", "ended"), None),  # it finishes what it is at, and one signal is all
    ],
)
def test_a_task_that_is_done_before_the_second_signal_says_that_the_first_was_late(
    kinds: tuple[str, ...], reason: str | None
) -> None:
    """A task of five seconds, and signals 2.5 s apart: it is at work when both are sent."""
    events = [
        Event("harness", 10, "sent", ("SIGTERM", "main"))
        if kind == "sent"
        else Event("endings", 10, kind, ("celery.task:work",))
        for kind in kinds
    ]
    trial = AppTrial(
        id="",
        situation="SIGTERM-then-SIGTERM",
        target="main",
        blind=False,
        history=tuple(TimedEvent(0.0, one) for one in events),
        tree=(),
        output="",
        left=(),
        changed=(),
        port=0,
        listening=(),
    )
    assert why_unknown(trial) == reason


def test_the_engine_knows_how_late_it_was(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since a moment: what was before that is forgotten."""
    monkeypatch.setattr(engine_module, "BEAT", 60.0)

    async def run() -> tuple[float, float]:
        engine = Engine(tmp_path, 1, cast("Any", SimpleNamespace(watch=lambda *_a, **_k: None)))
        begun = time.monotonic()
        engine._beat(asyncio.get_running_loop().time() - 1.5)
        engine.client.close()
        return engine.lag_since(begun), engine.lag_since(time.monotonic() + 1)

    since, afterwards = asyncio.run(run())
    assert 1.5 <= since < 1.5 + 60
    assert afterwards == 0.0


@pytest.mark.real
@pytest.mark.skipif(not proc.read_proc(os.getpid(), "schedstat"), reason="no schedstat here")
def test_the_kernel_tells_how_long_a_process_waited_for_a_processor() -> None:
    """Of two that share one processor, each waits about as long as it runs."""
    code = (
        "import os, sys, time\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "sys.stdin.readline()\n"
        "while time.process_time() < 0.3: pass\n"
        "print(flush=True)\n"
        "sys.stdin.readline()\n"
    )
    pair = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in pair:
        cast("Any", one.stdin).write("\n")
        cast("Any", one.stdin).flush()
    for one in pair:
        cast("Any", one.stdout).readline()
    waited = [proc.waited(one.pid) for one in pair]
    for one in pair:
        one.communicate("\n")
    assert max(waited) > 0.1
