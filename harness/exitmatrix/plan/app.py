"""Which runs a user's command takes: each ending several times, once without the probe. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from exitmatrix.declare.situations import nearest
from exitmatrix.model.app import PORT, AppSpec, Situation
from exitmatrix.model.tree import PLACES, Tree, base_of


def spec_for(base: AppSpec, situation: Situation, at: str, blind: bool) -> AppSpec:
    """One run of an ending."""
    return replace(
        base,
        id=situation.id + (" without the probe" if blind else ""),
        situation=situation,
        target=at or situation.target,
        inside=() if blind else base.inside,
        limit=base.ready.within + 2 * base.grace + 30.0,
    )


def left_out(situation: Situation, tree: Tree, base: AppSpec) -> str:
    """Why an ending says nothing about a tree; "" where it does."""
    there = [node for node in tree.nodes if node.at_ready and not node.gone]
    if situation.needs_several and len(there) < 2:
        return "there is one process"
    if situation.request and not base.request:
        return "no --request says what is asked for"
    return ""


def unknown_target(target: str, tree: Tree) -> str:
    """Why a target names nobody of a tree; "" where it names somebody."""
    living = [node.pid for node in tree.nodes if node.at_ready and not node.gone]
    if target in PLACES and target not in ("serving", "leaf"):
        return ""
    if tree.pids(target, living):
        return ""
    roles = list(dict.fromkeys(tree.roles[pid] for pid in living))
    bases = list(dict.fromkeys(base_of(role) for role in roles))
    known = (*PLACES, *dict.fromkeys((*bases, *roles)))
    if target in PLACES:
        return f"nobody is '{target}' here; there are {', '.join(roles)}"
    return f"no process is called '{target}'{nearest(target, known)}"


def one_at_a_time(command: Sequence[str], listening: Sequence[str]) -> bool:
    """Whether two runs at once would meet at one port: it listens, and {port} is not asked for."""
    tcp = any(not one.startswith(("/", "@")) and ":" in one for one in listening)
    return tcp and not any(PORT in word for word in command)
