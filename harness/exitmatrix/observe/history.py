"""What the history of a trial says of each process. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from exitmatrix.model import DataState, Event, Termination

PROGRAM = "app.py"
OWN_MODULE = "__main__"
IMPORTED_MAIN = "__mp_main__"  # what a spawned process calls the program's file
SPAWNED = "--multiprocessing-fork"  # CPython Lib/multiprocessing/spawn.py, get_command_line
FORK_SERVER_CODE = "from multiprocessing.forkserver import main"
DATA = ("harness", "data")
STATES: dict[str, DataState] = {state: state for state in get_args(DataState)}


@dataclass
class HandlerRun:
    """One run of a handler."""

    key: str
    name: str
    module: str
    began: int  # place in the history
    program: int = 0  # the process's program that ran it
    ended: bool = False
    raised: str = ""
    inherited: bool = False  # it began in the parent, before the fork


@dataclass
class ProcessHistory:
    """What the history says of one process."""

    pid: int
    words: tuple[str, ...] = ()
    spawned: bool = False  # by the harness
    runs_program: bool = False
    holds: bool = False  # it has come to a gate, which what runs the program's code does
    inside: bool = False  # the probe spoke from it
    before: int = 0
    program: int = 0  # how often it replaced its program by another Python (exec)
    python: str = ""  # the version that runs it
    # Of its events, each interpreter of each of its programs by itself: 0 is the main one.
    numbers: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    subinterpreters: int = 0  # that its program said it made
    handlers: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> name, module
    removed: bool = False  # it asked `atexit` to remove handlers
    missed_handlers: bool = False  # `atexit` held handlers that the probe did not see
    last: str = ""  # the kind of its last event
    rootless: bool = False  # another thread than the first one has forked it
    left: bool = False  # it ended its program past Python's own end
    runs: list[HandlerRun] = field(default_factory=list)
    marker: str | None = None
    ambiguous: bool = False  # both it and a program that it has replaced wrote a marker
    exit: dict[str, Any] | None = None
    at_ready: bool = False
    alive: bool = False
    role: str = ""
    doubt: str = ""  # why its events cannot all be right

    @property
    def forks(self) -> bool:
        """Whether it is a fork server; what that has forked has its command, too, but runs code."""
        return _is_fork_server(self.words) and not self.holds

    @property
    def lasting(self) -> bool:
        """Whether every run shows it: one that is only caught in passing is chance."""
        return self.alive or self.at_ready

    def ran(self, own: bool) -> list[HandlerRun]:
        """Its runs of the program's own handlers, or of a library's."""
        return [run for run in self.runs if (run.module == OWN_MODULE) == own]

    def name(self, run: HandlerRun) -> str:
        """The handler's name; a library's with its module."""
        return run.name if run.module == OWN_MODULE else run.module

    def begin_program(self) -> None:
        """It has replaced its program by another Python, which has nothing of the first."""
        self.program += 1
        self.handlers = {}
        self.subinterpreters = 0
        self.removed = self.left = False


def first_word(event: Event) -> str:
    """The first thing that an event says; nothing, if it says none."""
    return "".join(event.detail[:1])


LATE = "the machine was too busy: the second signal, or who was to get it, came late"
STARVED = "the kernel ended a process for want of memory meanwhile"


def is_starved(history: Iterable[Event]) -> bool:
    """Whether a process may have been ended for want of memory, which is done with SIGKILL.

    An end that follows on a SIGKILL of the harness's own has its reason.
    """
    noted = killed = False
    for event in history:
        if (event.source, event.kind, first_word(event)) == ("harness", "sent", "SIGKILL"):
            break
        noted = noted or (event.source, event.kind) == ("harness", "starved")
        killed = killed or (
            (event.source, event.kind, event.detail) == ("kernel", "ended", ("signal SIGKILL",))
        )
    return noted and killed


def until_closing(history: Sequence[Event]) -> Sequence[Event]:
    """What came before the harness began to end what was left."""
    for place, event in enumerate(history):
        if event.kind == "closing" and event.source == "harness":
            return history[:place]
    return history


def read_history(history: Sequence[Event], modules: Collection[str]) -> dict[int, ProcessHistory]:
    """What the events say of each process; `modules` are the program's own beside its main one."""
    seen: dict[int, ProcessHistory] = {}
    ready = False
    for place, event in enumerate(history):
        if event.source == "harness":
            if event.kind == "ready" and not ready:
                ready = True
                for one in seen.values():
                    one.at_ready = one.exit is None
            continue
        if not event.pid:
            continue
        if event.pid not in seen:
            seen[event.pid] = ProcessHistory(event.pid)
        one = seen[event.pid]
        if _begins_program(event, one):
            one.begin_program()
        one.last = event.kind if event.number else one.last
        if event.number:
            speaker = one.program, event.subinterpreter
            one.numbers.setdefault(speaker, []).append(event.number)
        if event.kind == "subinterpreter":
            one.subinterpreters += 1
        if event.subinterpreter and event.kind == "started":
            continue  # it says of its process what is known
        _take(event, place, one, seen, modules)
    return seen


def _begins_program(event: Event, one: ProcessHistory) -> bool:
    """Whether a process speaks as another Python than before; two in a row are one, doubled."""
    starts = event.kind == "started" and not event.subinterpreter
    return starts and bool(one.numbers) and one.last != "started"


def _take(  # noqa: C901, PLR0915 - one case a kind of event
    event: Event,
    place: int,
    one: ProcessHistory,
    seen: dict[int, ProcessHistory],
    modules: Collection[str],
) -> None:
    """Add one event to what is known of its process."""
    detail = event.detail
    match event.source, event.kind:
        case "probe" | "endings", "began" | "ended" | "raised":  # the most, so they come first
            _take_run(event, place, one)
        case "probe" | "endings", "registered":
            # Who called `register` decides; where that is not told, who wrote the handler.
            by = "".join(detail[4:5]) or detail[2].partition(":")[0]
            own = by in (OWN_MODULE, IMPORTED_MAIN, *modules)
            one.handlers[detail[0]] = (
                detail[1],
                OWN_MODULE if own else detail[2].replace(":", ".", 1),
            )
        case "kernel", "spawned":
            one.spawned = one.runs_program = True
        case "kernel", "found":
            # What tells of itself knows better; what is found again has begun its program since.
            if detail and not one.inside:
                one.words = detail
                one.runs_program = one.spawned or one.holds or _runs_program(detail)
        case "kernel", "ended":
            one.alive = False
            word, _, value = detail[0].partition(" ")
            if word == "code":
                one.exit = {"code": int(value)}
            elif word == "signal":
                one.exit = {"signal": value}
            else:
                one.exit = {"unknown": "its parent reaped it before its status could be read"}
        case "kernel", "unseen":
            one.exit = {"unknown": detail[0]}
        case "kernel", "alive":
            one.alive = True
        case "probe", "started":
            one.inside = True
            one.words = tuple(detail[1].rstrip("\0").split("\0"))
            # What the kernel found may have been the parent's command, before the exec.
            one.runs_program = one.spawned or _runs_program(one.words)
            one.before = one.before if one.program else int(detail[3] or 0)
            one.python = detail[2]
        case "probe" | "endings", "forked":
            parent = seen.get(int(detail[0]))
            one.rootless = "thread" in detail[1:]
            if parent and parent is not one:
                _inherit(one, parent)
            elif any(other.inside for other in seen.values()):  # else nobody introduces itself
                one.doubt = "a process was forked by one that is not known"
        case "probe", "removed":
            one.removed = True
        case "probe", "untold":
            one.missed_handlers = True
        case "probe", "leaving":
            one.left = True
        case "endings", "marked":
            # Two programs may have written the same: what arrived is of the one or the other.
            one.ambiguous = one.program > 0 and one.marker is not None
            one.marker = detail[0]
        case "endings", "holding":  # whatever the kernel was told that it is
            one.holds = one.runs_program = True


def _take_run(event: Event, place: int, one: ProcessHistory) -> None:
    """Add what is told of a handler's run."""
    key = event.detail[0]
    if event.kind == "began":
        one.runs.append(_new_run(key, place, one))
        return
    for run in reversed(one.runs):
        if (run.key, run.program) == (key, one.program) and not run.ended:
            run.ended = True
            run.raised = event.detail[1] if event.kind == "raised" else ""
            return
    if event.kind == "raised" and event.detail[1] == "KeyboardInterrupt" and one.inside:
        # A second Ctrl-C came when it was called and had not told so yet. The number of
        # an event that was lost is missing; here none is, so nothing was.
        run = _new_run(key, place, one)
        run.ended, run.raised = True, event.detail[1]
        one.runs.append(run)
        return
    one.doubt = "a handler ended that had not begun"


def _new_run(key: str, place: int, one: ProcessHistory) -> HandlerRun:
    name, module = one.handlers.setdefault(key, ("?", OWN_MODULE))
    return HandlerRun(key, name, module, place, one.program)


def _runs_program(words: Sequence[str]) -> bool:
    """Whether a command runs the scenario's file; old reloaders name it by its whole path.

    What multiprocessing starts runs it too: it imports it, or forks for it.
    """
    if SPAWNED in words or _is_fork_server(words):
        return True
    return any(word == PROGRAM or word.endswith(f"/{PROGRAM}") for word in words)


def _is_fork_server(words: Sequence[str]) -> bool:
    return any(FORK_SERVER_CODE in word for word in words)


def _inherit(child: ProcessHistory, parent: ProcessHistory) -> None:
    """A forked child has its parent's handlers, and those that run at the fork run in it."""
    child.words, child.inside, child.before = parent.words, parent.inside, parent.before
    child.runs_program = parent.runs_program
    child.handlers = dict(parent.handlers)
    # What has run before may be gone from the list.
    child.removed = parent.removed or any(run.ended for run in parent.runs)
    child.python = parent.python
    child.runs = [
        replace(run, program=child.program, inherited=True)
        for run in parent.runs
        if not run.ended and run.program == parent.program
    ]


def told_of_data(history: Sequence[Event]) -> dict[str, DataState]:
    """What became of each kind of data, as far as that was told."""
    details = (f.detail for f in history if (f.source, f.kind) == DATA and len(f.detail) > 1)
    return {kind: STATES[state] for kind, state, *_ in details if state in STATES}


def is_in_process(termination: Termination) -> bool:
    """Whether the program itself comes to the termination."""
    return termination.delivery == "in-process"


def asked_for_life(history: Sequence[Event]) -> list[Event]:
    """What came of asking for a sign of life over HTTP, each time."""
    return [f for f in history if f.source == "harness" and f.kind in ("answered", "no-answer")]
