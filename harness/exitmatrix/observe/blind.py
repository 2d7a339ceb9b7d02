"""What a run without the probe shows, beside runs with it. Pure.

Nothing tells from inside which handlers ran. But how each process ended, who is left, whether
the port answers, what became of buffers and what was printed must be as in the runs with the
probe: otherwise the probe has changed what it observes.
"""

from __future__ import annotations

from collections.abc import Iterable

from exitmatrix.model import Outcome, Process, Termination, Trial, Unknown
from exitmatrix.model.outcome_sets import KILLED
from exitmatrix.observe.stderr import normalise


def agrees(alone: Outcome, shown: Outcome) -> bool:
    """Whether a blind run shows what a run with the probe does, as far as it can.

    A process that says nothing and is gone before anybody looks is not seen without
    the probe, so there may be fewer.
    """
    observed = {one.role: one for one in shown.processes}
    return (
        all(
            one.role in observed and _alike(one, observed[one.role], shown.cut)
            for one in alone.processes
        )
        and (alone.survivors, alone.port) == (shown.survivors, shown.port)
        and (alone.left, alone.data) == (shown.left, shown.data)
    )


def _alike(alone: Process, observed: Process, cut: bool) -> bool:
    """Whether a process did alike; how far one got that a race has killed, is open."""
    fates = {alone.stdout, observed.stdout} - {None}
    killed = cut and alone.exit == KILLED
    return alone.exit == observed.exit and (len(fates) < 2 or killed)


def printed(trial: Trial, outcome: Outcome) -> list[str]:
    """The lines of stdout; what several processes write to one has no order of its own."""
    lines = normalise(trial.stdout).splitlines()
    if trial.tree:  # a server's log is among them, with pids, ports and times
        lines = [line for line in lines if not any(map(str.isdigit, line))]
    alone = len(outcome.processes) + len(outcome.helpers) == 1
    return lines if alone else sorted(lines)


def differs(
    seeing: Trial, shown: Outcome, blind: Trial, alone: Outcome | Unknown, termination: Termination
) -> str:
    """What a blind run showed that the run with the probe did not; "" where they agree."""
    if isinstance(alone, Unknown):
        return f"without the probe: {alone.reason}"
    if not agrees(alone, shown):
        return _apart(alone, [shown])
    # A second signal waits for a handler to begin, which only the probe tells: without it
    # that comes later, and handlers have printed more.
    timed = termination.delivery == "signal-then-signal"
    if not timed and printed(blind, alone) != printed(seeing, shown):
        return "without the probe it printed something else"
    return ""


def outside(alone: Outcome, outcomes: Iterable[Outcome]) -> str:
    """Why a blind run's outcome is none of those that runs with the probe showed; "" if it is."""
    seen = list(outcomes)
    return "" if any(agrees(alone, one) for one in seen) else _apart(alone, seen)


def _apart(alone: Outcome, seen: Iterable[Outcome]) -> str:
    both = dict.fromkeys(map(_say, seen))
    return f"without the probe: {_say(alone)}; with it: {' or '.join(both)}"


def _say(outcome: Outcome) -> str:
    words = []
    for one in outcome.processes:
        how = " ".join(f"{kind} {value}" for kind, value in (one.exit or {"alive": ""}).items())
        fate = f", stdout {one.stdout}" if one.stdout else ""
        words.append(f"{one.role} {how.strip()}{fate}")
    words += [f"port {outcome.port}"] if outcome.port else []
    words += [f"left {', '.join(outcome.left)}"] if outcome.left else []
    words += [f"{kind} {state}" for kind, state in (outcome.data or {}).items()]
    return ", ".join(words)
