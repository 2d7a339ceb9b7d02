"""What is foreseen below a launcher: what comes to the program, and how the launcher ends. Pure.

The program does what it does without one: the same laws follow it. A launcher decides
what reaches it, what it ignores from its start, and what the first process ends with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from exitmatrix.declare.launchers import BY_ID
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import CHILD, PARENT, Below, predict
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.semantics.state import Event, Path
from exitmatrix.judge.semantics.supervise import SIGNUMS
from exitmatrix.model import Outcome, Prediction, Process, Program, Record, Scenario
from exitmatrix.model.launcher import DIES, Launcher, Launches, OnSignal, Stays
from exitmatrix.model.outcome import Launching
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.tree import FIRST, GROUP

Exit = Mapping[str, object] | None

GOES_ON = OnSignal(source="it is sent nothing")
TWICE = "the first signal to the program, and the one that its launcher passes on"
BURIED = "the end of the other processes, and the signal that they get when the first has ended"
SEEN = "the end of the program, and its launcher's own look at the signal"
NO_HANDLER = ("SIGHUP", "SIGTERM")
"""Of the signals that are sent, those that a Python has no handler for from its start."""


def predict_launched(
    record: Record, scenario: Scenario, program: Program, laws: tuple[Law, ...] = LAWS
) -> Prediction:
    """What the rules allow for a cell below a launcher. Raises NotPredicted."""
    launcher = BY_ID.get(record.launcher)
    if launcher is None or launcher.facts is None:
        raise NotPredicted(f"nothing is known of the launcher {record.launcher}")
    facts = launcher.facts
    termination = TERMINATIONS[record.termination]
    sent = termination.signal if record.target in (FIRST, GROUP) else ""
    on = _on(facts.stays, sent)
    every = (PARENT, CHILD) if program.supervisor else (PARENT,)
    paths = dict(zip(scenario.roles, every, strict=False))
    events = (
        *_events(facts.stays, on, termination.signal, record.target, paths),
        *_afterwards(launcher, facts.stays, every[1:]),
    )
    about = profile(record.interpreter, record.packages)
    ignored = tuple(_ignored(launcher, facts, every, about))
    everyone = any(len(one.to) > 1 for one in events)
    told = predict(
        program,
        termination,
        "group" if everyone else _role(events, paths, record.target),
        about,
        laws,
        Below(events=events, ignored=ignored),
    )
    outcomes = [
        with_launcher
        for one in told.outcomes
        for with_launcher in _through(_in_namespace(one, launcher, about), facts.stays, on, sent)
    ]
    races = [TWICE] if any(one.when == "at any time" for one in events) else []
    races += [BURIED] if any(one.when == "orphaned" for one in events) else []
    races += [SEEN] if len(outcomes) > len(told.outcomes) else []
    found = union(outcomes)
    open_end = len(found) > 1 or any(one.cut for one in found)
    rules = (*_rules(launcher, facts, on, sent, record.target, found), *told.rules)
    return Prediction(
        outcomes=found,
        rules=tuple(dict.fromkeys(rules)),
        races=tuple(dict.fromkeys((*told.races, *races))) if open_end else (),
    )


def _on(stays: Stays | None, sent: str) -> OnSignal:
    """What a launcher does with a signal that it is sent."""
    if stays is None or not sent:
        return GOES_ON
    return stays.on.get(sent, DIES) if sent != "SIGKILL" else DIES


# ------------------------------------------------------------- what comes to the program


def _role(events: tuple[Event, ...], paths: Mapping[str, Path], target: str) -> str:
    """The role that is hit; of an act from inside, the one in which it takes place."""
    if target in paths:
        return target
    hit = events[0].to[0] if events else PARENT
    return next(role for role, path in paths.items() if path == hit)


def _events(
    stays: Stays | None, on: OnSignal, signal: str, target: str, paths: Mapping[str, Path]
) -> Iterator[Event]:
    """What reaches the program: what is sent to it, and what its launcher sends."""
    if not signal:
        return
    every = tuple(paths.values())
    first = every[:1]
    sent: list[tuple[Path, ...]] = []
    if target in paths:
        sent.append((paths[target],))
    elif stays is None or (target == GROUP and not stays.apart):
        sent.append(every if target == GROUP else first)
    passed = {
        "to nobody": [],
        "to its child": [first],
        "to its child's group": [every],
        # To its child, and then to its group: beside one that was sent to the group already, the
        # two are taken for one, as they are for who has not taken the first in between.
        "to its own group": [every] if sent else [first, every],
    }
    sent += passed[on.passes]
    for number, to in enumerate(sent):
        yield Event(signal, to, when="at any time" if number else "at rest")


def _afterwards(
    launcher: Launcher, stays: Stays | None, others: tuple[Path, ...]
) -> Iterator[Event]:
    """What the other processes are sent when the first one has ended."""
    if others and stays is not None and stays.buries:
        yield Event(stays.buries, others, when="orphaned")
    if others and launcher.terminal:  # the first one leads the terminal's session
        yield Event("SIGHUP", others, when="orphaned")


def _ignored(
    launcher: Launcher, facts: Launches, every: tuple[Path, ...], about: Profile
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """What each process ignores from its start; init ignores what it does not handle."""
    for path in every:
        own = NO_HANDLER if launcher.namespace and path == PARENT else ()
        kept = [one for one in facts.ignored if one != "SIGINT" or about.keeps_ignored_sigint]
        yield path, (*kept, *own)


# ------------------------------------------------------------------- how the first one ends


def _in_namespace(outcome: Outcome, launcher: Launcher, about: Profile) -> Outcome:
    """The end of a namespace's first process is that of all others in it."""
    outcome = replace(
        outcome, processes=tuple(replace(one, stdout=None, library=()) for one in outcome.processes)
    )
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


def _through(outcome: Outcome, stays: Stays | None, on: OnSignal, sent: str) -> Iterator[Outcome]:
    """The same with the launcher's own end; with each of its ends, where two are a race."""
    if stays is None:
        yield outcome
        return
    child = outcome.processes[0]
    for how in _ends(stays, on, sent, child):
        yield replace(outcome, launchers=(Launching(name=stays.name, exit=how),))


def _ends(
    stays: Stays, on: OnSignal, sent: str, child: Process
) -> Iterator[dict[str, object] | None]:
    """How a launcher ends."""
    if on.then == "dies":
        yield {"signal": sent}
    elif child.exit is None:
        yield None
    elif on.then == "dies when its child has ended":
        yield {"signal": sent}
        if stays.tells == "failure" and child.exit == {"signal": sent}:
            yield _told(stays, child.exit)
    else:
        yield _told(stays, child.exit)


def _told(stays: Stays, ended: Mapping[str, object]) -> dict[str, object]:
    """With what a launcher ends when its child has ended so."""
    signal = str(ended.get("signal", ""))
    status = int(str(ended.get("code", 0)))
    match stays.tells:
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
) -> Iterator[str]:
    """The ids of the laws that a prediction rests on."""
    if facts.ignored:
        yield "launcher-has-it-ignored"
    if launcher.namespace:
        yield "launcher-makes-it-init"
    several = any(len(one.processes) > 1 for one in outcomes)
    if several and launcher.terminal:
        yield "launcher-hangs-up"
    stays = facts.stays
    if stays is None:
        yield "launcher-becomes-the-program"
        return
    if sent:
        if on.passes != "to nobody":
            yield "launcher-passes-it-on"
        if on.then == "dies":
            yield "launcher-dies-alone"
        if on.then == "dies when its child has ended":
            yield "launcher-waits-first"
    if target == GROUP:
        yield "launcher-sets-it-apart" if stays.apart else "launcher-shares-its-group"
    ends = {str(one.exit) for outcome in outcomes for one in outcome.launchers if one.exit}
    if ends and on.then == "goes on":
        yield TELLS[stays.tells]
    if several and stays.buries:
        yield "launcher-buries-the-others"


TELLS = {
    "128 and more": "launcher-tells-128-and-more",
    "the number": "launcher-tells-the-number",
    "the same end": "launcher-ends-alike",
    "success": "launcher-hides-the-end",
    "failure": "launcher-hides-the-end",
}
