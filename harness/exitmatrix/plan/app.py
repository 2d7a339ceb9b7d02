"""Which runs a user's command takes: each ending several times, once without the probe. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from msgspec.structs import replace

from exitmatrix.declare.situations import did_you_mean
from exitmatrix.model.app import PORT, AppSpec, AppTrial, Situation
from exitmatrix.model.app_outcome import EndingResult
from exitmatrix.model.tree import PLACES, Tree, base_of

WAITED = 2.0  # seconds that may be missing of the grace period: the last is for who still works
NAMED = 2  # files that a note names
AT_ONCE = 16  # runs that wait beside each other, on however few cores: all that are usual
MORE = 4  # further runs of either kind, where one without the probe differs from all with it


def spec_for(
    base: AppSpec, situation: Situation, at: str, *, blind: bool = False, alone: bool = False
) -> AppSpec:
    """One run of an ending."""
    return replace(
        base,
        alone=alone,
        id=situation.id + (" without the probe" if blind else ""),
        situation=situation,
        target=at or situation.target,
        inside=() if blind else base.inside,
        limit=base.ready.within + 2 * base.grace + 30.0,
    )


def who_goes_on(spec: AppSpec, trial: AppTrial) -> tuple[str, ...]:
    """The names of the processes alive at the end of the grace period; () if there are none.

    () also if it does not show: it was not waited for, or somebody was still at work.
    """
    kinds = {one.event.kind for one in trial.history}
    if kinds & {"shortened", "at-work"} or not {"sent", "closing"} <= kinds:
        return ()
    sent = [one for one in trial.history if one.event.kind == "sent"]
    closing = next(one for one in trial.history if one.event.kind == "closing")
    killed = len(sent) > 1 and spec.situation.kills_in_the_end
    last = sent[-1] if killed else closing
    if last.seconds - sent[0].seconds < spec.grace - WAITED:
        return ()
    return who_lives(spec, trial, last.seconds)


def who_lives(spec: AppSpec, trial: AppTrial, seconds: float = inf) -> tuple[str, ...]:
    """The names of those that had not ended by then, in order."""
    ended = {
        one.event.pid
        for one in trial.history
        if one.seconds <= seconds and one.event.source == "kernel"
        if one.event.kind in ("ended", "unseen")
    }
    roles = Tree(trial.tree, spec.roles).roles
    return tuple(sorted(base_of(role) for pid, role in roles.items() if pid not in ended))


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
    return f"no process is called '{target}'{did_you_mean(target, known)}"


def in_turn(
    endings: Sequence[tuple[Situation, Sequence[bool]]],
) -> list[tuple[Situation, bool]]:
    """The runs of all endings, one of each after the other: the longest wait begins early."""
    most = max((len(kinds) for _, kinds in endings), default=0)
    return [
        (situation, kinds[place])
        for place in range(most)
        for situation, kinds in endings
        if place < len(kinds)
    ]


def one_by_one(
    endings: Sequence[tuple[Situation, Sequence[bool]]],
) -> list[tuple[Situation, bool]]:
    """The runs of all endings, ending by ending."""
    return [(situation, blind) for situation, kinds in endings for blind in kinds]


def meet_at_a_port(command: Sequence[str], listening: Sequence[str]) -> bool:
    """Whether two runs at once would meet at one port: it listens, and {port} is not asked for."""
    tcp = any(not one.startswith(("/", "@", "$")) and ":" in one for one in listening)
    return tcp and not any(PORT in word for word in command)


def why_alone(command: Sequence[str], first: AppTrial, folder: str, *, forced: bool = False) -> str:
    """Why its runs come one after the other, as the first one shows; "" where they need not.

    `forced`: files that they share are the user's matter.
    """
    if meet_at_a_port(command, first.listening):
        return (
            "It listens, and {port} is not in its command, so its runs came one after the"
            " other; with {port} in the place of its port they run side by side."
        )
    if first.changed and not forced:
        names = [one.removeprefix(f"{folder}/") for one in first.changed if one != folder]
        which = f" ({', '.join(names[:NAMED])})" if names else ""
        return (
            f"It writes where it is started{which}, so its runs came one after the other. What"
            " one left was put aside for the next, and is there again."
        )
    return ""


def differing(results: Sequence[EndingResult]) -> tuple[Situation, ...]:
    """Endings whose runs did not all end alike, so that something they share may be why.

    Nor began alike, as one that waits for a lock which another has: it runs no program yet.
    """
    usual = next((one.there for result in results for one in result.outcomes), None)
    return tuple(
        result.situation
        for result in results
        if _differ(result) or any(one.there != usual for one in (*result.outcomes, *result.blind))
    )


def _differ(result: EndingResult) -> bool:
    shapes = {one.shape for one in result.outcomes}
    exits = {one.exits for one in (*result.outcomes, *result.blind)}
    return len(shapes) > 1 or len(exits) > 1 or bool(result.unknown or result.blind_unknown)
