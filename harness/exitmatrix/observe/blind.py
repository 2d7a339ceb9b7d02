"""What a run without the probe shows, beside runs with it. Pure.

Nothing tells from inside which handlers ran. But how each process ended, who is left, whether
the port answers, what became of buffers and what was printed must be as in the runs with the
probe: otherwise the probe has changed what it observes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace

from exitmatrix.model import Outcome, Process, Termination, Trial, Unknown
from exitmatrix.model.outcome_sets import KILLED
from exitmatrix.observe.stderr import normalise

MARKER = re.compile(r"(\[unflushed:[^\]]*\])")
PRINTED = "without the probe it printed something else"
PENDING = "Task was destroyed but it is pending!"
_DESTROYED = re.compile(
    rf"{PENDING}|Task exception was never retrieved"
    r"|Exception ignored .*<(?:coroutine|async_generator) object"
)
_OF_IT = (" ", "task: ", "future: ", "Traceback ", "During handling ", "The above exception ")
_OF_WARNING = "RuntimeWarning: Enable tracemalloc"  # below what names a file and a line


def agrees(alone: Outcome, shown: Outcome) -> bool:
    """Whether a blind run shows what a run with the probe does, as far as it can.

    A process that says nothing and is gone before anybody looks is not seen without
    the probe, so there may be fewer.
    """
    observed = {one.role: one for one in shown.processes}
    several = {_kind(one.role) for one in shown.processes if one.role.endswith("#1")}
    if several:
        alone = _numbered_as(alone, shown, several)
    return (
        all(
            one.role in observed and _alike(one, observed[one.role], shown.cut)
            for one in alone.processes
        )
        and (alone.survivors, alone.port) == (shown.survivors, shown.port)
        and (alone.left, alone.data, alone.client) == (shown.left, shown.data, shown.client)
    )


def _kind(role: str) -> str:
    return role.partition("#")[0]


def _numbered_as(alone: Outcome, shown: Outcome, several: Collection[str]) -> Outcome:
    """The blind outcome, whose processes have the numbers of those that did as they did.

    They are numbered by what they did, and what ran in them is not told without the probe.
    """
    names = {}
    free = list(shown.processes)
    for one in alone.processes:
        kind = _kind(one.role)
        like = (o for o in free if _kind(o.role) == kind and _alike(one, o, shown.cut))
        found = next(like, None) if kind in several else None
        if found:
            free.remove(found)
            names[one.role] = found.role
    if len(names) < sum(_kind(one.role) in several for one in alone.processes):
        return alone  # somebody did as nobody did there
    processes = [replace(one, role=names.get(one.role, one.role)) for one in alone.processes]
    survivors = {names.get(role, role) for role in alone.survivors}
    order = [one.role for one in shown.processes]
    return replace(
        alone,
        processes=tuple(processes),
        survivors=tuple(sorted(survivors, key=lambda one: order.index(one) if one in order else 0)),
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
        kept = _without_garbage(lines)
        lines = [line for line in kept if not any(map(str.isdigit, line))]
    alone = len(outcome.processes) + len(outcome.helpers) == 1
    return lines if alone else sorted(part for line in lines for part in _parts(line))


def _without_garbage(lines: Iterable[str]) -> Iterator[str]:
    """The lines without what asyncio and the interpreter print about destroyed tasks.

    A loop that SystemExit left has tasks in it. Garbage collection destroys them as the
    interpreter finalizes, and coroutines that clean up then have no loop: which is told, and in
    which order, depends on what else is alive (with `gc.freeze()` in the view: nothing is told).
    """
    destroyed = raised = False  # whether it is told of one, and of an exception in it
    for line in lines:
        if _DESTROYED.match(line):
            destroyed, raised = True, False
        elif destroyed and (not line or line.startswith(_OF_IT)):
            raised = raised or line.startswith("Traceback ")
        elif destroyed and raised:  # the exception itself, below its frames
            raised = False
        else:
            destroyed = False
            if not line.startswith(_OF_WARNING):
                yield line


def _parts(line: str) -> list[str]:
    """A line by who wrote what of it: a marker has no newline, and another may follow it."""
    return [part for part in MARKER.split(line) if part]


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
        return PRINTED
    return ""


def outside(alone: Outcome, outcomes: Iterable[Outcome]) -> str:
    """Why a blind run's outcome is none of those that runs with the probe showed; "" if it is."""
    seen = list(outcomes)
    return "" if any(agrees(alone, one) for one in seen) else _apart(alone, seen)


def _apart(alone: Outcome, seen: Iterable[Outcome]) -> str:
    both = dict.fromkeys(map(_words, seen))
    return f"without the probe: {_words(alone)}; with it: {' or '.join(both)}"


def _words(outcome: Outcome) -> str:
    words = []
    for one in outcome.processes:
        how = " ".join(f"{kind} {value}" for kind, value in (one.exit or {"alive": ""}).items())
        fate = f", stdout {one.stdout}" if one.stdout else ""
        words.append(f"{one.role} {how.strip()}{fate}")
    words += [f"port {outcome.port}"] if outcome.port else []
    words += [f"client {outcome.client}"] if outcome.client else []
    words += [f"left {', '.join(outcome.left)}"] if outcome.left else []
    words += [f"{kind} {state}" for kind, state in (outcome.data or {}).items()]
    return ", ".join(words)
