"""What a page says of how its runs were made."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.model.app import AppTrial, Situation

BESIDE = (
    "Another exitmatrix run was at work in the same folder: what it made or left there may be told"
    " here as this one's."
)


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
