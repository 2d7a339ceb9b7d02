"""What a page says of how its runs were made."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.model.app import AppSpec, AppTrial, Situation
from exitmatrix.report.app.words import listed

BESIDE = (
    "Another exitmatrix run was at work in the same folder: what it made or left there may be told"
    " here as this one's."
)


SHORTENED = (
    "Of each ending in which somebody goes on, one run was watched for the whole time of grace; in"
    " the others the same processes had come to rest, and that was not waited for again."
    " --thorough waits each time."
)


def waits_for(spec: AppSpec, who: Sequence[str]) -> str:
    """What a run waits for that only waits."""
    verb = "goes" if len(who) == 1 else "go"
    return f"{spec.id}: {listed(who)} {verb} on, watched for up to {spec.grace:g} s"


def made_again(endings: Sequence[Situation]) -> str:
    """What is told where runs that met each other are replaced by runs one after the other."""
    names = ", ".join(one.id for one in endings)
    return (
        f"Side by side, its runs did not all end alike ({names}); so these were made again, one"
        " after the other, and that is what is shown."
    )


def not_ready_again(trials: Sequence[AppTrial]) -> str:
    """What is told where a program became ready at first, and later did not."""
    if not any(_was_ready(one) for one in trials[:1]):
        return ""
    lost = next((one for one in trials if _ended_early(one)), None)
    if lost is None:
        return ""
    last = lost.output.strip().splitlines()[-1:]
    return (
        "It did not become ready in every run"
        + "".join(f"; one wrote: {line.strip()}" for line in last)
        + ". If an earlier run has left what stops it, --before-each 'COMMAND' can remove that."
    )


def _was_ready(trial: AppTrial) -> bool:
    return any(one.event.kind == "ready" for one in trial.history)


def _ended_early(trial: AppTrial) -> bool:
    return any(one.event.kind == "not-ready" for one in trial.history)
