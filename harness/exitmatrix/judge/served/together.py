"""What all processes of a server come to when its master has done what it does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations_with_replacement, product

from msgspec.structs import replace

from exitmatrix.judge.served.facts import ServedFacts
from exitmatrix.judge.served.process import (
    GOES_ON,
    has_left,
    meanwhile,
    number_processes,
    process_of,
    reaction_of,
)
from exitmatrix.judge.served.python import status_of
from exitmatrix.model import Outcome, Prediction, Process
from exitmatrix.model.outcome import NEW
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction, Stop

MASTER = Process(role="master", fired=(), unfinished=(), exit=None)
OF_PYTHON = ("finalizes", "interrupted", "ends as a process", "exits at once", "default action")
"""Ways to leave about which the laws of programs tell all: no server has a say in them."""
SEEN = "the end of a worker, and the look at it with which the master makes up its status"


def afterwards(
    facts: ServedFacts,
    stop: Stop,
    signal: str,
    workers: Sequence[Process],
    late: Sequence[Process] = (),
) -> Iterator[Process]:
    """All processes when the master has done what it does: it waits for whoever does not leave.

    `late`: workers that it had started before.
    """
    reaped = facts.reaps * sum(one.exit is not None for one in workers)
    waits = any(one.exit is None for one in (*workers, *late)) and not stop.abandons
    if stop.restarts or waits:
        called = stop.hooks if stop.restarts else ()
        yield replace(MASTER, fired=(*reaped, *called))
    else:
        leaves = Reaction(how=facts.leaves, status=stop.status, hooks=(*reaped, *stop.hooks))
        yield process_of("master", facts, leaves, signal)
    yield from workers
    role = f"{NEW}worker"
    anew = process_of(role, facts, replace(GOES_ON, hooks=stop.starts), signal)
    yield from number_processes(
        (*late, *(anew for _ in range(facts.workers * stop.restarts))), role
    )


def late_workers(
    facts: ServedFacts, stop: Stop, gone: int, again: Reaction | None = None
) -> Iterator[tuple[Process, ...]]:
    """Workers in the place of those that are gone, started by a master that was about to stop.

    One whose handler raises may leave so before it has registered all that it would run. `again`:
    what they do by a second signal to all, of which each may be replaced once more.
    """
    yield ()
    if not facts.replaces_late:
        return
    role = f"{NEW}worker"
    reaction = reaction_of(facts, stop.passes)
    done = process_of(role, facts, reaction, stop.passes)
    possible = [done]
    if reaction.interrupts:
        ran = done.fired or ()
        possible += [replace(done, fired=ran[many:]) for many in range(1, len(ran) + 1)]
    if facts.dies_with_parent:
        possible += meanwhile(facts, reaction, "SIGKILL", role)
    if facts.inherits_handlers:
        possible.append(process_of(role, facts, GOES_ON, stop.passes))
    for many in range(1, gone + 1):
        yield from combinations_with_replacement(possible, many)
    if again is None:
        return
    hits = [process_of(role, facts, one, again.then) for one in (again, facts.starting) if one]
    for many, others in product(range(1, gone + 1), range(gone + 1)):
        for hit in combinations_with_replacement(hits, many):
            for some in combinations_with_replacement(possible, others):
                yield (*hit, *some)


def prediction(
    facts: ServedFacts,
    allowed: Sequence[Sequence[Process]],
    laws: Iterable[str],
    races: tuple[str, ...] = (),
) -> Prediction:
    """What is allowed, each a list of processes, with who survives and whether the port answers."""
    outcomes = []
    for processes in allowed:
        alive = tuple(one.role for one in processes if one.exit is None)
        serving = [role for role in alive if role != "master"]
        outcomes.append(
            Outcome(
                processes=tuple(processes),
                order=None,
                survivors=alive,
                helpers=facts.helpers,
                port=("open" if serving else "closed") if facts.listens else None,
            )
        )
    if facts.leaves != "finalizes" and any(
        has_left(one) for processes in allowed for one in processes
    ):
        laws = (*laws, "exits without finalizing")
    own = (f"server-{law.replace(' ', '-')}" for law in laws if law not in OF_PYTHON)
    rules = tuple(dict.fromkeys((*own, *facts.used)))
    return Prediction(outcomes=union(outcomes), rules=rules, races=races)


def laws_of(reaction: Reaction) -> list[str]:
    """The laws by which one process takes a signal."""
    return [reaction.how]


def how_it_stops(stop: Stop) -> str:
    """The law by which a master stops its workers."""
    if stop.abandons:
        return "master ends first"
    if not stop.passes:
        return "stops by message"
    if stop.in_call:
        return "unwinds"
    return "kills its worker" if stop.passes == "SIGKILL" else "passes on"


def each_way(
    facts: ServedFacts,
    stop: Stop,
    signal: str,
    every: Iterable[Sequence[Process]],
    laws: Sequence[str],
    race: str,
) -> Prediction:
    """Whatever the workers come to, of which each is one way in which a race may end."""
    outcomes = [[*afterwards(facts, stop, signal, number_processes(workers))] for workers in every]
    return prediction(facts, outcomes, laws, (race,))


def all_killed(
    facts: ServedFacts, stop: Stop, signal: str, workers: Sequence[Process], laws: Sequence[str]
) -> Prediction:
    """All workers were killed, and the master leaves."""
    statuses = {stop.status}
    if stop.reports:
        by_signal = [one.exit for one in workers[1:] if one.exit and "signal" in one.exit]
        statuses |= {status_of(ended) for ended in by_signal}
    outcomes = [
        [*afterwards(facts, replace(stop, status=status), signal, workers)]
        for status in sorted(statuses)
    ]
    return prediction(facts, outcomes, laws, (SEEN,) if len(statuses) > 1 else ())
