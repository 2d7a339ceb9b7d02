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
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.semantics.supervise import SIGNUMS
from exitmatrix.model import Frozen, Outcome, Prediction, Process, Record, Scenario
from exitmatrix.model.outcome import NEW
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction, Server, Stop
from exitmatrix.model.tree import GROUP


class ServerLaw(Frozen, kw_only=True):
    """What holds for every server, whatever its facts."""

    because: str
    source: str


LAWS: Mapping[str, ServerLaw] = {
    "server-finalizes": ServerLaw(
        because="The process leaves by an exception or by return, so the interpreter finalizes and"
        " runs the handlers of atexit.",
        source="Python/pylifecycle.c, Py_FinalizeEx",
    ),
    "server-exits-at-once": ServerLaw(
        because="The worker is a fork of multiprocessing, which ends it with os._exit instead of"
        " finalizing. Since Python 3.13 the handlers of atexit run before that; until 3.12 they do"
        " not run.",
        source="Lib/multiprocessing/popen_fork.py, _launch; gh-83856",
    ),
    "server-raises-again": ServerLaw(
        because="The server stops, gives the signal its default action back and sends it to itself:"
        " the process is killed before the interpreter finalizes.",
        source="uvicorn/server.py, capture_signals (0.29)",
    ),
    "server-default-action": ServerLaw(
        because="Nothing handles the signal there, so that it ends the process at once.",
        source="signal(7)",
    ),
    "server-goes-on": ServerLaw(
        because="The signal is handled or ignored, and nobody leaves.", source="signal(7)"
    ),
    "server-passes-on": ServerLaw(
        because="The master passes a signal on to its workers, waits for them, and exits.",
        source="gunicorn/arbiter.py, stop; uvicorn/supervisors/multiprocess.py, terminate_all",
    ),
    "server-asks": ServerLaw(
        because="The master asks its workers to stop without a signal: by an event that each of"
        " them looks at from time to time.",
        source="hypercorn/run.py, shutdown and reload",
    ),
    "server-hurries": ServerLaw(
        because="As soon as the first worker has gone, the master ends the others with a signal,"
        " however far they are with their clean-up.",
        source="hypercorn/run.py, run: wait for any of them, then process.terminate()",
    ),
    "server-repeats": ServerLaw(
        because="The master may pass its signal on once more while a worker leaves. When that comes"
        " late, Python has given signals back their default action: the worker is killed, and its"
        " handlers have run.",
        source="gunicorn 20.1, arbiter.py, manage_workers; Modules/signalmodule.c, _PySignal_Fini",
    ),
    "server-too-many": ServerLaw(
        because="The master replaces a worker that is gone before it comes to the reload, which"
        " starts as many as there should be once more, and those that are too many are sent away.",
        source="gunicorn 20.1, arbiter.py, run and manage_workers",
    ),
    "server-misses": ServerLaw(
        because="A worker that is lost when its master reloads is noticed before, and the master"
        " gives up; or afterwards, and it gives up with its new workers; or not at all.",
        source="granian/server/common.py, _serve_loop and _reload: main_loop_interrupt.clear()",
    ),
    "server-stalls": ServerLaw(
        because="A worker gets the signal to the group, and another from its master at once. Linux"
        " may give both to another thread than the main one, which alone runs Python's handlers"
        " and is not interrupted: it waits on, nobody leaves, and the master waits too.",
        source="kernel/signal.c, complete_signal; signal, Execution of Python signal handlers",
    ),
    "server-insists": ServerLaw(
        because="A worker does nothing about the signal that its master passes on, so that it is"
        " killed by SIGKILL when the time of grace is over.",
        source="gunicorn/arbiter.py, stop",
    ),
    "server-gives-up": ServerLaw(
        because="The master sees that a worker is gone, ends the others and exits: with a status of"
        " its own, or that of a worker which was killed after the first and is gone by then.",
        source="hypercorn/run.py, _join_exited; granian/server/common.py, shutdown",
    ),
    "server-replaced": ServerLaw(
        because="The master sees that a worker is gone and starts another in its place.",
        source="gunicorn/arbiter.py, manage_workers; uvicorn/supervisors/multiprocess.py,"
        " keep_subprocess_alive",
    ),
    "server-not-replaced": ServerLaw(
        because="The master does not look whether its workers live.",
        source="uvicorn 0.29, supervisors/multiprocess.py",
    ),
    "server-orphan-finalizes": ServerLaw(
        because="A worker looks whether its parent is still the same, and leaves when it is not.",
        source="gunicorn/workers/sync.py, is_parent_alive",
    ),
    "server-orphan-goes-on": ServerLaw(
        because="Nothing tells a worker that its master is gone: it goes on serving.",
        source="credentials(7): an orphan has another parent, and is sent no signal",
    ),
    "server-second-signal": ServerLaw(
        because="A worker gets the signal that was sent to the group, and the one that its master"
        " passes on. The second may come when the first has been acted upon.",
        source="Modules/signalmodule.c, _PySignal_Fini: signals have their default action again",
    ),
}

KILLED = Reaction(how="default action", source="signal(7): SIGKILL cannot be caught")
DEFAULT = Reaction(how="default action", source="signal(7), standard signals")
GOES_ON = Reaction(how="goes on")
MASTER = Process(role="master", fired=(), unfinished=(), exit=None)
SHUTDOWN = "lifespan:shutdown"
RACE = "the signal to the group, and the one that the master passes on"
COUNT = "the reload, and the look at who is gone"
REPEATED = "the end of a worker, and the same signal once more from the master"
HURRY = "the clean-up of a worker, and the signal that follows the end of the first"
SEEN = "the end of a worker, and the look at it with which the master makes up its status"


def facts_of(scenario: Scenario, packages: Mapping[str, str], python: str = "") -> Server:
    """The facts that hold for the release and the Python measured. Raises NotPredicted."""
    known = SERVERS.get(scenario.server, ())
    holding = [
        one
        for one in known
        if one.package in packages
        and _reaches(packages[one.package], one.since)
        and _reaches(python, one.python)
    ]
    if not holding:
        raise NotPredicted(f"nothing is known of {scenario.server} in this release")
    return max(holding, key=lambda one: (Version(one.since or "0"), Version(one.python or "0")))


def _reaches(version: str, since: str) -> bool:
    return not since or (bool(version) and Version(version) >= Version(since))


def predict_served(record: Record, scenario: Scenario) -> Prediction:
    """What a server's facts allow for a cell. Raises NotPredicted."""
    facts = facts_of(scenario, record.packages, str(record.interpreter["version"]))
    signal, target = record.termination, record.target
    if not facts.workers:
        reaction = _reaction(facts, signal)
        return _prediction(facts, [[_process("main", facts, reaction, signal)]], [reaction.how])
    if target == "worker":
        return _worker_hit(facts, signal)
    if target == GROUP:
        return _group_hit(facts, signal)
    return _master_hit(facts, signal)


def _reaction(facts: Server, signal: str) -> Reaction:
    return KILLED if signal == "SIGKILL" else facts.worker.get(signal, DEFAULT)


def _worker_hit(facts: Server, signal: str) -> Prediction:
    """A signal to one worker: what it does, and whether the master replaces it."""
    reaction = _reaction(facts, signal)
    hit = _process("worker", facts, reaction, signal)
    if facts.gives_up and hit.exit is not None:
        stop = facts.gives_up
        how = _stopping(facts, stop)
        others = _several("others", facts, how, stop.passes, facts.workers - 1)
        return _killed(facts, stop, signal, [hit, *others], [reaction.how, "gives up"])
    born = facts.replaces and hit.exit is not None
    told = [
        MASTER,
        hit,
        *_several("others", facts, GOES_ON, signal, facts.workers - 1),
        *_several("new-worker", facts, GOES_ON, signal, int(born)),
    ]
    return _prediction(facts, [told], [reaction.how, "replaced" if born else "not replaced"])


def _master_hit(facts: Server, signal: str) -> Prediction:
    """A signal to the master: what it passes on; or its end, and what orphans make of it."""
    if signal in facts.ignores:
        told = [MASTER, *_several("worker", facts, GOES_ON, signal, facts.workers)]
        return _prediction(facts, [told], ["goes on"])
    stop = facts.master.get(signal)
    if signal == "SIGKILL" or stop is None:
        if facts.orphan is None:
            raise NotPredicted(f"what the workers of {facts.id} do without their master")
        workers = _several("worker", facts, facts.orphan, signal, facts.workers)
        told = [_process("master", facts, DEFAULT, signal), *workers]
        return _prediction(facts, [told], [DEFAULT.how, f"orphan {facts.orphan.how}"])
    reaction = _stopping(facts, stop)
    if stop.insists and reaction.how == "goes on":
        workers = _several("worker", facts, KILLED, stop.insists, facts.workers)
        told = [*_after(facts, stop, signal, workers)]
        return _prediction(facts, [told], ["passes on", "insists"])
    workers = _several("worker", facts, reaction, stop.passes, facts.workers)
    laws = ["asks" if stop.asks else "passes on", reaction.how]
    first, *others = workers
    if stop.repeats:
        ways = [first, *_killed_late(facts, first, stop.passes)]
        ends = combinations_with_replacement(ways, facts.workers)
        return _each(facts, stop, signal, ends, [*laws, "repeats"], REPEATED)
    if stop.hurries and others:
        ways = [first, *_cut_short(first, stop.hurries)]
        every = ((first, *some) for some in combinations_with_replacement(ways, len(others)))
        return _each(facts, stop, signal, every, [*laws, "hurries"], HURRY)
    return _prediction(facts, [[*_after(facts, stop, signal, workers)]], laws)


def _each(
    facts: Server,
    stop: Stop,
    signal: str,
    every: Iterable[Sequence[Process]],
    laws: Sequence[str],
    race: str,
) -> Prediction:
    """Whatever the workers come to, of which each is one way in which a race may end."""
    outcomes = [[*_after(facts, stop, signal, _in_order(workers))] for workers in every]
    return _prediction(facts, outcomes, laws, (race,))


def _group_hit(facts: Server, signal: str) -> Prediction:
    """A signal to all: each worker gets it, and then what the master passes on."""
    stop = None if signal == "SIGKILL" else facts.master.get(signal)
    first = _reaction(facts, signal)
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
    if first.how == "goes on":
        return _master_hit(facts, signal)
    ways = _two_signals(facts, first, signal, stop.passes)
    if facts.stalls and signal != stop.passes:  # of one signal, two that are pending are one
        ways += (_process("worker", facts, GOES_ON, signal),)
    every = combinations_with_replacement(ways, facts.workers)
    laws = ["passes on", first.how, "stalls" if facts.stalls else "second signal"]
    return _each(facts, stop, signal, every, laws, RACE)


def _stopping(facts: Server, stop: Stop) -> Reaction:
    """What workers do that their master stops."""
    return stop.asks or _reaction(facts, stop.passes)


def _killed(
    facts: Server, stop: Stop, signal: str, workers: Sequence[Process], laws: Sequence[str]
) -> Prediction:
    """All workers were killed, and the master leaves."""
    statuses = {stop.status}
    if stop.reports:
        by = (str(one.exit["signal"]) for one in workers[1:] if one.exit and "signal" in one.exit)
        statuses |= {256 - SIGNUMS[name] for name in by}
    outcomes = [
        [*_after(facts, replace(stop, status=status), signal, workers)]
        for status in sorted(statuses)
    ]
    return _prediction(facts, outcomes, laws, (SEEN,) if len(statuses) > 1 else ())


def _cut_short(alone: Process, signal: str) -> Iterator[Process]:
    """The same process, killed by a signal when it has come so far with its clean-up."""
    fired = alone.fired or ()
    for many in range(len(fired) + 1):
        yield replace(alone, fired=fired[:many], exit={"signal": signal})
        if many < len(fired):
            yield replace(
                alone, fired=fired[:many], unfinished=(fired[many],), exit={"signal": signal}
            )


def _missed(
    facts: Server, stop: Stop, signal: str, workers: Sequence[Process], how: str
) -> Prediction:
    """All workers are lost to a master that reloads: it notices before, afterwards, or never."""
    leaving = _several("new-worker", facts, _stopping(facts, stop), stop.passes, facts.workers)
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
    alone = _process("new-worker", facts, _stopping(facts, stop), stop.passes)
    ways = [alone, *_killed_late(facts, alone, stop.passes)]
    outcomes = [
        [MASTER, *workers, *_in_order([*new, *some], "new-worker")]
        for many in range(facts.workers + 1)
        for some in combinations_with_replacement(ways, many)
    ]
    return _prediction(facts, outcomes, [how, "replaced", "too many", "repeats"], (COUNT, REPEATED))


def _two_signals(facts: Server, first: Reaction, signal: str, passed: str) -> tuple[Process, ...]:
    """What a worker may come to that gets one signal, and another while it takes the first.

    The first alone counts; or the second does, when both were noted before either was
    acted upon; or the second comes so late that Python has given signals back their
    default action (Modules/signalmodule.c, `_PySignal_Fini`), and kills a process whose
    handlers have run. Of ASGI servers a second SIGINT skips the lifespan.
    """
    alone = _process("worker", facts, first, signal)
    second = _reaction(facts, passed)
    ways = [alone]
    if second.how != "goes on":
        ways.append(_process("worker", facts, second, passed))
    if first.how == "finalizes":
        ways += _killed_late(facts, alone, passed)
        if facts.asgi and signal == "SIGINT":
            hurried = [one for one in (alone, *ways[2:]) if SHUTDOWN in (one.fired or ())]
            ways += [replace(one, fired=one.fired[1:]) for one in hurried if one.fired]
    return tuple({msgspec.json.encode(one): one for one in ways}.values())


def _killed_late(facts: Server, alone: Process, passed: str) -> Iterator[Process]:
    """The same process, killed by a signal that has its default action once more.

    After its handlers have run; or before and among them, where the server gives the
    signal back before the interpreter finalizes.
    """
    fired = alone.fired or ()
    own = tuple(name for name in fired if name != SHUTDOWN)
    before = fired[: len(fired) - len(own)]
    for many in range(len(own) + 1) if facts.restores else (len(own),):
        yield replace(alone, fired=(*before, *own[:many]), exit={"signal": passed})
        if facts.restores and many < len(own):
            yield replace(
                alone,
                fired=(*before, *own[:many]),
                unfinished=(own[many],),
                exit={"signal": passed},
            )


def _in_order(workers: Sequence[Process], role: str = "worker") -> tuple[Process, ...]:
    """The same, numbered as observation numbers them: by what they did, and one alone not."""
    alike = sorted(workers, key=lambda one: msgspec.json.encode(replace(one, role=role)))
    if len(alike) == 1:
        return (replace(alike[0], role=role),)
    return tuple(replace(one, role=f"{role}#{number}") for number, one in enumerate(alike, start=1))


def _after(facts: Server, stop: Stop, signal: str, workers: Sequence[Process]) -> Iterator[Process]:
    """All processes when the master has done what it does: it waits for whoever does not leave."""
    if stop.restarts or any(one.exit is None for one in workers):
        yield MASTER
    else:
        yield _process("master", facts, Reaction(how="finalizes", status=stop.status), signal)
    yield from workers
    if stop.restarts:
        yield from _several("new-worker", facts, GOES_ON, signal, facts.workers)


def _several(
    role: str, facts: Server, reaction: Reaction, signal: str, many: int
) -> tuple[Process, ...]:
    names = [role] if many == 1 else [f"{role}#{number}" for number in range(1, many + 1)]
    return tuple(_process(name, facts, reaction, signal) for name in names[:many])


def _process(role: str, facts: Server, reaction: Reaction, signal: str) -> Process:
    """A process that takes a signal in some way."""
    base = role.partition("#")[0].replace("others", "worker").removeprefix(NEW)
    has = base in facts.imports
    lifespan = (SHUTDOWN,) if has and facts.asgi and reaction.lifespan else ()
    how: dict[str, object] | None
    fired: tuple[str, ...]
    match reaction.how:
        case "goes on":
            fired, how = (), None
        case "finalizes":
            fired = (*lifespan, *(facts.handlers if has else ()))
            how = {"code": reaction.status}
        case "exits at once":
            fired = (*lifespan, *(facts.handlers if has and reaction.atexit else ()))
            how = {"code": reaction.status}
        case "raises again":
            fired, how = lifespan, {"signal": signal}
        case _:
            fired, how = (), {"signal": signal}
    return Process(role=role, fired=fired, unfinished=(), exit=how)


def _prediction(
    facts: Server,
    allowed: Iterable[Sequence[Process]],
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
                port="open" if serving else "closed",
            )
        )
    used = dict.fromkeys(f"server-{law.replace(' ', '-')}" for law in laws)
    return Prediction(outcomes=union(outcomes), rules=tuple(used), races=races)
