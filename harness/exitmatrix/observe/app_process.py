"""What the history of a user's command says of each of its processes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as copied

from exitmatrix.model import Event
from exitmatrix.model.app import TimedEvent
from exitmatrix.model.app_outcome import Fate, Handler
from exitmatrix.model.tree import Tree
from exitmatrix.observe.app_handlers import (
    of_atexit,
    of_finalizer,
    of_signal,
    short_place,
    told_by_itself,
)
from exitmatrix.observe.app_signals import Signals

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
class AppRun:
    """A handler that began in a process."""

    key: str
    began: float
    ended: float | None = None
    error: str = ""
    unseen: bool = False  # how it ends is not told
    left: bool = False  # and not by returning, or that is not known


@dataclass
class AppProcess:
    """What the history says of one process."""

    inside: bool = False
    python: str = ""
    handlers: dict[str, Handler] = field(default_factory=dict)  # by key
    runs: list[AppRun] = field(default_factory=list)
    signals: Signals = field(default_factory=Signals)
    over: dict[str, Handler] = field(default_factory=dict)  # by key, what ran before the end
    dropped: set[str] = field(default_factory=set)  # keys of what no exit calls
    inherited: set[str] = field(default_factory=set)  # keys of what its parent had, at the fork
    exit: str = ""
    ended: float | None = None
    first: float = 0.0
    signalled: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    past: list[AppProcess] = field(default_factory=list)  # what it was after the first signal
    finishing: bool = False  # its main thread has come to its end
    accepts: float | None = None  # when it was seen to wait for connections
    acted: float | None = None  # when it came to the ending that was asked for


def fate_of(run: AppRun) -> Fate:
    """What became of a handler that began."""
    if run.error:
        return "raised"
    # Who leaves a handler of a signal by an exception ends the program so, as by sys.exit().
    if run.unseen or (run.left and run.key[:1] in FINALIZERS):
        return "began"
    return "unfinished" if run.ended is None else "ran"


def processes_of(history: Sequence[TimedEvent], tree: Tree, folder: str) -> dict[int, AppProcess]:
    """By pid, what the history says of each process; `folder` is where the command was started."""
    seen: dict[int, AppProcess] = {}
    copies = _forks(history)
    for moment in history:
        event, pid = moment.event, moment.event.pid
        if (event.source, event.kind) == ("harness", "sent"):
            _take_sent(event, seen)
        if not pid or (event.subinterpreter and event.kind == "started"):
            continue
        if pid not in seen:
            seen[pid] = AppProcess(first=moment.seconds)
            node = tree.by_pid.get(pid)
            if node and node.forked and node.parent in seen:
                # It has its parent's memory: the probe is in it, whether it speaks or not.
                _inherit(seen[pid], seen[node.parent], alone=True)
        for copy in copies.get(pid, ()):
            copy.keep(event, seen[pid])
        if event.kind == "forked":
            _take_fork(
                event, seen[pid], _parent_of(event, copies) or seen.get(int(event.detail[0]))
            )
        else:
            _take(moment, seen[pid], folder)
    return seen


@dataclass
class _Copy:
    """What a child has of its parent, from the last event that was told before the fork."""

    child: int
    last: int  # its number
    parent: AppProcess | None = None  # as it was then

    def keep(self, event: Event, parent: AppProcess) -> None:
        """Keep the parent as it is, if its next event is the first one after the fork.

        A program that the parent has executed since counts from 1 again.
        """
        later = event.number > self.last or (event.kind == "started" and parent.inside)
        if self.parent is None and later and not event.subinterpreter:
            self.parent = AppProcess()
            _inherit(self.parent, parent)


def _forks(history: Sequence[TimedEvent]) -> dict[int, list[_Copy]]:
    """By pid of the parent, its children that have said from when they are."""
    found: dict[int, list[_Copy]] = {}
    for event in (one.event for one in history):
        if event.kind == "forked" and event.number and not event.subinterpreter:
            parent, last, *_ = map(int, event.detail[:2])
            found.setdefault(parent, []).append(_Copy(event.pid, last))
    return found


def _parent_of(event: Event, copies: Mapping[int, Sequence[_Copy]]) -> AppProcess | None:
    """What was kept of the parent of a process that was forked."""
    of_parent = copies.get(int(event.detail[0]), ())
    return next((copy.parent for copy in of_parent if copy.child == event.pid), None)


def _take_fork(event: Event, one: AppProcess, parent: AppProcess | None) -> None:
    one.inside = True
    # One that never spoke has had nothing of its own: then what the tree knows holds.
    if parent is not None and parent is not one and parent.inside:
        _inherit(one, parent, alone="thread" in event.detail)


def _inherit(child: AppProcess, parent: AppProcess, *, alone: bool = False) -> None:
    """A forked child has its parent's handlers, and is in those that its parent's thread is in.

    `alone`: it was forked by another thread than the one that is in them, or may have been.
    """
    child.inside = parent.inside
    child.handlers = {
        key: handler for key, handler in parent.handlers.items() if not key.startswith(OF_ITS_OWN)
    }
    child.signals = parent.signals.forked()
    child.dropped, child.inherited = set(parent.dropped), set(child.handlers)
    begun = [] if alone else [run for run in parent.runs if run.ended is None]
    child.runs = [AppRun(run.key, run.began) for run in begun]


def _take_sent(event: Event, seen: Mapping[int, AppProcess]) -> None:
    """Who has a handler for a signal that is sent to it is to run it."""
    for one in seen.values():
        one.signals.ending = True
    name, _, *several = event.detail
    for pid in (event.pid, *map(int, several)):
        if pid in seen:
            seen[pid].got.append(name)
            seen[pid].signals.sent(name)


def _take(moment: TimedEvent, one: AppProcess, folder: str) -> None:
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
        case "probe", "finishing":
            one.finishing = True
        case "probe" | "endings", _:
            one.inside = one.inside or event.source == "probe"
            _take_of_handler(moment, one, folder)


def _take_of_kernel(moment: TimedEvent, one: AppProcess) -> None:
    match moment.event.kind:
        case "ended":
            one.exit, one.ended = moment.event.detail[0], moment.seconds
        case "unseen":
            one.exit, one.ended = f"unknown: {moment.event.detail[0]}", moment.seconds
        case "accepting":
            one.accepts = moment.seconds


def _take_of_handler(moment: TimedEvent, one: AppProcess, folder: str) -> None:
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


def _set_aside(key: str, one: AppProcess) -> None:
    """What has run before the end, and counts if it runs again."""
    if key in one.handlers:
        one.over[key] = one.handlers.pop(key)
    one.runs = [run for run in one.runs if run.key != key]


def _take_beginning(key: str, when: float, one: AppProcess) -> None:
    """A handler begins.

    A hook may be called several times, as gunicorn's child_exit is for each worker: it is one
    thing, and has run if it returned each time.
    """
    if again := one.over.pop(key, None):
        one.handlers[key] = again
    if key.startswith(OF_HOOKS):
        one.runs = [run for run in one.runs if run.key != key or fate_of(run) != "ran"]
    one.runs.append(AppRun(key, when))


def _take_of_what_is_called(event: Event, one: AppProcess, folder: str) -> None:
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
