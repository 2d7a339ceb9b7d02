"""The third stage: wait until all have ended, or have shown that they live and nothing happens."""

from __future__ import annotations

import signal

from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.kernel.waits import waits_for_others
from exitmatrix.machine.run.state import TrialState

QUIET = 0.3  # seconds without any news, after which the living are asked for a sign of life
QUIET_AT_THE_END = 3.0
"""Seconds, where a process has begun to end: the last flush waits a second for a stream's lock, and
once more when that is given up (CPython Modules/_io/bufferedio.c, _enter_buffered_busy)."""

QUIET_IN_HANDLER = 15.0
"""Seconds, where a handler has begun and not ended, or a process was led away from where it held:
what a library waits for there has its own limit, of ten seconds in OpenTelemetry's exporters.
What waits for others without a limit is not waited for."""

QUIET_SIGNALLED = 1.5
"""Seconds, where a handler of a signal may not have begun: a signal that comes just before the main
thread falls asleep is handled by Python when that sleep is over. Servers and reloaders sleep for a
second at most (werkzeug/_reloader.py, StatReloader; gunicorn/arbiter.py, Arbiter.sleep)."""

BLIND_HANDLERS = 6  # as long as so many handlers a blind run may be quiet
IDLE = 0.05  # seconds without news, after which another trial may use the processor


async def until_settled(trial: TrialState) -> None:
    """Wait until all have ended, or all that live have shown it and nothing happens any more."""
    while True:
        await _until_quiet(trial)
        if not trial.live and not trial.processes.find_strays():
            return
        if trial.live and await _all_show_life(trial):
            return


async def _until_quiet(trial: TrialState) -> None:
    await trial.journal.until_quiet(IDLE, lambda: not trial.live)
    trial.host.yield_slot(trial)
    for patience in (_before_a_handler, _at_the_end, _in_a_handler):
        while trial.live and (seconds := patience(trial)):
            seen = len(trial.journal.events)

            def has_news(seen: int = seen) -> bool:
                return len(trial.journal.events) > seen or not trial.live

            if not await trial.journal.within(seconds, has_news):
                break


def _before_a_handler(trial: TrialState) -> float:
    sent = trial.spec.termination.act.removeprefix("signal ")
    if sent not in signal.Signals.__members__:
        return 0.0
    # Who holds at a gate replies only when its handlers of signals have run.
    away = (pid for pid in trial.live if pid not in trial.gates)
    handling = [pid for pid in away if proc.handles(pid, signal.Signals[sent])]
    return 0.0 if all(map(waits_for_others, handling)) else QUIET_SIGNALLED - IDLE


def _at_the_end(trial: TrialState) -> float:
    # What sleeps on its way to its end is quiet, and shows no life. In a blind run nobody tells
    # that a handler has begun, or the next: it may be any, and all of them one after the other.
    blind = trial.spec.is_blind
    longest = (BLIND_HANDLERS if blind else 2) * trial.spec.scenario.length / 1000
    ends = blind or trial.someone_ends
    return max(QUIET + longest - IDLE, QUIET_AT_THE_END if ends else 0.0)


def _in_a_handler(trial: TrialState) -> float:
    if not trial.in_a_handler or all(map(waits_for_others, trial.live)):
        return 0.0
    return QUIET_IN_HANDLER - QUIET_AT_THE_END


async def _all_show_life(trial: TrialState) -> bool:
    """Ask every living process for a sign of life, each in the way it can give one."""
    server = await trial.host.client.who_serves(trial.port) if trial.port else None
    trial.take_events()
    trial.processes.find_helpers()  # a server that was restarted has started its own by now
    asked = set(trial.live)
    shown = set()
    if server in asked:  # else the port is another trial's by now
        trial.journal.note("harness", server, "answered")
        shown.add(server)
    elif trial.port:
        trial.journal.note("harness", 0, "no-answer")
    for pid in asked - shown:
        if (pid in trial.gates and await _replies(trial, pid)) or _is_idle(trial, pid):
            shown.add(pid)
    if shown >= asked == set(trial.live):
        for pid in trial.live:
            trial.journal.note("kernel", pid, "alive")
        return True
    return False


def _is_idle(trial: TrialState, pid: int) -> bool:
    """Whether a process only waits, with no unread events.

    One that has just told that it holds is asleep as well, but for an answer.
    """
    seen = len(trial.journal.events)
    rests = proc.at_rest(pid)
    trial.take_events()
    return rests and not any(event.pid == pid for event in trial.journal.events[seen:])


async def _replies(trial: TrialState, pid: int) -> bool:
    """Whether a process at a gate answers.

    An exception may have led it away from there, and what it then waits for no reply shows. If that
    is in a handler, it has been waited for already.
    """
    seen = len(trial.journal.events)
    trial.gates.poke(pid)

    def replied() -> bool:
        since = trial.journal.events[seen:]
        return any(event.pid == pid and event.kind == "alive" for event in since)

    def over() -> bool:
        return replied() or pid not in trial.live

    patient = not trial.in_a_handler and not waits_for_others(pid)
    if not await trial.journal.within(QUIET_AT_THE_END, over) and patient:
        await trial.journal.within(QUIET_IN_HANDLER - QUIET_AT_THE_END, over)
    return replied()
