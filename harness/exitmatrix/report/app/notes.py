"""What a page says of how its runs were made."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.model.app import AppSpec, AppTrial, Situation
from exitmatrix.report.app.words import listed

BESIDE = (
    "Another exitmatrix run was at work in the same folder. Files that it made or left there may be"
    " listed here."
)


SHORTENED = (
    "Where a process does not end, one run was watched for the whole grace period. The other runs"
    " stopped once the same processes were idle. --thorough waits in every run."
)


def about_the_first(trial: AppTrial) -> str:
    """What is told of a program that goes into the background; "" of one that does not.

    In a PID namespace the process that makes it is outside, and no part of the program.
    """
    kernel = (one.event for one in trial.history if one.event.source == "kernel")
    root = next((event.pid for event in kernel if event.kind == "spawned"), 0)
    before = [one.event for one in trial.history if one.seconds <= _when_ready(trial)]
    ended = ("kernel", root, "ended")  # that of a handler is the process's own
    if ended not in [(one.source, one.pid, one.kind) for one in before]:
        return ""
    return (
        "The process that was started first had ended by itself, as that of a daemon does: in its"
        " place the oldest of the others was signalled. A container ends with its first process;"
        " have the program stay in the foreground there."
    )


def _when_ready(trial: AppTrial) -> float:
    return next((one.seconds for one in trial.history if one.event.kind == "ready"), -1.0)


def waits_for(spec: AppSpec, those_left: Sequence[str]) -> str:
    """What a run waits for that only waits."""
    verb = "goes" if len(those_left) == 1 else "go"
    return f"{spec.id}: {listed(those_left)} {verb} on, watched for up to {spec.grace:g} s"


def made_again(endings: Sequence[Situation]) -> str:
    """What is told where runs that met each other are replaced by runs one after the other."""
    names = ", ".join(one.id for one in endings)
    return (
        f"Runs at the same time did not all end alike ({names}). They were made again, one after"
        " the other, and those runs are shown."
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
        + ". If something that an earlier run left prevents it, remove that with --before-each"
        " 'COMMAND'."
    )


def _was_ready(trial: AppTrial) -> bool:
    return any(one.event.kind == "ready" for one in trial.history)


def _ended_early(trial: AppTrial) -> bool:
    return any(one.event.kind == "not-ready" for one in trial.history)
