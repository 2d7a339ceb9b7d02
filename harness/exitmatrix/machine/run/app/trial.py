"""One run of a user's command: start, wait until ready, end it, see who goes, leave nothing.

The result is a history. Nothing is concluded here: that is `observe`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from exitmatrix.machine.run.app.delivery import deliver
from exitmatrix.machine.run.app.readiness import ask_again, until_ready
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.app.waiting import watch_rest
from exitmatrix.model.app import AppTrial

Inspect = Callable[[AppState], Awaitable[None]]
Tell = Callable[[AppTrial], None]

STAGES: tuple[tuple[str, Callable[[AppState], Awaitable[None]]], ...] = (
    ("readiness", until_ready),
    ("the end", deliver),
)


async def run(
    state: AppState, inspect: Inspect | None = None, tell: Tell | None = None
) -> AppTrial:
    """Run a command to its end. Raises OSError when the machine cannot start it.

    `inspect`: looks at what is there when the run is over, before whoever is left is ended. `tell`:
    is given what was seen until then, once, where somebody is left who rests while he is waited
    for.
    """
    with state.reading():
        state.start()
        beside = [asyncio.create_task(state.keep_looking())]
        if tell:
            rests = watch_rest(state, lambda: tell(_shown(state, over=False)))
            beside.append(asyncio.create_task(rests))
        try:
            await state.go_through(STAGES)
        finally:
            for one in beside:
                one.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await one
        _close(state)
        if inspect:
            await inspect(state)
        ended = [pid for pid, one in state.processes.watched.items() if one.ended]
        used = [one.address for one in state.sockets.values()]
        left = state.leftovers.find(state.live, ended, alone=state.alone, used=used)
        await ask_again(state)
        await state.end_everything()
        _keep(state)
        return replace(_shown(state), left=tuple(left))


def _shown(state: AppState, *, over: bool = True) -> AppTrial:
    """What the run has shown until now."""
    return AppTrial(
        id=state.spec.id,
        situation=state.spec.situation.id,
        target=state.spec.target,
        blind=state.spec.blind,
        history=state.journal.moments,
        tree=tuple(state.nodes.values()),
        output=state.text,
        changed=tuple(state.leftovers.changed() if state.spec.alone else ()),
        over=over,
        port=state.port,
        listening=state.listening,
    )


def _keep(state: AppState) -> None:
    """Copy what the run left in its own folder, where that is asked for; of a socket there is none.

    Copies are for somebody to look at: one that cannot be made changes nothing of what was seen.
    """
    if state.spec.keep:
        with contextlib.suppress(OSError):
            Path(state.spec.keep, "output.txt").write_text(state.text, encoding="utf-8")
            shutil.copytree(state.temporary, f"{state.spec.keep}/TMPDIR", symlinks=True)


def _close(state: AppState) -> None:
    """Note who lives, and what was not reported; what comes later is the harness's doing."""
    state.update_tree()
    state.look_at_sockets()
    state.output.read()
    note = state.journal.note
    for pid in state.live:
        note("kernel", pid, "alive")
    state.note_what_was_not_heard(any(Path(state.folder).glob("channel.unheard.*")))
    note("harness", 0, "closing")
