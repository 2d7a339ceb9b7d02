"""What happens in one outcome, in sentences for someone who writes programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from exitmatrix.model import Outcome, Process
from exitmatrix.model.outcome import NEW, Launching, started_later
from exitmatrix.model.tree import MAIN
from exitmatrix.report.phrases import cut_short, fate

_OUTPUT = {
    "kept": "",  # what everybody expects goes without saying
    "lost": "What it had printed and not flushed is lost",
    "twice": "What it had printed before the fork arrives twice",
    "kept or lost": "What it had printed and not flushed may be lost",
}


def sentences(outcome: Outcome) -> str:
    """The outcome, process by process, and what is left behind."""
    parts = [part for one in _alike_together(outcome) for part in one]
    return " ".join(f"{part}." for part in (*parts, *_afterwards(outcome)))


def _alike_together(outcome: Outcome) -> Iterator[list[str]]:
    """Process by process; of numbered ones that did the same one speaks for each."""
    roles = {one.role for one in outcome.processes}
    grouped: dict[tuple[str, str], list[Process]] = {}
    for one in outcome.processes:
        base = one.role.partition("#")[0]
        kind = base if base not in roles else one.role
        grouped.setdefault((kind, str(replace(one, role=kind))), []).append(one)
    for (kind, _), some in grouped.items():
        parts = list(_process(some[0], outcome))
        if len(some) > 1:
            parts[0] = parts[0].replace(_subject(some[0], outcome), f"Each {kind}", 1)
        yield parts


def _process(process: Process, outcome: Outcome) -> Iterator[str]:
    subject = _subject(process, outcome)
    yield f"{subject} {_handlers(process)}, {_end(process, outcome)}"
    if cut_short(process, outcome.cut):
        yield "At which moment it is killed is chance, and it may get less far"
    if process.raised:
        after = ", and more handlers ran after that" if _went_on(process) else ""
        yield f"{_list(process.raised)} raised{after}"
    if output := _OUTPUT[fate(process, outcome.cut) or "kept"]:
        yield output


def _subject(process: Process, outcome: Outcome) -> str:
    base, number, _ = process.role.partition("#")
    if len(outcome.processes) == 1 or base == MAIN:
        return "The program"
    if base == f"{NEW}{MAIN}":
        return "A new process of the program"
    if base == "others":
        return f"Another worker ({process.role})" if number else "The other worker"
    if started_later(process.role, outcome):
        return f"A new {base.removeprefix(NEW)}" + (f" ({process.role})" if number else "")
    return f"The {base}" if not number else f"{base.capitalize()} {process.role[len(base) + 1 :]}"


def _handlers(process: Process) -> str:
    """What its handlers did: with the verb."""
    if process.fired is None or process.unfinished is None:
        return "could not be seen from inside"
    if process.exit is None and not process.fired and not process.unfinished:
        return "has run no handler"
    if not process.fired and not process.unfinished:
        return "runs no handler"
    words = []
    if process.fired:
        several = "s" if len(process.fired) > 1 else ""
        words.append(f"runs its handler{several} {_list(process.fired)}")
    if process.unfinished:
        words.append(f"{'begins' if not words else 'then begins'} {_list(process.unfinished)}")
        words[-1] += " but does not get to the end of it"
    return ", ".join(words)


def _end(process: Process, outcome: Outcome) -> str:
    """How it ended; of those that live, the last one is the one that answers."""
    serves = outcome.port == "open" and (process.role,) == outcome.survivors[-1:]
    return "and still serves" if process.exit is None and serves else _exit(process.exit)


def _exit(status: dict[str, Any] | None) -> str:
    match status:
        case None:
            return "and goes on"
        case {"code": value}:
            return f"and exits with status {value}"
        case {"signal": value}:
            return f"and is killed by {value}"
        case _:
            return f"and ends in a way that was not seen: {status.get('unknown', '')}"


def _went_on(process: Process) -> bool:
    fired = process.fired or ()
    return fired[-1:] != process.raised[-1:]


def _afterwards(outcome: Outcome) -> Iterator[str]:
    for one, count in Counter(map(_launcher, outcome.launchers)).items():
        name, goes = one
        yield f"Its launcher, {name}, {goes}" if count == 1 else f"Each {name} above it {goes}"
    if outcome.answer and outcome.survivors:
        words = {"none": "gets no answer", "either": "gets an answer or none"}
        yield f"The client {words.get(outcome.answer, f'gets status {outcome.answer}')}"
    if outcome.client:
        words = {
            "cut": "gets a part of an answer",
            "closed": "gets no answer: its connection is closed",
            "reset": "gets no answer: its connection is reset",
            "waits": "gets no answer, and waits",
        }
        yield f"The client {words.get(outcome.client, f'gets status {outcome.client}')}"
    if outcome.port == "closed":
        yield "Nobody answers HTTP any more"
    for state in dict.fromkeys(sorted((outcome.data or {}).values())):
        kinds = [kind for kind, one in (outcome.data or {}).items() if one == state]
        yield f"{state.capitalize()}: {_list(kinds)}"
    if outcome.left:
        yield f"Left behind in shared memory: {_list(outcome.left)}"


def _launcher(one: Launching) -> tuple[str, str]:
    """Its name, and what becomes of it."""
    return one.name, _exit(one.exit).removeprefix("and ")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
