"""What the facts of a server allow: signals followed through its processes. Pure.

Three laws hold for every server. A signal that has its default action, or is raised
again with it, ends a process without finalization: no handler of `atexit` runs. A
process that leaves by an exception or by return finalizes: they all run, last registered
first. SIGKILL cannot be handled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement

import msgspec
from msgspec.structs import replace
from packaging.version import Version

from exitmatrix.declare.servers import SERVERS
from exitmatrix.judge.profile import profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.semantics.supervise import SIGNUMS
from exitmatrix.judge.served_data import with_data
from exitmatrix.model import Outcome, Prediction, Process, Record, Scenario
from exitmatrix.model.outcome import NEW
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction, Server, Stop
from exitmatrix.model.tree import GROUP

KILLED = Reaction(how="default action", source="signal(7): SIGKILL cannot be caught")
DEFAULT = Reaction(how="default action", source="signal(7), standard signals")
GOES_ON = Reaction(how="goes on")
TRACKER = "multiprocessing.resource_tracker"
MASTER = Process(role="master", fired=(), unfinished=(), exit=None)
SHUTDOWN = "lifespan:shutdown"
RACE = "the signal to the group, and the one that the master passes on"
COUNT = "the reload, and the look at who is gone"
REPEATED = "the end of a worker, and the same signal once more from the master"
HURRY = "the clean-up of a worker, and the signal that follows the end of the first"
LATE = "the end of a worker, and the signal that follows a second later if it is still there"
SEEN = "the end of a worker, and the look at it with which the master makes up its status"
ORPHANED = "the end of what a worker reads from its master, and the SIGKILL of the kernel"


def facts_of(
    scenario: Scenario, packages: Mapping[str, str], python: str = "", implementation: str = ""
) -> Server:
    """The facts that hold for the release and the Python measured. Raises NotPredicted."""
    known = SERVERS.get(scenario.server, ())
    holding = [
        one
        for one in known
        if (not one.package or one.package in packages)
        and _reaches(packages.get(one.package, ""), one.since)
        and _reaches(python, one.python)
        and one.implementation in ("", implementation)
    ]
    if not holding:
        raise NotPredicted(f"nothing is known of {scenario.server} in this release")
    return max(
        holding,
        key=lambda one: (
            Version(one.since or "0"),
            Version(one.python or "0"),
            one.implementation,
        ),
    )


def _reaches(version: str, since: str) -> bool:
    return not since or (bool(version) and Version(version) >= Version(since))


def predict_served(record: Record, scenario: Scenario) -> Prediction:
    """What a server's facts allow for a cell. Raises NotPredicted."""
    return with_data(_predict(record, scenario), scenario)


def _predict(record: Record, scenario: Scenario) -> Prediction:
    facts = facts_now(record, scenario)
    signal, target = record.termination, record.target
    if not facts.workers or target == "worker":
        return predict_hit(facts, reaction_of(facts, signal), signal)
    if target == GROUP and not facts.apart:
        return _group_hit(facts, signal)
    return _master_hit(facts, signal)


def facts_now(record: Record, scenario: Scenario) -> Server:
    """The facts that hold for a cell, with the helpers of its Python. Raises NotPredicted."""
    python = record.interpreter
    facts = facts_of(
        scenario, record.packages, str(python["version"]), str(python["implementation"])
    )
    if profile(record.interpreter, record.packages).tracker:
        return replace(facts, helpers=(*facts.helpers, *(TRACKER for _ in facts.locks)))
    return facts


def predict_hit(facts: Server, reaction: Reaction, signal: str, then: str = "") -> Prediction:
    """One process that serves does something: the only one, or one of several workers.

    `then`: what a worker gets that has not gone soon enough.
    """
    if not facts.workers:
        told = _process("main", facts, reaction, signal)
        return _prediction(facts, [[told]], _laws(reaction))
    return _worker_hit(facts, reaction, signal, then)


def _laws(reaction: Reaction) -> list[str]:
    """The laws by which one process takes a signal."""
    return [reaction.how, *(["interrupted"] if reaction.then else [])]


def reaction_of(facts: Server, signal: str) -> Reaction:
    """What a worker does on a signal; "": where its master tells it without one."""
    if not signal:
        if facts.told is None:
            raise NotPredicted(f"what a worker of {facts.id} does that is told to stop")
        return facts.told
    return KILLED if signal == "SIGKILL" else facts.worker.get(signal, DEFAULT)


def _worker_hit(facts: Server, reaction: Reaction, signal: str, then: str = "") -> Prediction:
    """One worker does something: what it comes to, and whether the master replaces it."""
    hit = _process("worker", facts, reaction, signal)
    fatal = facts.fatal.get((hit.exit or {}).get("code", -1))
    stop = fatal or facts.gives_up
    if stop and hit.exit is not None:
        how = reaction_of(facts, stop.passes)
        others = _several("others", facts, how, stop.passes, facts.workers - 1)
        law = "halts" if fatal else "gives up"
        return _killed(facts, stop, signal, [hit, *others], [reaction.how, law])
    born = facts.replaces and hit.exit is not None
    master = replace(MASTER, fired=facts.reaps if hit.exit else ())
    follows = facts.follows and hit.exit is not None
    leaves = Reaction(how="finalizes", status=_status(hit.exit))
    beside = [
        *_several("others", facts, GOES_ON, signal, facts.workers - 1),
        *_several("new-worker", facts, GOES_ON, signal, int(born)),
    ]
    first = _process("master", facts, leaves, signal) if follows else master
    ways = (hit, *(_killed_late(facts, hit, then) if then else ()))
    after = "follows" if follows else "replaced" if born else "not replaced"
    return _prediction(
        facts,
        [[first, one, *beside] for one in ways],
        [reaction.how, *([after] if hit.exit else [])],
        (LATE,) if then else (),
    )


def _status(ended: Mapping[str, object] | None) -> int:
    """The status of a process that calls sys.exit with what `subprocess` tells of another."""
    if ended and "signal" in ended:
        return -SIGNUMS[str(ended["signal"])] & 0xFF
    return int(str((ended or {}).get("code", 0)))


def _master_hit(facts: Server, signal: str) -> Prediction:
    """A signal to the master: what it passes on; or its end, and what orphans make of it."""
    if signal in facts.ignores:
        told = [MASTER, *_several("worker", facts, GOES_ON, signal, facts.workers)]
        return _prediction(facts, [told], ["goes on"])
    stop = facts.master.get(signal)
    if signal == "SIGKILL" or stop is None:
        if facts.orphan is None:
            raise NotPredicted(f"what the workers of {facts.id} do without their master")
        laws = [DEFAULT.how, f"orphan {facts.orphan.how}"]
        master = _process("master", facts, DEFAULT, signal)
        leaves = _process("worker", facts, facts.orphan, signal)
        if not facts.dies_with_parent:
            return _prediction(facts, [[master, *in_order((leaves,) * facts.workers)]], laws)
        ways = (leaves, *_killed_anywhere(leaves))
        some_ways = combinations_with_replacement(ways, facts.workers)
        outcomes = [[master, *in_order(some)] for some in some_ways]
        return _prediction(facts, outcomes, [*laws, "dies with its parent"], (ORPHANED,))
    reaction = reaction_of(facts, stop.passes)
    if stop.insists and reaction.how == "goes on":
        workers = _several("worker", facts, KILLED, stop.insists, facts.workers)
        told = [*_after(facts, stop, signal, workers)]
        return _prediction(facts, [told], [_stops(stop), "insists"])
    workers = _several("worker", facts, reaction, stop.passes, facts.workers)
    laws = [_stops(stop), reaction.how]
    first, *others = workers
    if stop.repeats:
        ways = (first, *_killed_late(facts, first, stop.passes))
        ends = combinations_with_replacement(ways, facts.workers)
        return _each(facts, stop, signal, ends, [*laws, "repeats"], REPEATED)
    if stop.hurries and others:
        ways = (first, *_cut_short(first, stop.hurries))
        every = ((first, *some) for some in combinations_with_replacement(ways, len(others)))
        return _each(facts, stop, signal, every, [*laws, "hurries"], HURRY)
    return _prediction(facts, [[*_after(facts, stop, signal, workers)]], laws)


def _stops(stop: Stop) -> str:
    """The law by which a master stops its workers."""
    if not stop.passes:
        return "tells"
    return "kills its worker" if stop.passes == "SIGKILL" else "passes on"


def _each(
    facts: Server,
    stop: Stop,
    signal: str,
    every: Iterable[Sequence[Process]],
    laws: Sequence[str],
    race: str,
) -> Prediction:
    """Whatever the workers come to, of which each is one way in which a race may end."""
    outcomes = [[*_after(facts, stop, signal, in_order(workers))] for workers in every]
    return _prediction(facts, outcomes, laws, (race,))


def _group_hit(facts: Server, signal: str) -> Prediction:
    """A signal to all: each worker gets it, and then what the master passes on."""
    stop = None if signal == "SIGKILL" else facts.master.get(signal)
    first = reaction_of(facts, signal)
    if stop is None or first.how == "default action":
        workers = _several("worker", facts, first, signal, facts.workers)
        stays = signal != "SIGKILL" and signal in (*facts.ignores, *facts.master)
        if not stays:
            told = [_process("master", facts, DEFAULT, signal), *workers]
            return _prediction(facts, [told], [first.how])
        if stop is not None and not stop.restarts:
            return _killed(facts, stop, signal, workers, [first.how])
        if facts.gives_up and stop is not None and stop.misses:
            return _missed(facts, facts.gives_up, signal, workers, first.how)
        if facts.gives_up:
            return _killed(facts, facts.gives_up, signal, workers, [first.how, "gives up"])
        new = _several("new-worker", facts, GOES_ON, signal, facts.workers)
        if stop is not None and stop.repeats:
            return _too_many(facts, stop, workers, new, first.how)
        return _prediction(facts, [[MASTER, *workers, *new]], [first.how, "replaced"])
    if first.how == "goes on":  # so that what the master does is all that counts
        return _master_hit(facts, signal)
    stops = [stop]
    if facts.notes and facts.gives_up and not stop.restarts:
        stops.append(replace(stop, status=facts.gives_up.status))
    outcomes = [*_meanwhile(facts, stops, signal, first)]
    laws = [_stops(stop), first.how, "stalls" if facts.stalls else "second signal"]
    laws += ["replaced late"] if facts.replaces_late else []
    laws += ["notes who is gone"] if len(stops) > 1 else []
    laws += ["waits for a lock"] if facts.waits_for_lock else []
    laws += ["nests"] if facts.nests else []
    return _prediction(facts, outcomes, laws, (RACE,))


def _meanwhile(
    facts: Server, stops: Sequence[Stop], signal: str, first: Reaction
) -> Iterator[Sequence[Process]]:
    """What workers that all got a signal come to, and the master, by who is ahead of whom."""
    stop = stops[0]
    ways = _two_signals(facts, first, signal, stop.passes)
    by_themselves = ways[:1] if stop.passes else ways  # before the master has told anything
    if facts.stalls and signal != stop.passes:  # of one signal, two that are pending are one
        ways += (_process("worker", facts, GOES_ON, signal),)
    for some in combinations_with_replacement(ways, facts.workers):
        workers = in_order(some)
        gone = sum(one in by_themselves for one in some)
        for late in _late_workers(facts, stop, gone):
            for how in stops if gone else [stop]:
                yield [*_after(facts, how, signal, workers, late)]
            if facts.waits_for_lock and not stop.restarts:
                hangs = _process("master", facts, GOES_ON, signal)
                _, *others = _after(facts, stop, signal, workers, late)
                yield [replace(hangs, fired=facts.stuck or stop.hooks), *others]


def _late_workers(facts: Server, stop: Stop, gone: int) -> Iterator[tuple[Process, ...]]:
    """Workers in the place of those that are gone, started by a master that was about to stop."""
    yield ()
    if not facts.replaces_late:
        return
    role = f"{NEW}worker"
    done = _process(role, facts, reaction_of(facts, stop.passes), stop.passes)
    ways = [done]
    if facts.dies_with_parent:
        ways += _killed_anywhere(done)
    for many in range(1, gone + 1):
        yield from combinations_with_replacement(ways, many)


def _killed(
    facts: Server, stop: Stop, signal: str, workers: Sequence[Process], laws: Sequence[str]
) -> Prediction:
    """All workers were killed, and the master leaves."""
    statuses = {stop.status}
    if stop.reports:
        by_signal = [one.exit for one in workers[1:] if one.exit and "signal" in one.exit]
        statuses |= {_status(ended) for ended in by_signal}
    outcomes = [
        [*_after(facts, replace(stop, status=status), signal, workers)]
        for status in sorted(statuses)
    ]
    return _prediction(facts, outcomes, laws, (SEEN,) if len(statuses) > 1 else ())


def _cut_short(alone: Process, signal: str) -> Iterator[Process]:
    """The same process, killed by a signal when it has come so far with its clean-up."""
    return _cut_off(alone, {"signal": signal})


def _cut_off(alone: Process, ended: dict[str, object]) -> Iterator[Process]:
    """The same process, ended in some way when it has come so far with its clean-up."""
    fired = alone.fired or ()
    for many in range(len(fired) + 1):
        yield replace(alone, fired=fired[:many], exit=ended)
        if many < len(fired):
            yield replace(alone, fired=fired[:many], unfinished=(fired[many],), exit=ended)


def _missed(
    facts: Server, stop: Stop, signal: str, workers: Sequence[Process], how: str
) -> Prediction:
    """All workers are lost to a master that reloads: it notices before, afterwards, or never."""
    leaves = reaction_of(facts, stop.passes)
    leaving = _several("new-worker", facts, leaves, stop.passes, facts.workers)
    new = _several("new-worker", facts, GOES_ON, signal, facts.workers)
    outcomes = [
        [*_after(facts, stop, signal, workers)],
        [*_after(facts, stop, signal, [*workers, *leaving])],
        [MASTER, *workers, *new],
    ]
    return _prediction(facts, outcomes, [how, "gives up", "misses"], (COUNT,))


def _too_many(
    facts: Server, stop: Stop, workers: Sequence[Process], new: Sequence[Process], how: str
) -> Prediction:
    """All workers are replaced by a master that reloads: some of them twice.

    One that it replaces before it comes to the reload is too many then, and is sent away.
    """
    alone = _process("new-worker", facts, reaction_of(facts, stop.passes), stop.passes)
    ways = [alone, *_killed_late(facts, alone, stop.passes)]
    outcomes = [
        [MASTER, *workers, *in_order([*new, *some], "new-worker")]
        for many in range(facts.workers + 1)
        for some in combinations_with_replacement(ways, many)
    ]
    return _prediction(facts, outcomes, [how, "replaced", "too many", "repeats"], (COUNT, REPEATED))


def _killed_anywhere(one: Process) -> Iterator[Process]:
    """The same process, killed before or after something it ran by what asks nobody."""
    return (cut for cut in _cut_short(one, "SIGKILL") if not cut.unfinished)


def _two_signals(facts: Server, first: Reaction, signal: str, passed: str) -> tuple[Process, ...]:
    """What a worker may come to that gets one signal, and another while it takes the first.

    The first alone counts; or the second does, when both were noted before either was
    acted upon; or the second comes so late that Python has given signals back their
    default action (Modules/signalmodule.c, `_PySignal_Fini`), and kills a process whose
    handlers have run. Of ASGI servers a second SIGINT skips the lifespan.
    """
    alone = _process("worker", facts, first, signal)
    if not passed:  # the signal is there before the master has told anything
        ends = (first, first.hurried) if first.hurried else (first,)
        return tuple(_process("worker", facts, one, signal) for one in ends)
    second = reaction_of(facts, passed)
    if facts.nests and passed == signal:  # it is blocked for as long as it is handled
        return (alone,)
    ways = [alone]
    if second.how != "goes on":
        ways.append(_process("worker", facts, second, passed))
    if first.how == "finalizes":
        ways += _killed_late(facts, alone, passed)
        ways += _cut_off(alone, {"code": second.status}) if facts.nests else ()
        if facts.asgi and signal == "SIGINT":
            hurried = [one for one in (alone, *ways[2:]) if SHUTDOWN in (one.fired or ())]
            ways += [replace(one, fired=one.fired[1:]) for one in hurried if one.fired]
    return tuple({msgspec.json.encode(one): one for one in ways}.values())


def _killed_late(facts: Server, alone: Process, passed: str) -> Iterator[Process]:
    """The same process, killed by a signal that has its default action once more.

    After its handlers have run; or before and among them, where the server gives the
    signal back before the interpreter finalizes, or where nothing can handle it.
    """
    fired = alone.fired or ()
    before = sum(name == SHUTDOWN for name in fired)
    anywhere = facts.restores or passed == "SIGKILL"  # which asks nobody
    least = before if anywhere else len(fired)
    return (cut for cut in _cut_short(alone, passed) if len(cut.fired or ()) >= least)


def in_order(workers: Sequence[Process], role: str = "worker") -> tuple[Process, ...]:
    """The same, numbered as observation numbers them: by what they did, and one alone not."""
    alike = sorted(workers, key=lambda one: msgspec.json.encode(replace(one, role=role)))
    return tuple(
        replace(one, role=name) for name, one in zip(_roles(role, len(alike)), alike, strict=True)
    )


def _after(
    facts: Server,
    stop: Stop,
    signal: str,
    workers: Sequence[Process],
    late: Sequence[Process] = (),
) -> Iterator[Process]:
    """All processes when the master has done what it does: it waits for whoever does not leave.

    `late`: workers that it had started before.
    """
    reaped = facts.reaps * sum(one.exit is not None for one in workers)
    if stop.restarts or any(one.exit is None for one in workers):
        yield replace(MASTER, fired=reaped)
    else:
        leaves = Reaction(how=facts.leaves, status=stop.status, hooks=(*reaped, *stop.hooks))
        yield _process("master", facts, leaves, signal)
    yield from workers
    role = f"{NEW}worker"
    anew = _process(role, facts, GOES_ON, signal)
    yield from in_order((*late, *(anew for _ in range(facts.workers * stop.restarts))), role)


def _several(
    role: str, facts: Server, reaction: Reaction, signal: str, many: int
) -> tuple[Process, ...]:
    return tuple(_process(name, facts, reaction, signal) for name in _roles(role, many))


def _roles(role: str, many: int) -> Sequence[str]:
    """`worker` where there is one, else `worker#1`, `worker#2`."""
    return [role] if many == 1 else [f"{role}#{number}" for number in range(1, many + 1)]


def _process(role: str, facts: Server, reaction: Reaction, signal: str) -> Process:
    """A process that takes a signal in some way."""
    base = role.partition("#")[0].replace("others", "worker").removeprefix(NEW)
    has = base in facts.imports
    lifespan = (SHUTDOWN,) if has and facts.asgi and reaction.lifespan else ()
    hooks = (*lifespan, *reaction.hooks)
    how: dict[str, object] | None
    fired: tuple[str, ...]
    match reaction.how:
        case "goes on" | "waits":
            fired, how = hooks, None
        case "finalizes":
            fired = (*hooks, *(facts.handlers if has else ()))
            how = {"signal": reaction.then} if reaction.then else {"code": reaction.status}
        case "exits at once":
            fired = (*hooks, *(facts.handlers if has and reaction.atexit else ()))
            how = {"code": reaction.status}
        case "raises again":
            fired, how = hooks, {"signal": signal}
        case _:
            fired, how = (), {"signal": signal}
    # A master gives work to others; of one that goes on nothing is told before it is done.
    done = base == "master" or how is None or set(facts.busy) <= set(fired)
    return Process(
        role=role,
        fired=fired,
        unfinished=() if done else facts.busy,
        exit=how,
        raised=reaction.raised,
    )


def _has_left(one: Process) -> bool:
    """Whether it is a master that has gone by itself."""
    return one.role == "master" and "code" in (one.exit or {})


def _prediction(
    facts: Server,
    allowed: Sequence[Sequence[Process]],
    laws: Iterable[str],
    races: tuple[str, ...] = (),
) -> Prediction:
    outcomes = []
    for told in allowed:
        alive = tuple(one.role for one in told if one.exit is None)
        serving = [role for role in alive if role != "master"]
        outcomes.append(
            Outcome(
                processes=tuple(told),
                order=None,
                survivors=alive,
                helpers=facts.helpers,
                port=("open" if serving else "closed") if facts.listens else None,
            )
        )
    if facts.leaves != "finalizes" and any(_has_left(one) for told in allowed for one in told):
        laws = (*laws, "leaves past python")
    used = dict.fromkeys(f"server-{law.replace(' ', '-')}" for law in laws)
    return Prediction(outcomes=union(outcomes), rules=tuple(used), races=races)
