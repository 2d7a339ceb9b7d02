"""The signals of a situation, sent as they follow each other, and waiting for what they do."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence

from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.readiness import SAMPLE, RestWatch
from exitmatrix.machine.run.app.request import ANSWERING, Request
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.app.terminal import KEYS, Terminal
from exitmatrix.machine.run.app.waiting import is_replaced
from exitmatrix.machine.run.gates import Gates
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.punctuality import within
from exitmatrix.model.app import GRACE, SignalStep
from exitmatrix.model.tree import ALL, GROUP, Tree, base_of

LAST = 1.0  # seconds before the time is over, in which it is seen who is at work still
OFTEN = 2  # looks of ten: whoever works in so many does not only look whether there is work


async def deliver(state: AppState) -> None:
    """Send each signal when it is its turn, and wait for what becomes of it."""
    situation = state.spec.situation
    state.host.yield_slot(state)
    request = Request(state) if situation.request else None
    if request:
        await request.send()
    begun, used = state.journal.now, looking.processor_times(state.live)
    if await _send_all(state, begun):
        if request and situation.held:
            await request.let_go()
        await _watch(state, begun, used)
    if request:
        await request.finish(begun)


async def _send_all(state: AppState, begun: float) -> bool:
    """Send each signal when it is its turn; False when nobody is left whose end is to be seen."""
    situation, grace = state.spec.situation, state.spec.grace
    for number, step in enumerate(situation.steps):
        if number:
            after = grace if step.after == GRACE else step.after
            await _until_due(state, step, begun, after)
            if _everybody_is_gone(state):
                return False
        if not _send(state, step) and not number:
            return False  # nobody is there whom it is for
    return True


async def _watch(state: AppState, begun: float, used: Mapping[int, float]) -> None:
    """Wait for what becomes of all, for as long as the situation asks for."""
    situation = state.spec.situation
    end = begun + state.spec.grace
    left = end - state.journal.now - LAST
    is_long = situation.watch != "rest" and not _reached_nobody(state)
    if len(situation.steps) > 1 and situation.steps[-1].signal == "SIGKILL":
        await state.journal.within(5.0, lambda: not state.live)
        is_long = False
    elif is_long:
        await _until_gone(state, left)
        is_long = not is_replaced(state)
    else:
        await _until_calm(state, left)
    await _note_who_works(state, used)
    if is_long:  # who rests may leave in the last moment yet
        await _until_gone(state, end - state.journal.now)


def _reached_nobody(state: AppState) -> bool:
    """Whether what was sent found nobody, who would end of it: daemons leave their group."""
    sent = [one.detail[1:] for one in state.journal.events if one.kind == "sent"]
    return not isinstance(state.output, Terminal) and all(one == (GROUP,) for one in sent)


def _is_over(state: AppState, step: SignalStep) -> bool:
    """Whether the next signal need not be waited for any longer."""
    root = state.processes.watched.get(state.processes.root)
    if state.shortened and step.after == GRACE:
        return True
    return not state.live or (step.or_first_gone and root is not None and root.ended)


async def _until_due(state: AppState, step: SignalStep, begun: float, after: float) -> None:
    """Wait until the next signal is due, so many seconds after the first."""
    left = max(begun + after - state.journal.now, 0.0)
    first = state.journal.begun + begun
    await within(state, left, lambda: _is_over(state, step), meant=after, since=first)


def _everybody_is_gone(state: AppState) -> bool:
    state.update_tree()
    return not state.live


async def _until_gone(state: AppState, seconds: float) -> None:
    """Until all have ended, orphans too, or the time is over; or who was started in a place rests.

    Who has come and is gone again while it was waited for that has replaced nobody.
    """
    end = state.journal.now + seconds
    while not (state.shortened or _everybody_is_gone(state)) and state.journal.now < end:
        if is_replaced(state):
            await _until_calm(state, end - state.journal.now)
            if is_replaced(state):
                return
        await state.journal.within(
            end - state.journal.now,
            lambda: state.shortened or not state.live or is_replaced(state),
        )


async def _until_calm(state: AppState, seconds: float) -> None:
    """Until all have ended, or all that live have rested for a while, or the time is over."""
    end = state.journal.now + seconds

    def over() -> bool:
        return (not state.live and _everybody_is_gone(state)) or state.journal.now >= end

    calm = state.spec.calm
    await RestWatch(state, longest=calm).comes(calm, over)


async def _note_who_works(state: AppState, used: Mapping[int, float]) -> None:
    """Note who is at work when the time is over, and the processor time that it has had since.

    One that had little of it may have been on its way to its end, and the machine too busy.
    """
    works = Counter[int]()
    for _ in range(round(LAST / SAMPLE)):
        if not state.live or all(map(proc.at_rest, state.live)):
            break
        await state.journal.within(SAMPLE, lambda: not state.live)
        works.update(pid for pid in state.live if looking.is_at_work(pid))
    had = looking.processor_times(state.live)
    for pid in state.live:
        if works[pid] >= OFTEN and pid in had:
            state.journal.note("kernel", pid, "at-work", f"{had[pid] - used.get(pid, 0.0):.1f}")


def _send(state: AppState, step: SignalStep) -> bool:
    """Send one signal to whom it is for, and to nobody who is not of this run; False: to none."""
    target = step.target or state.spec.target
    state.update_tree()
    if not step.signal:
        return _let_end(state, target)
    state.steerer.before_signal(signal.Signals[step.signal])
    if target == GROUP:
        return _send_to_group(state, step.signal)
    pids = aimed_at(target, state.tree, state.gates, state.live)
    if hit := hit_before(state, target):
        pids = [pid for pid in state.live if pid in hit]
    if not pids and not hit:
        state.journal.note("harness", 0, "not-sent", step.signal, target)
    if target == ALL:
        _send_to_all(state, step.signal, pids)
    else:
        _send_to_each(state, step.signal, target, pids)
    return bool(pids)


def _send_to_each(state: AppState, name: str, target: str, pids: Sequence[int]) -> None:
    for pid in pids:
        state.journal.note("harness", pid, "sent", name, target)
        if not state.processes.watched[pid].send(signal.Signals[name]):
            state.journal.note("harness", pid, "not-sent", name, target)


def _send_to_all(state: AppState, name: str, pids: Sequence[int]) -> None:
    """One event names them all; it is no failure if one of them has just ended."""
    if pids:
        state.journal.note("harness", 0, "sent", name, ALL, *map(str, pids))
    for pid in pids:
        state.processes.watched[pid].send(signal.Signals[name])


def _send_to_group(state: AppState, name: str) -> bool:
    """Send a signal to the process group of the first process, or type it at the terminal."""
    typed = name in (*KEYS, "SIGHUP")
    terminal = state.output if typed and isinstance(state.output, Terminal) else None
    group = (terminal.foreground() if terminal else 0) or state.processes.root
    members = [pid for pid in state.live if _group_of(pid) == group]
    note = state.journal.note
    note("harness", 0, "sent", name, GROUP, *map(str, members))
    if terminal:
        # The kernel sends it, to the foreground process group of the terminal.
        state.hang_up() if name == "SIGHUP" else terminal.type(name)
        return True
    if members:
        # It has a living member of this run, so the number is this group's and no other's.
        os.killpg(state.processes.root, signal.Signals[name])
    elif not state.live:
        note("harness", 0, "not-sent", name, GROUP)
    # Where those that live have all left the group, as daemons do, it reaches nobody.
    return bool(state.live)


def hit_before(state: AppState, target: str) -> set[int]:
    """Who of several of a role has got a signal before: whoever is in its place gets no second."""
    events = state.journal.events
    return {one.pid for one in events if one.kind == "sent" and one.detail[1:] == (target,)}


def _let_end(state: AppState, target: str) -> bool:
    """Let a scenario go on that holds where it is to end by itself."""
    holding = state.gates.holding("waiting")
    state.journal.note("harness", 0, "sent" if holding else "not-sent", "", target)
    for pid in holding:
        state.gates.release(pid)
    return bool(holding)


def aimed_at(target: str, tree: Tree, gates: Gates, live: Sequence[int]) -> list[int]:
    """The processes that a target names: of several of one role, the one that answers."""
    at_work = [
        pid
        for pid in gates.holding(ANSWERING)
        if pid in tree.roles and target in (tree.roles[pid], base_of(tree.roles[pid]))
    ]
    return at_work or tree.pids(target, live)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0
