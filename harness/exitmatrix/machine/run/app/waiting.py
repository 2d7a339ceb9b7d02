"""While the grace period goes by: whether those who are left rest, and need be waited for."""

from __future__ import annotations

from collections.abc import Callable

from exitmatrix.machine.run.app.accepting import can_be_seen
from exitmatrix.machine.run.app.readiness import RestWatch
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.model.tree import base_of


async def watch_rest(state: AppState, tell: Callable[[], None]) -> None:
    """Tell once that all who are left rest after a signal; wait no more where others waited."""
    if state.spec.situation.watch == "rest":
        return  # it is over then
    await state.journal.until(lambda: any(one.kind == "sent" for one in state.journal.events))
    if not await RestWatch(state).comes(
        state.spec.calm, lambda: not state.live or is_replaced(state)
    ):
        return
    if _who_lives(state) in state.spec.as_before:
        state.shortened = True
        state.journal.note("harness", 0, "shortened")
    else:
        tell()


def is_replaced(state: AppState) -> bool:
    """Whether somebody has taken the place of who ended, where it is waited for that.

    In the place of one that listened, by waiting for connections, as far as that can be seen.
    """
    if state.spec.situation.watch != "replaced":
        return False
    new, ended = state.newborn, state.nodes.keys() - set(state.live)
    if any(state.nodes[one].listens and state.nodes[one].at_ready for one in ended):
        return any(one in state.accepting or not can_be_seen(one) for one in new)
    return bool(new)


def _who_lives(state: AppState) -> tuple[str, ...]:
    tree = state.tree
    return tuple(sorted(base_of(tree.roles[one]) for one in state.live if one in tree.roles))
