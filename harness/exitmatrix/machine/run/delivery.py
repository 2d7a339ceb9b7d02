"""The second stage: deliver the termination, one function for each way of delivery."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable

from exitmatrix.machine.run import punctuality
from exitmatrix.machine.run.http import END
from exitmatrix.machine.run.state import TrialState
from exitmatrix.model import Delivery

TOUCH_AGAIN = 3.0  # seconds; a reloader that had not yet looked at the file missed the touch


async def terminate(trial: TrialState) -> None:
    """Deliver the trial's termination."""
    await DELIVERIES[trial.spec.termination.delivery](trial)


async def _in_process(trial: TrialState) -> None:
    """Have the program end itself: ask it to, or wait until it has come to that.

    On its way there it may be asleep for longer than a quiet window: PyPy's `dbm`
    looks for its library with a compiler (ctypes.util.find_library).
    """
    if trial.spec.scenario.serves:
        trial.journal.note("harness", trial.serving, "asked", END)
        await trial.ask_to_end()
        return

    seen, ending = 0, False

    def is_ending() -> bool:
        nonlocal seen, ending
        # What is put in later, before an event that was seen, is the kernel's.
        news, seen = trial.journal.events[seen:], len(trial.journal.events)
        ending = ending or any((one.source, one.kind) == ("endings", "ending") for one in news)
        return ending

    await trial.journal.until(lambda: not trial.live or is_ending())


async def _signal(trial: TrialState) -> None:
    await trial.until_at_rest()
    trial.signal(trial.spec.termination.signal)


async def _signal_twice(trial: TrialState) -> None:
    """Send it again when the first has been taken: back to back the two would be one."""
    await _signal(trial)
    await trial.journal.until(lambda: bool(trial.gates.holding("lingering")) or not trial.live)
    # One that tells that it lingers is in the middle of telling: up to 3.9 the
    # traceback of what interrupts it there is cut short. Of several, each is
    # somewhere else when the second signal comes: that is the race.
    if len(trial.live) == 1:
        await trial.until_at_rest()
    if trial.live:
        trial.signal(trial.spec.termination.signal)
    trial.releases_lingering = True
    for pid in trial.gates.holding("lingering"):
        trial.gates.release(pid)


async def _signal_then_signal(trial: TrialState) -> None:
    """Send another signal to what has not ended in time.

    Who sends SIGKILL counts from the first signal, whatever goes on meanwhile. Who
    presses Ctrl-C again does so when handlers have run for a while.
    """
    termination = trial.spec.termination
    await _signal(trial)
    since = time.monotonic()
    aim = trial.aim
    trial.host.yield_slot(trial)

    def ended() -> bool:
        return aim not in trial.live

    if termination.then != "SIGKILL":
        await trial.journal.within(termination.grace, lambda: ended() or trial.in_a_handler)
    grace = termination.grace
    await punctuality.within(trial, grace, ended, meant=grace, since=since)
    trial.take_events()
    if trial.aim in trial.live:
        trial.signal(termination.then)


async def _touch(trial: TrialState) -> None:
    """Touch the program's file until the reloader has seen it.

    A reloader remembers a file's time when it first looks, and a touch before
    that goes unseen (werkzeug/_reloader.py, StatReloader).
    """
    program = trial.folder.program
    reloaded = trial.serving
    stamp = os.stat(program).st_mtime  # noqa: PTH116
    trial.host.yield_slot(trial)
    while reloaded in trial.live:
        stamp += 10
        trial.journal.note("harness", reloaded, "touched", os.path.basename(program))  # noqa: PTH119
        os.utime(program, (stamp, stamp))
        await trial.journal.within(TOUCH_AGAIN, lambda: reloaded not in trial.live)


DELIVERIES: dict[Delivery, Callable[[TrialState], Awaitable[None]]] = {
    "in-process": _in_process,
    "signal": _signal,
    "signal-twice": _signal_twice,
    "signal-then-signal": _signal_then_signal,
    "touch": _touch,
}
