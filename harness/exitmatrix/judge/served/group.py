"""A signal to all processes of a server: each gets it, and then what the master passes on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

from msgspec.structs import replace

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.served.facts import ServedFacts, unwinds
from exitmatrix.judge.served.hits import ORPHANED, REPEATED, master_hit
from exitmatrix.judge.served.process import (
    DEFAULT,
    GOES_ON,
    meanwhile,
    number_processes,
    process_of,
    reaction_of,
    several,
    two_signals,
)
from exitmatrix.judge.served.together import (
    MASTER,
    afterwards,
    all_killed,
    how_it_stops,
    late_workers,
    prediction,
)
from exitmatrix.model import Prediction, Process
from exitmatrix.model.outcome import NEW
from exitmatrix.model.server import Reaction, Stop

RACE = "the signal to the group, and the one that the master passes on"
COUNT = "the reload, and the look at who is gone"


def group_hit(facts: ServedFacts, signal: str) -> Prediction:
    """A signal to all: each worker gets it, and then what the master passes on."""
    stop = None if signal == "SIGKILL" else facts.master.get(signal)
    first = reaction_of(facts, signal)
    if first.how == "goes on":  # so that what the master does is all that counts
        return master_hit(facts, signal)
    if stop is None or first.how == "default action":
        workers = several("worker", facts, first, signal, facts.workers)
        stays = signal != "SIGKILL" and signal in (*facts.ignores, *facts.master)
        if not stays:
            return _all_hit(facts, first, signal, workers)
        if stop is not None and not stop.restarts:
            return all_killed(facts, stop, signal, workers, [first.how])
        if facts.gives_up and stop is not None and stop.misses:
            return _missed(facts, facts.gives_up, signal, workers, first.how)
        if facts.gives_up:
            return all_killed(
                facts, facts.gives_up, signal, workers, [first.how, "stops when a worker ends"]
            )
        new = several("new-worker", facts, GOES_ON, signal, facts.workers)
        if stop is not None and stop.repeats:
            return _too_many(facts, stop, workers, new, first.how)
        master = replace(MASTER, fired=facts.reaps * facts.workers)
        return prediction(facts, [[master, *workers, *new]], [first.how, "replaced"])
    if stop.cut:
        return _cut_off(facts, stop, signal, first)
    stops = [stop]
    if facts.notes and facts.gives_up and not stop.restarts:
        stops.append(replace(stop, status=facts.gives_up.status))
    outcomes = [*_meanwhile(facts, stops, signal, first)]
    if stop.in_call:
        unwinds(facts, child_rests=False)
    laws = [
        how_it_stops(stop),
        first.how,
        "signal to other thread" if facts.stalls else "second signal",
    ]
    laws += ["replaced late"] if facts.replaces_late else []
    laws += ["hit while it starts"] if facts.starting and TERMINATIONS[signal].then else []
    laws += ["lost worker status"] if len(stops) > 1 else []
    laws += ["new worker ignores signal"] if facts.replaces_late and facts.inherits_handlers else []
    laws += (
        ["second signal interrupts"]
        if stop.passes and reaction_of(facts, stop.passes).interrupts
        else []
    )
    laws += ["waits for a lock"] if facts.waits_for_lock else []
    laws += ["nested exit"] if facts.nests else []
    laws += ["log breaks off"] if facts.tells_in_handler and not stop.restarts else []
    return prediction(facts, outcomes, laws, (RACE,))


def _all_hit(
    facts: ServedFacts, first: Reaction, signal: str, workers: Sequence[Process]
) -> Prediction:
    """All get a signal that the master does not handle: it ends at once, and they as they do."""
    master = process_of("master", facts, DEFAULT, signal)
    if not facts.dies_with_parent or signal == "SIGKILL":
        return prediction(facts, [[master, *workers]], [first.how])
    possible = (*workers[:1], *meanwhile(facts, first, "SIGKILL"))
    each = combinations_with_replacement(possible, facts.workers)
    outcomes = [[master, *number_processes(some)] for some in each]
    return prediction(facts, outcomes, [first.how, "dies with its parent"], (ORPHANED,))


def _cut_off(facts: ServedFacts, stop: Stop, signal: str, first: Reaction) -> Prediction:
    """The master is ended while it waits for its workers, and with it whom it has started anew.

    Of those each may have been told before that they are to leave.
    """
    master = process_of("master", facts, replace(DEFAULT, then=stop.cut, called=stop.hooks), signal)
    workers = several("worker", facts, first, signal, facts.workers)
    told = reaction_of(facts, stop.passes)
    role = f"{NEW}worker"
    anew = (process_of(role, facts, told, signal), *meanwhile(facts, told, stop.cut, role))
    late = facts.workers * facts.replaces_late
    outcomes = [
        [master, *workers, *number_processes(some, role)]
        for many in range(late + 1)
        for some in combinations_with_replacement(anew, many)
    ]
    laws = [DEFAULT.how, first.how, *(["replaced late"] if late else [])]
    return prediction(facts, outcomes, laws, (RACE,))


def _meanwhile(
    facts: ServedFacts, stops: Sequence[Stop], signal: str, first: Reaction
) -> Iterator[Sequence[Process]]:
    """What workers that all got a signal come to, and the master, by who is ahead of whom."""
    stop = stops[0]
    again = first if TERMINATIONS[signal].then else None
    possible = two_signals(facts, first, signal, stop.passes)
    by_themselves = possible[:1] if stop.passes else possible  # before the master has told anything
    if facts.stalls and signal != stop.passes:  # of one signal, two that are pending are one
        possible += (process_of("worker", facts, GOES_ON, signal),)
    for some in combinations_with_replacement(possible, facts.workers):
        workers = number_processes(some)
        gone = sum(one in by_themselves for one in some)
        for late in late_workers(facts, stop, gone, again):
            for how in stops if gone else [stop]:
                yield [*afterwards(facts, how, signal, workers, late)]
            if stop.restarts:
                continue
            _, *others = afterwards(facts, stop, signal, workers, late)
            if facts.waits_for_lock:
                yield [replace(MASTER, fired=facts.stuck or stop.hooks), *others]
            if facts.tells_in_handler:
                yield from ([master, *others] for master in _broken_off(facts, others))


def _broken_off(facts: ServedFacts, others: Sequence[Process]) -> Iterator[Process]:
    """The master that waits because it has not counted all who have gone.

    It logs the end of those only that a signal killed, or that had another status than 0.
    """
    gone = [one for one in others if one.exit is not None]
    logged = sum(one.exit != {"code": 0} for one in gone)
    for missed in range(1, logged + 1):
        yield replace(MASTER, fired=facts.reaps * (len(gone) - missed))


def _missed(
    facts: ServedFacts, stop: Stop, signal: str, workers: Sequence[Process], how: str
) -> Prediction:
    """All workers are lost to a master that reloads: it notices before, afterwards, or never."""
    leaves = reaction_of(facts, stop.passes)
    leaving = several("new-worker", facts, leaves, stop.passes, facts.workers)
    new = several("new-worker", facts, GOES_ON, signal, facts.workers)
    outcomes = [
        [*afterwards(facts, stop, signal, workers)],
        [*afterwards(facts, stop, signal, [*workers, *leaving])],
        [MASTER, *workers, *new],
    ]
    return prediction(
        facts, outcomes, [how, "stops when a worker ends", "worker ends in reload"], (COUNT,)
    )


def _too_many(
    facts: ServedFacts, stop: Stop, workers: Sequence[Process], new: Sequence[Process], how: str
) -> Prediction:
    """All workers are replaced by a master that reloads: some of them twice.

    One that it replaces before it comes to the reload is too many then, and is sent away.
    """
    alone = process_of("new-worker", facts, reaction_of(facts, stop.passes), stop.passes)
    leaves = reaction_of(facts, stop.passes)
    again = meanwhile(facts, leaves, stop.passes, "new-worker")
    possible = [alone, *again]
    outcomes = [
        [MASTER, *workers, *number_processes([*new, *some], "new-worker")]
        for many in range(facts.workers + 1)
        for some in combinations_with_replacement(possible, many)
    ]
    return prediction(
        facts, outcomes, [how, "replaced", "reload surplus", "signals twice"], (COUNT, REPEATED)
    )
