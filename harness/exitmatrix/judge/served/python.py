"""What Python makes of a process that leaves: the laws of programs are asked. Pure.

A server's facts say how one of its processes leaves: it calls sys.exit, it comes to os._exit, a
signal has its default action. That is a program of a few statements. Which of its handlers run,
what a second signal meets, and what its parent sees, follows from the laws of all programs, on the
Python of the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.outcome import outcome_of
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.explore import outcomes
from exitmatrix.judge.semantics.state import OF_A_SERVER, OutsideEvent
from exitmatrix.judge.semantics.supervise import SIGNUMS
from exitmatrix.judge.served.facts import ServedFacts
from exitmatrix.judge.start import PARENT, Below, code_of, first_moment
from exitmatrix.model import Process, Program
from exitmatrix.model.language import (
    Call,
    Code,
    Default,
    Function,
    Handle,
    JoinProcess,
    OsExit,
    Raise,
    Register,
    Rest,
    Signal,
    StartProcess,
    Statement,
    SysExit,
    TryFinally,
)
from exitmatrix.model.server import Reaction

ABOUT = ("signal", "main exception", "end of process", "handlers", "handler exception")
"""What those laws are about that are named; the others hold for any program that leaves so."""
OF_PROCESSES = frozenset(law.id for law in LAWS if law.about in ("end of process", "handlers"))
DECIDING = frozenset(("immediate-exit", *(law.id for law in LAWS if law.about in ABOUT)))

FIRST = "SIGUSR2"
"""Stands for whatever has a process leave, before a signal comes that is another."""
WAKES, LEAVE, NOTED, RAISES = (
    f"{OF_A_SERVER}{one}" for one in ["wakes", "leave", "noted", "raises"]
)


def ended(facts: ServedFacts, handlers: Sequence[str], reaction: Reaction, signal: str) -> Process:
    """What becomes of a process with these handlers that leaves so. Raises NotPredicted."""
    body = (*_registered(handlers), *_leaving(reaction, signal))
    forked = reaction.how == "ends as a process"
    ends = _told(facts, Code(body=(StartProcess(body), JoinProcess()) if forked else body))
    if len(ends) > 1:
        raise NotPredicted(f"no law says in which way a process ends: {reaction.how}")
    return ends[0]


def met(
    facts: ServedFacts,
    handlers: Sequence[str],
    hooks: Sequence[str],
    reaction: Reaction,
    second: tuple[str, Reaction],
    given_back: int = -1,
) -> tuple[Process, ...]:
    """What may become of a process that leaves so, when a second signal comes meanwhile.

    `hooks` are the server's own, called on its way out. When so many of them are done it gives
    the second signal its default action back, which Python does itself once handlers have run.
    """
    signal, how = second
    calls: list[Statement] = [Call(one) for one in hooks]
    if given_back >= 0:
        calls.insert(given_back, Default(signal))
    leaves = Function(LEAVE, (*calls, *_leaving(reaction, signal)))
    wakes = Function(WAKES, (*map(Call, reaction.called), SysExit()))
    raises = Function(RAISES, (*map(Call, how.called), SysExit(how.status)))
    handler = RAISES if how.interrupts else NOTED
    default = how.how == "default action"
    code = Code(
        body=(
            *_registered(handlers),
            *(() if default else (Handle(signal, handler),)),
            Handle(FIRST, WAKES),
            TryFinally((Rest(),), LEAVE),
        ),
        functions=(leaves, wakes, raises),
    )
    first = OutsideEvent(FIRST, (PARENT,))
    return _told(facts, code, (first, OutsideEvent(signal, (PARENT,), when="at any time")))


def status_of(ended: Mapping[str, object] | None) -> int:
    """What `subprocess` and `multiprocessing` tell of a process: its status, or minus a signal.

    Raises NotPredicted where the signal's number is not the same everywhere.
    """
    if ended and "signal" in ended:
        if ended["signal"] not in SIGNUMS:
            raise NotPredicted(f"the number of {ended['signal']}")
        return -SIGNUMS[str(ended["signal"])]
    return int(str((ended or {}).get("code", 0)))


def _registered(handlers: Sequence[str]) -> tuple[Statement, ...]:
    return tuple(Register(one) for one in reversed(handlers))


def _leaving(reaction: Reaction, signal: str) -> tuple[Statement, ...]:
    """The statements by which a process leaves, or does not."""
    match reaction.how:
        case "finalizes" | "ends as a process":
            return (SysExit(reaction.status),)
        case "interrupted":
            return (Raise("KeyboardInterrupt"),)
        case "exits at once":
            return (OsExit(reaction.status),)
        case "raises again":
            comes = reaction.then or signal
            return Default(comes), Signal(comes)
        case "default action":
            return (Signal(reaction.then or signal),)
        case _:
            return (Rest(),)


def _told(
    facts: ServedFacts, code: Code, events: tuple[OutsideEvent, ...] = ()
) -> tuple[Process, ...]:
    """What may become of the process, by the laws, which are noted. Raises NotPredicted."""
    ends, rules = _predicted(code, events, facts.profile)
    facts.used.update(dict.fromkeys(rules))
    return ends


@lru_cache(maxsize=4096)
def _predicted(
    code: Code, events: tuple[OutsideEvent, ...], profile: Profile
) -> tuple[tuple[Process, ...], tuple[str, ...]]:
    program = Program(code=code)
    ended = TERMINATIONS["return"]
    ask = Ask(LAWS, code_of(program, "main"), profile, ordered=False, announces=False)
    first = first_moment(program, ended, "main", Below(events=events))
    ends = (outcome_of(end, program, ended, "main", ask) for end in outcomes(first, ask))
    each = {msgspec.json.encode(one): one for one in (_bare(o.processes[-1]) for o in ends)}
    own = any(isinstance(one, StartProcess) for one in code.body)  # whose starter ends as well
    rules = (id for id in ask.used if id in (OF_PROCESSES if own else DECIDING))
    return tuple(each.values()), tuple(rules)


def _bare(process: Process) -> Process:
    """The process without what is not recorded of servers."""
    return Process(
        role="",
        fired=process.fired,
        unfinished=process.unfinished,
        exit=process.exit,
        raised=process.raised,
    )
