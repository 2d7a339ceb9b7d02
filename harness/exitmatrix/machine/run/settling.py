"""The third stage: wait until all have ended, or have shown that they live and nothing happens."""

from __future__ import annotations

from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.state import TrialState

QUIET = 0.3  # seconds without any news, after which the living are asked for a sign of life
QUIET_AT_THE_END = 3.0
"""Seconds, where a process has begun to end. A handler may wait for a thread's next turn; the last
flush waits a second for a stream's lock, and once more when that is given up (CPython
Modules/_io/bufferedio.c, _enter_buffered_busy)."""

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
    # What sleeps on its way to its end is quiet, and shows no life. In a blind run nobody tells
    # that a handler has begun, or the next: it may be any, and all of them one after the other.
    blind = trial.spec.is_blind
    longest = (BLIND_HANDLERS if blind else 2) * trial.spec.scenario.length / 1000
    for patience in (IDLE, QUIET + longest - IDLE):
        while trial.live:
            seen = len(trial.journal.events)
            busy = patience > IDLE and (blind or trial.someone_ends)

            def has_news(seen: int = seen) -> bool:
                return len(trial.journal.events) > seen or not trial.live

            if not await trial.journal.within(max(patience, QUIET_AT_THE_END * busy), has_news):
                break
        trial.host.yield_slot(trial)


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

    An exception may have led it away from there, and what it then waits for no reply shows.
    """
    seen = len(trial.journal.events)
    trial.gates.poke(pid)

    def replied() -> bool:
        since = trial.journal.events[seen:]
        return any(event.pid == pid and event.kind == "alive" for event in since)

    await trial.journal.within(QUIET_AT_THE_END, lambda: replied() or pid not in trial.live)
    return replied()
