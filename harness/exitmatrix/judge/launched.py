"""The prediction below a launcher: what reaches the program, and how the launcher ends. Pure.

The program does what it does without one: the same laws follow it. A launcher decides
what reaches it, what it ignores from its start, and what the first process ends with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from exitmatrix.declare.launchers import LAUNCHERS_BY_ID
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.semantics.state import OutsideEvent, Path
from exitmatrix.judge.semantics.supervise import SIGNUMS
from exitmatrix.judge.start import CHILD, PARENT, Below
from exitmatrix.model import Outcome, Prediction, Process, Program, Record, Scenario
from exitmatrix.model.launcher import DIES, Launcher, Launches, OnSignal, Stays
from exitmatrix.model.outcome import NEW, Launching
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.tree import FIRST, GROUP

GOES_ON = OnSignal(source="it is sent nothing")
TWICE = "the first signal to the program, and the one that its launcher passes on"
BURIED = "the end of the other processes, and the signal that they get when the first has ended"
SEEN = "the end of the program, and its launcher's own look at the signal"
NO_HANDLER = ("SIGHUP", "SIGTERM")
"""Of the signals that are sent, those that a Python has no handler for from its start."""


def predict_launched(
    record: Record,
    scenario: Scenario,
    program: Program,
    about: Profile,
    laws: tuple[Law, ...] = LAWS,
) -> Prediction:
    """What the laws allow for a cell below a launcher, on such a Python. Raises NotPredicted."""
    launcher = LAUNCHERS_BY_ID.get(record.launcher)
    if launcher is None or launcher.facts is None:
        raise NotPredicted(f"nothing is known of the launcher {record.launcher}")
    facts, chain = launcher.facts, launcher.facts.stays
    termination = TERMINATIONS[record.termination]
    sent = termination.signal if record.target in (FIRST, GROUP) else ""
    on = _on(chain, sent)
    every = (PARENT, CHILD) if program.supervisor else (PARENT,)
    paths = dict(zip(scenario.roles, every, strict=False))
    events = (
        *_events(chain, on, termination.signal, record.target, paths),
        *_afterwards(launcher, chain, every[1:]),
    )
    if facts.embeds:
        about = replace(about, interrupted_end="status 1")
    ignored = tuple(_ignored(launcher, facts, every, about))
    everyone = any(len(one.to) > 1 for one in events)
    predicted = predict(
        program,
        replace(termination, signal=events[0].signal) if events else termination,
        "group" if everyone else _role(events, paths, record.target),
        about,
        laws,
        Below(events=events, ignored=ignored),
    )
    reached = _reached(chain, on, sent, record.target)
    outcomes = [
        _again(with_launchers, chain, on, scenario)
        for one in predicted.outcomes
        for with_launchers in _through(_in_namespace(_shown(one), launcher, about), chain, reached)
    ]
    races = [TWICE] if any(one.when == "at any time" for one in events) else []
    races += [BURIED] if any(one.when == "orphaned" for one in events) else []
    races += [SEEN] if len(outcomes) > len(predicted.outcomes) else []
    found = union(outcomes)
    open_end = len(found) > 1 or any(one.cut for one in found)
    came = events[0].signal if events else ""
    rules = (*_rules(launcher, facts, on, sent, record.target, found, came), *predicted.rules)
    return Prediction(
        outcomes=found,
        rules=tuple(dict.fromkeys(rules)),
        races=tuple(dict.fromkeys((*predicted.races, *races))) if open_end else (),
    )


def _on(chain: tuple[Stays, ...], sent: str) -> OnSignal:
    """What the first launcher does with a signal that it is sent."""
    return _does(chain[0], sent) if chain and sent else GOES_ON


def _does(stays: Stays, sent: str) -> OnSignal:
    return stays.on.get(sent, DIES) if sent != "SIGKILL" else DIES


def _reached(chain: tuple[Stays, ...], on: OnSignal, sent: str, target: str) -> Mapping[int, str]:
    """Which launchers are sent a signal, and which: by their place, from the first down."""
    if not sent or not chain:
        return {}
    apart = next((place for place, one in enumerate(chain) if one.apart), len(chain))
    reached = dict.fromkeys(range(len(chain) if target == GROUP else 1), sent)
    reached = {place: signal for place, signal in reached.items() if place <= apart}
    if on.passes == "to the program's group":
        last = max((place for place, one in enumerate(chain) if one.apart), default=-1)
        reached |= dict.fromkeys(range(last + 1, len(chain)), on.sends or sent)
    return reached


# ------------------------------------------------------------- what comes to the program


def _role(events: tuple[OutsideEvent, ...], paths: Mapping[str, Path], target: str) -> str:
    """The role that is hit; of an act from inside, the one in which it takes place."""
    if target in paths:
        return target
    hit = events[0].to[0] if events else PARENT
    return next(role for role, path in paths.items() if path == hit)


def _events(
    chain: tuple[Stays, ...],
    on: OnSignal,
    signal: str,
    target: str,
    paths: Mapping[str, Path],
) -> Iterator[OutsideEvent]:
    """What reaches the program: what is sent to it, and what its launcher sends."""
    if not signal:
        return
    every = tuple(paths.values())
    first = every[:1]
    sent: list[tuple[Path, ...]] = []
    if target in paths:
        sent.append((paths[target],))
    elif not chain or (target == GROUP and not any(one.apart for one in chain)):
        sent.append(every if target == GROUP else first)
    passed = {
        "to nobody": [],
        "to its child": [first],
        "to its child's group": [every],
        # To its child, and then to its group: beside one that was sent to the group already, the
        # two are taken for one, as they are for who has not taken the first in between.
        "to its own group": [every] if sent else [first, every],
        "to the program's group": [every],
    }
    for to in sent:
        yield OutsideEvent(signal, to)
    for number, to in enumerate(passed[on.passes], start=len(sent)):
        yield OutsideEvent(on.sends or signal, to, when="at any time" if number else "at rest")


def _afterwards(
    launcher: Launcher, chain: tuple[Stays, ...], others: tuple[Path, ...]
) -> Iterator[OutsideEvent]:
    """What the other processes are sent when the first one has ended."""
    for stays in chain:
        if others and stays.signals_group:
            yield OutsideEvent(stays.signals_group, others, when="orphaned")
    if others and launcher.terminal:  # the first one leads the terminal's session
        yield OutsideEvent("SIGHUP", others, when="orphaned")


def _ignored(
    launcher: Launcher, facts: Launches, every: tuple[Path, ...], about: Profile
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """What each process ignores from its start; init ignores what it does not handle."""
    for path in every:
        own = NO_HANDLER if launcher.namespace and path == PARENT else ()
        kept = [one for one in facts.ignored if one != "SIGINT" or about.keeps_ignored_sigint]
        yield path, (*kept, *own)


# ------------------------------------------------------------------- how the first one ends


def _shown(outcome: Outcome) -> Outcome:
    """What is seen of it below a launcher: not what was written, nor what others can find."""
    processes = tuple(replace(one, stdout=None, library=()) for one in outcome.processes)
    return replace(outcome, processes=processes, left=())


def _in_namespace(outcome: Outcome, launcher: Launcher, about: Profile) -> Outcome:
    """The end of a namespace's first process is that of all others in it."""
    if not launcher.namespace:
        return outcome
    first, *others = outcome.processes
    if first.exit is None:
        return outcome
    if first.exit == {"signal": "SIGINT"}:
        # It sends SIGINT to itself, which does nothing to the first process of a namespace.
        first = replace(first, exit={"code": about.unkilled_status})
    killed = [one if one.exit else replace(one, exit={"signal": "SIGKILL"}) for one in others]
    return replace(
        outcome,
        processes=(first, *killed),
        survivors=(),
        port="closed" if outcome.port else None,
    )


def _through(
    outcome: Outcome, chain: tuple[Stays, ...], reached: Mapping[int, str]
) -> Iterator[Outcome]:
    """The outcome with each launcher's own end; one outcome for each, where two are a race."""
    for ends in _ends(outcome, chain, reached, 0):
        named = zip(chain, ends, strict=True)
        launchers = tuple(Launching(name=one.name, exit=how) for one, how in named)
        yield replace(outcome, launchers=launchers)


def _ends(
    outcome: Outcome, chain: tuple[Stays, ...], reached: Mapping[int, str], place: int
) -> Iterator[tuple[dict[str, object] | None, ...]]:
    """How the launchers from a place on end."""
    if place == len(chain):
        yield ()
        return
    stays, sent = chain[place], reached.get(place, "")
    on = _does(stays, sent) if sent else GOES_ON
    for below in _ends(outcome, chain, reached, place + 1):
        waits = (below[0] if below else outcome.processes[0].exit) is None
        if stays.waits_for_output:
            waits = waits or any(one.exit is None for one in outcome.processes)
        for how in _own_ends(stays, on, sent, outcome.processes[0], waits=waits):
            yield how, *below


def _own_ends(
    stays: Stays, on: OnSignal, sent: str, program: Process, *, waits: bool
) -> Iterator[dict[str, object] | None]:
    """How a launcher ends, of which is known whether it waits."""
    if on.then == "dies":
        yield {"signal": sent}
    elif waits or on.then == "starts it again":
        yield None
    elif on.then == "ends when its child has ended":
        yield {"code": on.status}
    elif on.then == "dies when its child has ended":
        yield {"signal": sent}
        if stays.exit_status == "failure" and program.exit == {"signal": sent}:
            yield _status_of(stays, program.exit)
    else:
        yield _status_of(stays, program.exit or {})


def _again(outcome: Outcome, chain: tuple[Stays, ...], on: OnSignal, scenario: Scenario) -> Outcome:
    """The outcome with a program that a launcher has started in the place of one that ended."""
    first = outcome.processes[0].exit
    failed = on == GOES_ON and first != {"code": 0} and any(one.restarts for one in chain)
    if first is None or not (failed or on.then == "starts it again"):
        return outcome
    new = tuple(sorted(f"{NEW}{role}" for role in scenario.roles))
    return replace(
        outcome,
        processes=(
            *outcome.processes,
            *(Process(role=role, fired=(), unfinished=(), exit=None) for role in new),
        ),
        survivors=(*outcome.survivors, *new),
        port="open" if outcome.port else None,
    )


def _status_of(stays: Stays, ended: Mapping[str, object]) -> dict[str, object] | None:
    """The status that a launcher ends with when its child has ended so."""
    signal = str(ended.get("signal", ""))
    status = int(str(ended.get("code", 0)))
    match stays.exit_status:
        case "nothing":
            return None
        case "128 and more":
            return {"code": 128 + SIGNUMS[signal] if signal else status}
        case "the number":
            return {"code": SIGNUMS[signal] if signal else status}
        case "the same end":
            return dict(ended)
        case "success":
            return {"code": 0}
        case "failure":
            return {"code": stays.failure if signal or status else 0}


# ---------------------------------------------------------------------------- the reasons


def _rules(
    launcher: Launcher,
    facts: Launches,
    on: OnSignal,
    sent: str,
    target: str,
    outcomes: tuple[Outcome, ...],
    sent_to_it: str,
) -> Iterator[str]:
    """The ids of the laws that a prediction rests on."""
    chain = facts.stays
    several = any(len(one.processes) > 1 for one in outcomes)
    yield from _of_those_that_hold(
        (facts.ignored, "launcher-ignored-signal"),
        (launcher.namespace, "launcher-pid-1"),
        (sent_to_it == "SIGINT" and facts.embeds, "launcher-embeds-python"),
        (several and launcher.terminal, "launcher-terminal-sighup"),
        (not chain, "launcher-exec"),
    )
    if not chain:
        return
    if sent:
        yield from _rules_of(on)
    apart = any(one.apart for one in chain)
    ended = any(one.launchers[0].exit for one in outcomes)
    known = chain[0].exit_status == "nothing" or ended
    new = any(one.role.startswith(NEW) for outcome in outcomes for one in outcome.processes)
    yield from _of_those_that_hold(
        (target == GROUP and apart, "launcher-own-process-group"),
        (target == GROUP and not apart, "launcher-same-process-group"),
        (known and on.then == "goes on", STATUS_LAWS[chain[0].exit_status]),
        (several and any(one.signals_group for one in chain), "launcher-terminates-the-session"),
        (several and any(one.waits_for_output for one in chain), "launcher-waits-for-output"),
        (new, "launcher-restarts-the-program"),
    )


def _of_those_that_hold(*rows: tuple[object, str]) -> Iterator[str]:
    return (rule for holds, rule in rows if holds)


def _rules_of(on: OnSignal) -> Iterator[str]:
    passes = on.passes != "to nobody"
    return _of_those_that_hold(
        (passes and on.sends, "launcher-sends-sigterm"),
        (passes and not on.sends, "launcher-forwards-signal"),
        (on.then == "dies", "launcher-is-killed-alone"),
        (on.then == "dies when its child has ended", "launcher-waits-first"),
    )


STATUS_LAWS = {
    "128 and more": "launcher-exits-with-128-plus-signal",
    "the number": "launcher-exits-with-signal-number",
    "the same end": "launcher-ends-as-the-program",
    "success": "launcher-status-of-its-own",
    "failure": "launcher-status-of-its-own",
    "nothing": "launcher-goes-on",
}
