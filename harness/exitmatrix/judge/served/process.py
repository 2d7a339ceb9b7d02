"""What one process of a server comes to: by a signal, by two, or cut off on its way. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.facts import ServedFacts
from exitmatrix.judge.served.python import ended, met
from exitmatrix.model import Process
from exitmatrix.model.outcome import NEW
from exitmatrix.model.server import Reaction

KILLED_AT_ONCE = Reaction(how="default action", source="signal(7): SIGKILL cannot be caught")
DEFAULT = Reaction(how="default action", source="signal(7), standard signals")
GOES_ON = Reaction(how="goes on")
SHUTDOWN = "lifespan:shutdown"


def reaction_of(facts: ServedFacts, signal: str) -> Reaction:
    """What a worker does on a signal; "": where its master tells it without one."""
    if not signal:
        if facts.without_signal is None:
            raise NotPredicted(f"what a worker of {facts.id} does that is told to stop")
        return facts.without_signal
    return KILLED_AT_ONCE if signal == "SIGKILL" else facts.worker.get(signal, DEFAULT)


def process_of(role: str, facts: ServedFacts, reaction: Reaction, signal: str) -> Process:
    """A process that takes a signal in some way. Raises NotPredicted."""
    hooks = _hooks(role, facts, reaction)
    left = ended(facts, _handlers(role, facts), reaction, signal)
    fired = (*reaction.called, *hooks, *(left.fired or ()))
    return _named(role, facts, reaction, replace(left, fired=fired))


def _base(role: str) -> str:
    return role.partition("#")[0].replace("others", "worker").removeprefix(NEW)


def _handlers(role: str, facts: ServedFacts) -> tuple[str, ...]:
    return facts.handlers if _base(role) in facts.imports else ()


def _hooks(role: str, facts: ServedFacts, reaction: Reaction) -> tuple[str, ...]:
    """What the server calls in it before it leaves."""
    has = _base(role) in facts.imports and facts.asgi and reaction.lifespan
    called = reaction.hooks if reaction.how == "goes on" else _told(role, facts, reaction.hooks)
    return (*((SHUTDOWN,) if has else ()), *called)


def _told(role: str, facts: ServedFacts, called: Sequence[str]) -> tuple[str, ...]:
    """Those of them that a process of this role comes to: one just started is not at work."""
    return tuple(one for one in called if not (role.startswith(NEW) and one in facts.busy))


def _named(role: str, facts: ServedFacts, reaction: Reaction, process: Process) -> Process:
    # A master gives work to others, and one just started has none; of one that goes on nothing is
    # told before it is done.
    idle = _base(role) == "master" or role.startswith(NEW)
    done = idle or process.exit is None or set(facts.busy) <= set(process.fired or ())
    return replace(
        process,
        role=role,
        unfinished=(
            *(() if done else facts.busy),
            *(process.unfinished or ()),
        ),
        raised=(*_told(role, facts, reaction.raised), *process.raised),
    )


def has_left(one: Process) -> bool:
    """Whether it is a master that has gone by itself."""
    return one.role == "master" and "code" in (one.exit or {})


def several(
    role: str, facts: ServedFacts, reaction: Reaction, signal: str, many: int
) -> tuple[Process, ...]:
    """So many processes of one role that do the same."""
    return tuple(process_of(name, facts, reaction, signal) for name in _roles(role, many))


def _roles(role: str, many: int) -> Sequence[str]:
    """`worker` where there is one, else `worker#1`, `worker#2`."""
    return [role] if many == 1 else [f"{role}#{number}" for number in range(1, many + 1)]


def number_processes(workers: Sequence[Process], role: str = "worker") -> tuple[Process, ...]:
    """Number processes as observation does: by what they did. A single one has no number."""
    alike = sorted(workers, key=lambda one: msgspec.json.encode(replace(one, role=role)))
    return tuple(
        replace(one, role=name) for name, one in zip(_roles(role, len(alike)), alike, strict=True)
    )


def meanwhile(
    facts: ServedFacts, reaction: Reaction, second: str, role: str = "worker"
) -> tuple[Process, ...]:
    """What may become of a process that leaves, when a second signal comes on its way.

    Raises NotPredicted.
    """
    hooks = _hooks(role, facts, reaction)
    found = met(
        facts,
        _handlers(role, facts),
        hooks,
        reaction,
        (second, reaction_of(facts, second)),
        hooks.count(SHUTDOWN) if facts.restores else -1,
    )
    return tuple(_named(role, facts, reaction, one) for one in found)


def cut_at_stages(whole: Process) -> Iterator[Process]:
    """The process as it is if it ended, in the same way, at each stage of its clean-up."""
    fired = whole.fired or ()
    for many in range(len(fired) + 1):
        yield replace(whole, fired=fired[:many])
        if many < len(fired):
            yield replace(whole, fired=fired[:many], unfinished=(fired[many],))


def two_signals(
    facts: ServedFacts, first: Reaction, signal: str, passed: str
) -> tuple[Process, ...]:
    """What a worker may come to that gets one signal, and another while it takes the first.

    The first alone counts; or the second does, when both were noted before either was
    acted upon; or the second meets the process on its way. Of ASGI servers a second
    SIGINT skips the lifespan.
    """
    alone = process_of("worker", facts, first, signal)
    if not passed:  # the signal is there before the master has told anything
        ends = (first, first.hurried) if first.hurried else (first,)
        return tuple(process_of("worker", facts, one, signal) for one in ends)
    second = reaction_of(facts, passed)
    if facts.nests and passed == signal:  # it is blocked for as long as it is handled
        return (alone,)
    possible = [alone]
    if second.how != "goes on":
        possible.append(process_of("worker", facts, second, passed))
    if first.how == "finalizes":
        possible += meanwhile(facts, first, passed)
        if facts.nests:
            possible += cut_at_stages(replace(alone, exit={"code": second.status}))
            # exit() holds its lock before the first function of its list runs, and after the last.
            possible += [replace(alone, exit=None, fired=()), replace(alone, exit=None)]
        if facts.asgi and signal == "SIGINT":
            hurried = [one for one in (alone, *possible[2:]) if SHUTDOWN in (one.fired or ())]
            possible += [replace(one, fired=one.fired[1:]) for one in hurried if one.fired]
    return tuple({msgspec.json.encode(one): one for one in possible}.values())
