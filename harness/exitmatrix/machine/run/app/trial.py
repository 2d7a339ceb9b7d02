"""One run of a user's command: start, wait until ready, end it, see who goes, leave nothing.

The result is a history. Nothing is concluded here: that is `observe`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from exitmatrix.machine.run.app.delivery import deliver
from exitmatrix.machine.run.app.readiness import NotReady, until_ready
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.model.app import AppTrial

Look = Callable[[AppState], Awaitable[None]]

STAGES: tuple[tuple[str, Callable[[AppState], Awaitable[None]]], ...] = (
    ("readiness", until_ready),
    ("the end", deliver),
)


async def run(state: AppState, look: Look | None = None) -> AppTrial:
    """Run a command to its end. Raises OSError when the machine cannot start it.

    `look`: at what is there when the run is over, before whoever is left is ended.
    """
    with state.reading():
        state.start()
        looking = asyncio.create_task(state.keep_looking())
        try:
            await _go_through(state)
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking
        _close(state)
        if look:
            await look(state)
        ended = [pid for pid, one in state.processes.watched.items() if one.ended]
        left = state.leftovers.find(state.live, ended)
        await _end_everything(state)
        changed = state.leftovers.changed() if state.spec.alone else []
        return AppTrial(
            id=state.spec.id,
            situation=state.spec.situation.id,
            target=state.spec.target,
            blind=state.spec.blind,
            history=state.journal.moments,
            tree=tuple(state.nodes.values()),
            output=state.text,
            left=tuple(left),
            changed=tuple(changed),
            port=state.port,
            listening=tuple(
                sorted(
                    one.address.replace(state.temporary, "$TMPDIR")
                    for one in state.sockets.values()
                )
            ),
        )


async def _go_through(state: AppState) -> None:
    name = "start"
    try:
        with state.steerer.at_work():
            async with asyncio.timeout(state.spec.limit):
                for name, act in STAGES:  # noqa: B007 - told where a run is given up
                    await act(state)
    except TimeoutError:
        state.journal.note("harness", 0, "gave-up", name)
    except NotReady as error:
        state.journal.note("harness", 0, "not-ready", str(error))
    except Exception as error:  # noqa: BLE001 - our own fault: this run is unknown, others go on
        state.journal.note("harness", 0, "failed", repr(error))


def _close(state: AppState) -> None:
    """Note who lives, and what could not be told; what comes later is the harness's doing."""
    state.look()
    state.look_at_sockets()
    state.output.read()
    note = state.journal.note
    for pid in state.live:
        note("kernel", pid, "alive")
    if state.channel.torn:
        note("harness", 0, "garbled", "an event without an end")
    if state.channel.is_gone:
        note("harness", 0, "unheard", "the event channel was removed")
    elif any(Path(state.folder).glob("channel.unheard.*")):
        note("harness", 0, "unheard", "a process could not open the event channel")
    note("harness", 0, "closing")


async def _end_everything(state: AppState) -> None:
    """SIGKILL what is left of this run, orphans included, until nothing is."""
    processes = state.processes
    state.leftovers.remove()
    while True:
        processes.find_all()
        if not processes.live:
            break
        processes.end(state.leftovers.before)
        await state.journal.until(lambda: not processes.live)
    processes.reap()
