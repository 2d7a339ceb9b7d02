"""From the history of a user's command to what it showed: a pure function of what was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as copied
from pathlib import PurePosixPath

from msgspec.structs import replace

from exitmatrix.model import Event, Unknown
from exitmatrix.model.app import AppTrial, TimedEvent
from exitmatrix.model.app_outcome import NOBODY, AppOutcome, Fate, Handler, Member, Ran, Sent
from exitmatrix.model.node import Node, is_python
from exitmatrix.model.tree import GROUP, Tree
from exitmatrix.observe.app_handlers import (
    is_due,
    of_atexit,
    of_finalizer,
    of_signal,
    short_place,
    told_by_itself,
)
from exitmatrix.observe.app_signals import Signals
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


FINALIZERS: Mapping[str, str] = {
    "w": "weakref.finalize",
    "m": "multiprocessing.util.Finalize",
    "t": "threading._register_atexit",
    "l": "lifespan",
    "h": "hook",  # the event names the library's own
}
"""Mechanisms besides atexit whose functions are called at an end, by what their keys begin with."""

OF_HOOKS = "h"
OF_ITS_OWN = ("m", "l", OF_HOOKS)
"""Of keys: what is called in the process that asked for it alone, and in none that it has forked
(Lib/multiprocessing/util.py, Finalize.__call__; an event loop runs in no fork)."""


@dataclass
class _Run:
    key: str
    began: float
    ended: float | None = None
    error: str = ""
    unseen: bool = False  # how it ends is not told
    left: bool = False  # and not by returning, or that is not known


@dataclass
class _Seen:
    """What the history says of one process."""

    inside: bool = False
    python: str = ""
    handlers: dict[str, Handler] = field(default_factory=dict)  # by key
    runs: list[_Run] = field(default_factory=list)
    signals: Signals = field(default_factory=Signals)
    over: dict[str, Handler] = field(default_factory=dict)  # by key, what ran before the end
    dropped: set[str] = field(default_factory=set)  # keys of what no exit calls
    inherited: set[str] = field(default_factory=set)  # keys of what its parent had, at the fork
    exit: str = ""
    ended: float | None = None
    first: float = 0.0
    signalled: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    past: list[_Seen] = field(default_factory=list)  # programs that it was after the first signal
    finishing: bool = False  # its main thread has come to its end
    accepts: float | None = None  # when it was seen to wait for connections
    acted: float | None = None  # when it came to the ending that was asked for


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
    seen = _read(history, tree, folder)
    members = tuple(
        _member(node, tree, seen.get(node.pid, _Seen()), begun) for node in nodes if not node.gone
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


def _member(node: Node, tree: Tree, seen: _Seen, begun: float) -> Member:
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


def _rans(seen: _Seen, begun: float) -> list[Ran]:
    """What ran, in order, and then what did not."""
    reported = [
        Ran(
            handler=seen.handlers.get(run.key, Handler(label="?")),
            fate=_fate(run),
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


def _fate(run: _Run) -> Fate:
    if run.error:
        return "raised"
    # Who leaves a handler of a signal by an exception ends the program so, as by sys.exit().
    if run.unseen or (run.left and run.key[:1] in FINALIZERS):
        return "began"
    return "unfinished" if run.ended is None else "ran"


def _read(history: Sequence[TimedEvent], tree: Tree, folder: str) -> dict[int, _Seen]:
    seen: dict[int, _Seen] = {}
    for moment in history:
        event, pid = moment.event, moment.event.pid
        if (event.source, event.kind) == ("harness", "sent"):
            _take_sent(event, seen)
        if not pid or (event.subinterpreter and event.kind == "started"):
            continue
        if pid not in seen:
            seen[pid] = _Seen(first=moment.seconds)
            node = tree.by_pid.get(pid)
            if node and node.forked and node.parent in seen:
                # It has its parent's memory: the probe is in it, whether it speaks or not.
                _inherit(seen[pid], seen[node.parent])
        _take(moment, seen[pid], seen, folder)
    return seen


def _inherit(child: _Seen, parent: _Seen) -> None:
    """A forked child has its parent's handlers, and those that run at the fork run in it."""
    child.inside = parent.inside
    child.handlers = {
        key: handler for key, handler in parent.handlers.items() if not key.startswith(OF_ITS_OWN)
    }
    child.signals = parent.signals.forked()
    child.dropped, child.inherited = set(parent.dropped), set(child.handlers)
    child.runs = [_Run(run.key, run.began) for run in parent.runs if run.ended is None]


def _take_sent(event: Event, seen: Mapping[int, _Seen]) -> None:
    """Who has a handler for a signal that is sent to it is to run it."""
    for one in seen.values():
        one.signals.ending = True
    name, _, *several = event.detail
    for pid in (event.pid, *map(int, several)):
        if pid in seen:
            seen[pid].got.append(name)
            seen[pid].signals.sent(name)


def _take(moment: TimedEvent, one: _Seen, seen: Mapping[int, _Seen], folder: str) -> None:
    event, detail = moment.event, moment.event.detail
    match event.source, event.kind:
        case "kernel", _:
            _take_of_kernel(moment, one)
        case "harness", "sent":
            one.signalled.append(detail[0])
        case "harness", "replaced":
            # By a program that nothing could be put into; what the one before had is gone.
            one.inside, one.python, one.handlers, one.runs = False, "", {}, []
            one.signals, one.dropped, one.inherited = Signals(), set(), set()
        case "endings", "ending":
            one.acted = moment.seconds
        case "probe", "started":
            # A program that another replaces begins anew: what was registered is gone.
            if one.inside and one.signals.ending:
                one.past.append(copied(one, ended=moment.seconds))
            one.inside, one.handlers, one.runs, one.signals = True, {}, [], Signals()
            one.dropped, one.inherited, one.finishing = set(), set(), False
            one.python = detail[2]
        case "probe" | "endings", "forked":
            one.inside = True
            parent = seen.get(int(detail[0]))
            # One that never spoke has had nothing of its own: then what the tree knows holds.
            if parent is not None and parent is not one and parent.inside:
                _inherit(one, parent)
        case "probe", "finishing":
            one.finishing = True
        case "probe" | "endings", _:
            one.inside = one.inside or event.source == "probe"
            _take_of_handler(moment, one, folder)


def _take_of_kernel(moment: TimedEvent, one: _Seen) -> None:
    match moment.event.kind:
        case "ended":
            one.exit, one.ended = moment.event.detail[0], moment.seconds
        case "unseen":
            one.exit, one.ended = f"unknown: {moment.event.detail[0]}", moment.seconds
        case "accepting":
            one.accepts = moment.seconds


def _take_of_handler(moment: TimedEvent, one: _Seen, folder: str) -> None:
    event, detail = moment.event, moment.event.detail
    match event.source, event.kind:
        case "probe" | "endings", "registered":
            by_endings = event.source == "endings"
            one.handlers[detail[0]] = (
                told_by_itself(detail) if by_endings else of_atexit(detail, folder)
            )
        case "probe", "signal":
            key, name, code, place, _, call, *_ = detail
            handler = of_signal(name, code, place, call, folder)
            one.signals.install(key, handler, code, short_place(call, folder))
            if key:
                one.handlers[key] = handler
        case "probe", "endless":
            for run in one.runs:
                run.unseen = run.unseen or run.key == detail[0]
        case "probe", "finalize" | "dropped" | "kept" | "cleared":
            _take_of_what_is_called(event, one, folder)
        case "probe", "ended" | "left" if detail[0][:1] in FINALIZERS and not one.signals.ending:
            # What it belonged to has ended its life in the course of the program: no clean-up.
            _set_aside(detail[0], one)
        case "probe" | "endings", "began":
            _take_beginning(detail[0], moment.seconds, one)
        case "probe" | "endings", "ended" | "raised" | "left":
            for run in reversed(one.runs):
                # By what a handler of a signal was left may be told when its thread is at its end.
                later = run.left and event.kind == "raised"
                if run.key == detail[0] and (run.ended is None or later):
                    run.ended = run.ended or moment.seconds
                    run.error = detail[1] if event.kind == "raised" else ""
                    run.left = event.kind == "left"
                    break


def _set_aside(key: str, one: _Seen) -> None:
    """What has run before the end, and counts if it runs again."""
    if key in one.handlers:
        one.over[key] = one.handlers.pop(key)
    one.runs = [run for run in one.runs if run.key != key]


def _take_beginning(key: str, when: float, one: _Seen) -> None:
    """A handler begins.

    A hook may be called several times, as gunicorn's child_exit is for each worker: it is one
    thing, and has run if it returned each time.
    """
    if again := one.over.pop(key, None):
        one.handlers[key] = again
    if key.startswith(OF_HOOKS):
        one.runs = [run for run in one.runs if run.key != key or _fate(run) != "ran"]
    one.runs.append(_Run(key, when))


def _take_of_what_is_called(event: Event, one: _Seen, folder: str) -> None:
    """Whether the end of the interpreter calls something, which may change."""
    if event.kind == "cleared":
        own = str(event.subinterpreter or "")
        mine = (key for key in one.handlers if key.rpartition(".")[0] == own)
        one.dropped.update(key for key in mine if key[:1].isdigit())
        return
    key, *detail = event.detail
    if event.kind == "finalize":
        code, place, _, call, *named = detail
        mechanism = named[0] if named else FINALIZERS[key[:1]]
        one.handlers[key] = of_finalizer(mechanism, code, place, call, folder)
    elif event.kind == "dropped":
        one.dropped.add(key)
    else:
        one.dropped.discard(key)
