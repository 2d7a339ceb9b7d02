"""What one process of a server comes to: by a signal, by two, or cut off on its way. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.semantics.supervise import SIGNUMS
from exitmatrix.model import Process
from exitmatrix.model.outcome import NEW
from exitmatrix.model.server import Reaction, Server

KILLED = Reaction(how="default action", source="signal(7): SIGKILL cannot be caught")
DEFAULT = Reaction(how="default action", source="signal(7), standard signals")
GOES_ON = Reaction(how="goes on")
SHUTDOWN = "lifespan:shutdown"


def reaction_of(facts: Server, signal: str) -> Reaction:
    """What a worker does on a signal; "": where its master tells it without one."""
    if not signal:
        if facts.told is None:
            raise NotPredicted(f"what a worker of {facts.id} does that is told to stop")
        return facts.told
    return KILLED if signal == "SIGKILL" else facts.worker.get(signal, DEFAULT)


def process_of(role: str, facts: Server, reaction: Reaction, signal: str) -> Process:
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
            fired, how = hooks, {"signal": reaction.then or signal}
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


def has_left(one: Process) -> bool:
    """Whether it is a master that has gone by itself."""
    return one.role == "master" and "code" in (one.exit or {})


def several(
    role: str, facts: Server, reaction: Reaction, signal: str, many: int
) -> tuple[Process, ...]:
    """So many processes of one role that do the same."""
    return tuple(process_of(name, facts, reaction, signal) for name in _roles(role, many))


def _roles(role: str, many: int) -> Sequence[str]:
    """`worker` where there is one, else `worker#1`, `worker#2`."""
    return [role] if many == 1 else [f"{role}#{number}" for number in range(1, many + 1)]


def in_order(workers: Sequence[Process], role: str = "worker") -> tuple[Process, ...]:
    """The same, numbered as observation numbers them: by what they did, and one alone not."""
    alike = sorted(workers, key=lambda one: msgspec.json.encode(replace(one, role=role)))
    return tuple(
        replace(one, role=name) for name, one in zip(_roles(role, len(alike)), alike, strict=True)
    )


def status_of(ended: Mapping[str, object] | None) -> int:
    """The status of a process that calls sys.exit with what `subprocess` tells of another."""
    if ended and "signal" in ended:
        return -SIGNUMS[str(ended["signal"])] & 0xFF
    return int(str((ended or {}).get("code", 0)))


def cut_short(alone: Process, signal: str) -> Iterator[Process]:
    """The same process, killed by a signal when it has come so far with its clean-up."""
    return _cut_off(alone, {"signal": signal})


def _cut_off(alone: Process, ended: dict[str, object]) -> Iterator[Process]:
    """The same process, ended in some way when it has come so far with its clean-up."""
    fired = alone.fired or ()
    for many in range(len(fired) + 1):
        yield replace(alone, fired=fired[:many], exit=ended)
        if many < len(fired):
            yield replace(alone, fired=fired[:many], unfinished=(fired[many],), exit=ended)


def killed_anywhere(one: Process) -> Iterator[Process]:
    """The same process, killed before or after something it ran by what asks nobody."""
    return (cut for cut in cut_short(one, "SIGKILL") if not cut.unfinished)


def killed_late(facts: Server, alone: Process, passed: str) -> Iterator[Process]:
    """The same process, killed by a signal that has its default action once more.

    After its handlers have run; or before and among them, where the server gives the
    signal back before the interpreter finalizes, or where nothing can handle it.
    """
    fired = alone.fired or ()
    before = sum(name == SHUTDOWN for name in fired)
    anywhere = facts.restores or passed == "SIGKILL"  # which asks nobody
    least = before if anywhere else len(fired)
    return (cut for cut in cut_short(alone, passed) if len(cut.fired or ()) >= least)


def _interrupted(facts: Server, alone: Process) -> Iterator[Process]:
    """The same process, in one of whose handlers of atexit another raises.

    It does so when that has begun, or before it does anything.
    """
    fired = alone.fired or ()
    for name in facts.handlers:
        if name in fired:
            yield replace(alone, raised=(*alone.raised, name))
            yield replace(alone, fired=tuple(one for one in fired if one != name))


def two_signals(facts: Server, first: Reaction, signal: str, passed: str) -> tuple[Process, ...]:
    """What a worker may come to that gets one signal, and another while it takes the first.

    The first alone counts; or the second does, when both were noted before either was
    acted upon; or the second comes so late that Python has given signals back their
    default action (Modules/signalmodule.c, `_PySignal_Fini`), and kills a process whose
    handlers have run. One whose handler raises may come among those of atexit. Of ASGI
    servers a second SIGINT skips the lifespan.
    """
    alone = process_of("worker", facts, first, signal)
    if not passed:  # the signal is there before the master has told anything
        ends = (first, first.hurried) if first.hurried else (first,)
        return tuple(process_of("worker", facts, one, signal) for one in ends)
    second = reaction_of(facts, passed)
    if facts.nests and passed == signal:  # it is blocked for as long as it is handled
        return (alone,)
    ways = [alone]
    if second.how != "goes on":
        ways.append(process_of("worker", facts, second, passed))
    if first.how == "finalizes":
        ways += killed_late(facts, alone, passed)
        ways += _interrupted(facts, alone) if second.interrupts else ()
        ways += _cut_off(alone, {"code": second.status}) if facts.nests else ()
        if facts.asgi and signal == "SIGINT":
            hurried = [one for one in (alone, *ways[2:]) if SHUTDOWN in (one.fired or ())]
            ways += [replace(one, fired=one.fired[1:]) for one in hurried if one.fired]
    return tuple({msgspec.json.encode(one): one for one in ways}.values())
