"""What the runs of a user's command showed, as records: the schema of the matrix's own. Pure.

A record says nothing of times, pids and paths, so that two of them can be compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exitmatrix.model import FORMAT, CellId, Outcome, Process, Record, Timeline
from exitmatrix.model.app_outcome import NOBODY, AppOutcome, EndingResult, Member
from exitmatrix.model.node import program_name

STACK = "own"
"""In the place of a stack: the environment is the user's."""

PACKAGE = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
VERSION = re.compile(r"[0-9][^/ ]*")
"""What the schema takes for a package and its version; others are not told."""

READY = -1e-6
"""Seconds: just before the first signal."""

PLACES = {"group": "process group", NOBODY: "process group", "all": "whole tree"}


def records(
    command: Sequence[str],
    launcher: str,
    results: Sequence[EndingResult],
    platform: dict[str, str],
    since: str,
    packages: Mapping[str, str] = {},
) -> list[Record]:
    """One record for each ending that was run; `since` is the day, `packages` what is installed.

    A record names the Python. Of a program that is not observed from inside none is known.
    """
    seen = [one for result in results for one in result.outcomes]
    known = next((one for one in seen if one.python), None)
    if known is None:
        return []
    return [
        _record(_name(command), launcher, known, platform, since, result, packages)
        for result in results
        if not result.left_out
    ]


def _name(command: Sequence[str]) -> str:
    """What to call the subject: a word of its command line that an id can hold."""
    return re.sub(r"[^\w.-]+", "-", program_name(command)) or "app"


def _record(
    name: str,
    launcher: str,
    known: AppOutcome,
    platform: dict[str, str],
    since: str,
    result: EndingResult,
    packages: Mapping[str, str],
) -> Record:
    interpreter = f"{known.implementation}-{known.python}"
    cell = CellId(
        interpreter=interpreter,
        stack=STACK,
        scenario=name,
        launcher=launcher,
        termination=result.situation.id,
        target=result.target,
    )
    outcomes: dict[str, tuple[Outcome, Timeline]] = {}
    for seen in result.outcomes:
        one = _outcome(seen)
        outcomes.setdefault(repr(one), (one, timeline(seen)))
    return Record(
        format=FORMAT,
        cell=str(cell),
        interpreter={"implementation": known.implementation, "version": known.python},
        packages={
            name: version
            for name, version in sorted(packages.items())
            if PACKAGE.fullmatch(name) and VERSION.fullmatch(version)
        },
        stack=STACK,
        scenario=name,
        launcher=launcher,
        termination=result.situation.id,
        target=result.target,
        platform=platform,
        since=since,
        outcomes=tuple(outcomes[key][0] for key in sorted(outcomes)),
        timelines=tuple(outcomes[key][1] for key in sorted(outcomes)),
        unknown=tuple(sorted(set(result.unknown))),
    )


def timeline(outcome: AppOutcome) -> Timeline:
    """Who did what after what, by the roles of the record: without times, pids and paths."""
    family = sorted((one for one in outcome.members if one.counts), key=_place)
    steps: list[tuple[float, tuple[str, ...]]] = [(READY, ("harness", "ready"))]
    steps += [
        (max(one.seconds, 0.0), ("harness", "sent", one.signal, PLACES.get(one.to, one.to)))
        for one in outcome.sent
    ]
    for member, role in zip(family, _roles(family), strict=True):
        steps += ((when, (role, *what)) for when, what in _life(member, outcome.watched))
    if outcome.reply:
        steps.append((outcome.watched, ("harness", "replied", outcome.reply)))
    steps += ((outcome.watched, ("harness", "left", one.kind)) for one in outcome.left)
    return tuple(what for _, what in sorted(steps, key=lambda one: one[0]))


def _life(member: Member, watched: float) -> Iterator[tuple[float, tuple[str, ...]]]:
    """What one process did, each with its time after the first signal."""
    born = member.born if member.new else min(member.born, 2 * READY)
    yield born, ("started",)
    for ran in member.own:
        label, began = ran.handler.label, ran.began
        yield born, ("holds", label)  # in which order they were registered is not known here
        if began is None:
            continue
        yield began, ("began", label)
        if ran.fate == "raised":
            yield began + (ran.seconds or 0.0), ("raised", label, ran.error or "an exception")
        elif ran.fate == "ran":
            yield began + (ran.seconds or 0.0), ("returned", label)
    if member.exit:
        yield (watched if member.seconds is None else member.seconds), ("ended", member.exit)
    else:
        yield watched, ("alive",)


def _outcome(outcome: AppOutcome) -> Outcome:
    """The outcome in the words of the matrix; workers that are alike come in one order."""
    family = sorted((one for one in outcome.members if one.counts), key=_place)
    roles = _roles(family)
    processes = tuple(_process(one, role) for one, role in zip(family, roles, strict=True))
    return Outcome(
        processes=processes,
        order=None,
        survivors=tuple(one.role for one in processes if one.exit is None),
        helpers=tuple(
            sorted(one.base for one in outcome.members if not one.counts and not one.new)
        ),
        port=None if outcome.answers is None else "open" if outcome.answers else "closed",
        left=tuple(sorted(one.kind for one in outcome.left)),
    )


def _place(member: Member) -> tuple[bool, bool, str, str]:
    """The first stays first, newborn ones come last; between them nothing but what they did."""
    return member.new, member.base == "worker", member.base, repr(member.alike)


def _roles(family: Sequence[Member]) -> list[str]:
    """Those that share a role are counted in the order in which they stand here."""
    times = Counter(one.base for one in family)
    seen = Counter[str]()
    roles: list[str] = []
    for one in family:
        seen[one.base] += 1
        roles.append(f"{one.base}#{seen[one.base]}" if times[one.base] > 1 else one.base)
    return roles


def _process(member: Member, role: str) -> Process:
    own = [one for one in member.telling if one.due and not one.handler.library]
    library = [one for one in member.telling if one.handler.library]
    return Process(
        role=role,
        fired=_labels(own, "ran", "raised") if member.observed else None,
        unfinished=_labels(own, "unfinished") if member.observed else None,
        exit=_exit(member.exit),
        raised=_labels(own, "raised"),
        library=_labels(library, "ran", "raised"),
    )


def _labels(runs: Sequence[Any], *fates: str) -> tuple[str, ...]:
    return tuple(one.handler.label for one in runs if one.fate in fates)


def _exit(text: str) -> dict[str, Any] | None:
    word, _, how = text.partition(" ")
    match word:
        case "":
            return None
        case "code":
            return {"code": int(how)}
        case "signal":
            return {"signal": how}
        case _:
            return {"unknown": how or text}
