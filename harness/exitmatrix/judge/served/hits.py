"""A signal to one process of a server: to a worker, to its master, or to the only one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

from msgspec.structs import replace

from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.facts import ServedFacts
from exitmatrix.judge.served.process import (
    DEFAULT,
    GOES_ON,
    KILLED_AT_ONCE,
    meanwhile,
    number_processes,
    process_of,
    reaction_of,
    several,
)
from exitmatrix.judge.served.python import status_of
from exitmatrix.judge.served.together import (
    MASTER,
    afterwards,
    all_killed,
    each_way,
    how_it_stops,
    laws_of,
    prediction,
)
from exitmatrix.model import Prediction, Process
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction, Stop

HURRY = "the clean-up of a worker, and the signal that follows the end of another"
LATE = "the end of a worker, and the signal that follows a second later if it is still there"
REPEATED = "the end of a worker, and the same signal once more from the master"
ORPHANED = "the end of what a worker reads from its master, and the SIGKILL of the kernel"


def predict_hit(facts: ServedFacts, reaction: Reaction, signal: str, then: str = "") -> Prediction:
    """One process that serves does something: the only one, or one of several workers.

    `then`: what a worker gets that has not gone soon enough.
    """
    if not facts.workers:
        process = process_of("main", facts, reaction, signal)
        return prediction(facts, [[process]], laws_of(reaction))
    return _worker_hit(facts, reaction, signal, then)


def _worker_hit(facts: ServedFacts, reaction: Reaction, signal: str, then: str = "") -> Prediction:
    """One worker does something: what it comes to, and whether the master replaces it."""
    hit = process_of("worker", facts, reaction, signal)
    status = (hit.exit or {}).get("code", -1)
    fatal = facts.fatal.get(status)
    anew = reaction.anew or status in facts.renews
    stop = None if anew else fatal or facts.gives_up
    if stop and hit.exit is not None:
        law = "cannot start status" if fatal else "stops when a worker ends"
        return _all_stopped(facts, stop, signal, hit, [reaction.how, law])
    born = (facts.replaces or anew) and hit.exit is not None
    master = replace(MASTER, fired=facts.reaps if hit.exit else ())
    follows = facts.follows and not anew and hit.exit is not None
    beside = [
        *several("others", facts, GOES_ON, signal, facts.workers - 1),
        *several("new-worker", facts, GOES_ON, signal, int(born)),
    ]
    first = master
    if follows:
        leaves = Reaction(how="finalizes", status=status_of(hit.exit))
        first = process_of("master", facts, leaves, signal)
    possible = (hit, *(meanwhile(facts, reaction, then) if then else ()))
    after = "exits as its worker" if follows else "replaced" if born else "not replaced"
    return prediction(
        facts,
        [[first, one, *beside] for one in possible],
        [reaction.how, *([after] if hit.exit else [])],
        (LATE,) if then else (),
    )


def _all_stopped(
    facts: ServedFacts, stop: Stop, signal: str, hit: Process, laws: Sequence[str]
) -> Prediction:
    """One worker is gone, and its master stops the others and leaves."""
    many = facts.workers - 1
    if not many:
        return all_killed(facts, stop, signal, [hit], laws)
    how = reaction_of(facts, stop.passes)
    if not stop.hurries:
        others = several("others", facts, how, stop.passes, many)
        return all_killed(facts, stop, signal, [hit, *others], laws)
    possible = meanwhile(facts, how, stop.hurries, "others")
    each = [
        all_killed(
            facts,
            stop,
            signal,
            [hit, *number_processes(some, "others")],
            [*laws, "first end ends all"],
        )
        for some in combinations_with_replacement(possible, many)
    ]
    races = dict.fromkeys((HURRY, *(race for made in each for race in made.races)))
    outcomes = union(one for made in each for one in made.outcomes)
    return replace(each[-1], outcomes=outcomes, races=tuple(races))


def master_hit(facts: ServedFacts, signal: str) -> Prediction:
    """A signal to the master: what it passes on; or its end, and what orphans make of it."""
    if signal in facts.ignores:
        processes = [MASTER, *several("worker", facts, GOES_ON, signal, facts.workers)]
        return prediction(facts, [processes], ["goes on"])
    stop = facts.master.get(signal)
    if signal == "SIGKILL" or stop is None or stop.cut:
        if facts.orphan is None:
            raise NotPredicted(f"what the workers of {facts.id} do without their master")
        laws = [DEFAULT.how, f"orphan {facts.orphan.how}"]
        ended = replace(DEFAULT, then=stop.cut, called=stop.hooks) if stop else DEFAULT
        master = process_of("master", facts, ended, signal)
        leaves = process_of("worker", facts, facts.orphan, signal)
        if not facts.dies_with_parent:
            return prediction(facts, [[master, *number_processes((leaves,) * facts.workers)]], laws)
        possible = (leaves, *meanwhile(facts, facts.orphan, "SIGKILL"))
        several_ends = combinations_with_replacement(possible, facts.workers)
        outcomes = [[master, *number_processes(some)] for some in several_ends]
        return prediction(facts, outcomes, [*laws, "dies with its parent"], (ORPHANED,))
    alone = facts.orphan or GOES_ON
    reaction = alone if stop.abandons else reaction_of(facts, stop.passes)
    if stop.insists and reaction.how == "goes on":
        workers = several("worker", facts, KILLED_AT_ONCE, stop.insists, facts.workers)
        processes = [*afterwards(facts, stop, signal, workers)]
        return prediction(facts, [processes], [how_it_stops(stop), "kills after grace"])
    workers = several("worker", facts, reaction, stop.passes, facts.workers)
    laws = [how_it_stops(stop), reaction.how]
    first, *others = workers
    if stop.repeats:
        possible = (first, *meanwhile(facts, reaction, stop.passes))
        ends = combinations_with_replacement(possible, facts.workers)
        return each_way(facts, stop, signal, ends, [*laws, "signals twice"], REPEATED)
    if stop.hurries and others:
        possible = (first, *meanwhile(facts, reaction, stop.hurries))
        every = ((first, *some) for some in combinations_with_replacement(possible, len(others)))
        return each_way(facts, stop, signal, every, [*laws, "first end ends all"], HURRY)
    return prediction(facts, [[*afterwards(facts, stop, signal, workers)]], laws)


def resized(facts: ServedFacts, signal: str) -> Prediction:
    """A signal to the master by which it starts a worker more, or sends one away."""
    more = facts.resizes[signal]
    stay = several("worker", facts, GOES_ON, signal, facts.workers)
    if more > 0:
        new = several("new-worker", facts, GOES_ON, signal, more)
        return prediction(facts, [[MASTER, *stay, *new]], ["starts another"])
    reaction = reaction_of(facts, "SIGTERM")
    leaves = process_of("worker", facts, reaction, "SIGTERM")
    master = replace(MASTER, fired=facts.reaps)
    # It looks again each second, and whenever a child ends, whether there are too many.
    possible = (leaves, *meanwhile(facts, reaction, "SIGTERM"))
    outcomes = [[master, *number_processes((one, *stay[1:]))] for one in possible]
    return prediction(facts, outcomes, ["sends one away", "signals twice"], (REPEATED,))
