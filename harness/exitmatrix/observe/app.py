"""From the history of a user's command to what it showed: a pure function of what was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from exitmatrix.model import Event, Unknown
from exitmatrix.model.app import AppTrial, TimedEvent
from exitmatrix.model.app_outcome import NOBODY, AppOutcome, Handler, Member, Ran, Sent
from exitmatrix.model.node import Node, is_python
from exitmatrix.model.tree import GROUP, Tree
from exitmatrix.observe.app_handlers import (
    is_due,
)
from exitmatrix.observe.app_process import AppProcess, fate_of, processes_of
from exitmatrix.observe.history import LATE, STARVED, is_starved

BEFORE_EXEC = 0.03
"""Seconds from a fork to its exec, at most: 7 ms were seen with eight at work for each core, and 55
ms of the shortest lived worker that tells nothing."""

FAILURES: Mapping[str, str] = {
    "not-started": "it could not be started:",
    "not-ready": "",
    "gave-up": "it was given up while waiting for",
    "failed": "the harness itself failed",
    "unheard": "not every event could be told",
    "stalled": "the harness stood still for a while, so that times are wrong",
    "late": LATE,
    "lost": "the harness was lost while it ran:",
    "not-asked": "no request was being answered when the signal was sent:",
    "garbled": "the event channel holds what is no event of this run",
}


def why_unknown(trial: AppTrial) -> str | None:
    """Why a run does not show what became of the command; None if it does."""
    for moment in trial.history:
        event = moment.event
        if event.source == "harness" and event.kind in FAILURES:
            return " ".join(word for word in (FAILURES[event.kind], *event.detail) if word)
        if event.source == "harness" and event.kind == "not-sent":
            return f"{event.detail[0]} was not sent: there was no {event.detail[-1]} any more"
    if is_starved(one.event for one in _until_closing(trial.history)):
        return STARVED
    events = [one.event for one in trial.history]
    if not any(map(begins, events)):
        return "no signal was sent"
    return LATE if _is_done_too_soon(events) else None


def _is_done_too_soon(events: Sequence[Event]) -> bool:
    """Whether what a scenario was at work on when its first signal was sent is done by the second.

    It takes twice the time between the two; where it is done, the first was late.
    """
    sent = [n for n, one in enumerate(events) if (one.source, one.kind) == ("harness", "sent")]
    if len(sent) < 2:
        return False
    own = [(n, one) for n, one in enumerate(events[: sent[-1]]) if one.source == "endings"]
    begun = {(one.pid, *one.detail[:1]) for n, one in own if one.kind == "began" and n < sent[0]}
    done = {(one.pid, *one.detail[:1]) for n, one in own if one.kind == "ended" and n > sent[0]}
    return bool(begun & done)


def begins(event: Event) -> bool:
    """Whether an event begins the end: a signal, or a view that comes to what ends its process."""
    return (event.source, event.kind) in (("harness", "sent"), ("endings", "ending"))


def was_lost(trial: AppTrial) -> bool:
    """Whether the harness was lost while it ran, so that not even what runs is known."""
    return any((one.event.source, one.event.kind) == ("harness", "lost") for one in trial.history)


def observe_app(
    trial: AppTrial, folder: str, roles: Mapping[str, str] = {}
) -> AppOutcome | Unknown:
    """What a run showed, or why it does not show enough; `folder` is where it was started."""
    if reason := why_unknown(trial):
        return Unknown(reason=reason)
    nodes = _without_glimpses(trial)
    tree = Tree(nodes, roles)
    history = _until_closing(trial.history)
    begun = next(one.seconds for one in history if begins(one.event))
    seen = processes_of(history, tree, folder)
    members = tuple(
        _member(node, tree, seen.get(node.pid, AppProcess()), begun)
        for node in nodes
        if not node.gone
    )
    ends = [one.seconds for one in members]
    replied = next((one.event.detail for one in history if one.event.kind == "replied"), ())
    asked = [one.event.kind for one in trial.history if one.event.kind in ("answers", "mute")]
    return AppOutcome(
        situation=trial.situation,
        blind=trial.blind,
        members=members,
        sent=tuple(_sent(one, tree, begun) for one in history if one.event.kind == "sent"),
        ready=next(one.seconds for one in history if one.event.kind == "ready"),
        gone=None if None in ends else max((one for one in ends if one is not None), default=0.0),
        watched=history[-1].seconds - begun,
        left=tuple(one for one in trial.left if one.in_use == "no"),
        unsure=tuple(one for one in trial.left if one.in_use == "perhaps"),
        shortened=any(one.event.kind == "shortened" for one in history),
        output=trial.output,
        listening=trial.listening,
        reply=replied[0] if replied else "",
        answers=asked[-1] == "answers" if asked else None,
        without=replied[1] if len(replied) > 1 else "",
        implementation="pypy" if tree.app and "pypy" in tree.app.program else "cpython",
        python=next((one.python for one in seen.values() if one.python), ""),
        interpreter=_interpreter(tree.app),
    )


def _without_glimpses(trial: AppTrial) -> tuple[Node, ...]:
    """The tree, where what was seen only on its way to another program takes no part.

    A fork is a copy of its parent until it executes `uname`, or whatever it was made for; a look
    in that very moment may find the old command with the new memory. One that is a worker tells
    something, or lasts, or is ended by a signal.
    """
    words = {node.pid: node.words for node in trial.tree}
    events = [one.event for one in trial.history]
    reporting = {event.pid for event in events if event.source in ("probe", "endings")}
    left = {
        event.pid
        for event in events
        if (event.source, event.kind) == ("kernel", "ended") and event.detail[0].startswith("code")
    }
    return tuple(
        replace(node, gone=True)
        if (node.forked or node.words == words.get(node.parent))
        and not node.at_ready
        and node.copied < BEFORE_EXEC
        and node.pid in left - reporting
        else node
        for node in trial.tree
    )


def _interpreter(app: Node | None) -> str:
    """The word that names the Python; the file that it leads to knows of no environment."""
    word = app.words[0] if app and app.words else ""
    return word if PurePosixPath(word).name.startswith(("python", "pypy")) else ""


def _until_closing(history: Sequence[TimedEvent]) -> Sequence[TimedEvent]:
    """What came before the harness began to end what was left."""
    for place, moment in enumerate(history):
        if (moment.event.source, moment.event.kind) == ("harness", "closing"):
            return history[: place + 1]
    return history


def _sent(moment: TimedEvent, tree: Tree, begun: float) -> Sent:
    name, target, *receiver = moment.event.detail
    to = tree.roles.get(moment.event.pid, target) if moment.event.pid else target
    if target == GROUP and not receiver:
        to = NOBODY
    return Sent(seconds=moment.seconds - begun, signal=name, to=to)


def _member(node: Node, tree: Tree, seen: AppProcess, begun: float) -> Member:
    # A child that came later was its parent's copy before it executed what it is for.
    past = seen.past if node.at_ready else []
    return Member(
        role=tree.roles[node.pid],
        family=node.pid in tree.family,
        serves=node.listens and node.pid in tree.family,
        new=not node.at_ready,
        observed=seen.inside,
        handlers=tuple(
            [replace(ran, past=True) for one in past for ran in _rans(one, begun)]
            + _rans(seen, begun)
        ),
        exit=seen.exit,
        seconds=None if seen.ended is None else seen.ended - begun,
        born=seen.first - begun,
        signalled=tuple(seen.signalled),
        got=tuple(seen.got),
        executed=None if not past or past[-1].ended is None else past[-1].ended - begun,
        finishing=seen.finishing,
        accepts=None if seen.accepts is None else seen.accepts - begun,
        acted=None if seen.acted is None else seen.acted - begun,
        catches=node.catches,
        ignores=node.ignores,
        init=node.init,
        launches=node.pid in tree.launchers,
        beside=node.pid in tree.beside,
        pipes=node.pipes,
        python=is_python(node),
    )


def _rans(seen: AppProcess, begun: float) -> list[Ran]:
    """What ran, in order, and then what did not."""
    reported = [
        Ran(
            handler=seen.handlers.get(run.key, Handler(label="?")),
            fate=fate_of(run),
            began=run.began - begun,
            seconds=None if run.ended is None else run.ended - run.began,
            error=run.error,
            left=run.left,
        )
        for run in seen.runs
    ]
    begun_keys = {run.key for run in seen.runs}
    for key, handler in seen.handlers.items():
        if key not in begun_keys | seen.dropped and key not in seen.signals.handlers:
            due, inherited = is_due(handler, seen.got), key in seen.inherited
            reported.append(Ran(handler=handler, fate="not run", inherited=inherited, due=due))
    ran = {one.handler for one in reported}
    return reported + [one for one in seen.signals.all() if one.handler not in ran]
