"""From a trial's history to its outcome: a pure function of what was saved.

What the history does not show is `Unknown` with the reason, never an outcome:
a process that said nothing, an event that is missing, a termination that did
not take place. The two witnesses are kept apart: what a process did comes from
its events, how it ended comes from the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.model import (
    Fact,
    Outcome,
    PortState,
    Process,
    Scenario,
    StdoutFate,
    Termination,
    Trial,
    Unknown,
)

PROGRAM = "app.py"
OWN_MODULE = "__main__"
MARKER = "[unflushed:{}]"  # what endings.mark() writes
FATES: dict[int, StdoutFate] = {0: "lost", 1: "kept", 2: "twice"}

Timeline = tuple[tuple[str, ...], ...]


@dataclass
class _Run:
    """One run of a handler."""

    key: str
    began: int  # place in the history
    ended: bool = False
    raised: str = ""


@dataclass
class _Seen:
    """What the history says of one process."""

    pid: int
    words: tuple[str, ...] = ()
    runs_program: bool = False
    inside: bool = False  # the probe spoke from it
    before: int = 0
    numbers: list[int] = field(default_factory=list)
    handlers: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> name, module
    runs: list[_Run] = field(default_factory=list)
    marker: str | None = None
    exit: dict[str, Any] | None = None
    ended_before_ready: bool = False
    alive: bool = False
    role: str = ""

    def ran(self, own: bool) -> list[_Run]:
        """Its runs of the program's own handlers, or of a library's."""
        return [r for r in self.runs if (self.handlers[r.key][1] == OWN_MODULE) == own]

    def name(self, run: _Run) -> str:
        """The handler's name; a library's with its module."""
        name, module = self.handlers[run.key]
        return name if module == OWN_MODULE else module


def observe(trial: Trial, scenario: Scenario, termination: Termination) -> Outcome | Unknown:
    """What a trial showed, or why it does not show enough.

    `trial` may have been saved before; nothing else is looked at.
    """
    history = _until_closing(trial.history)
    seen = _read(history)
    reason = (
        _failed(history, termination) or _missing_events(seen) or _assign_roles(seen, scenario)
    )
    if reason:
        return Unknown(reason=reason)
    ran = [one for one in seen.values() if one.role]
    for one in seen.values():
        if one.exit is None and not one.alive:
            who = one.role or _helper_name(one.words)
            return Unknown(reason=f"{who} neither ended nor showed a sign of life")
    began = sorted(
        (run.began, one.role, one.name(run)) for one in ran for run in one.ran(own=True) if run.ended
    )
    return Outcome(
        processes=tuple(_process(one, trial.stdout, ran) for one in ran),
        order=tuple((role, name) for _, role, name in began),
        survivors=tuple(one.role for one in ran if one.alive),
        helpers=tuple(
            sorted(
                _helper_name(one.words)
                for one in seen.values()
                if not one.role and not one.ended_before_ready
            )
        ),
        port=_port(history, seen) if scenario.serves else None,
        answer=_answer(history) if scenario.serves and _in_process(termination) else None,
        left=tuple(sorted(f.detail[0] for f in history if f.kind == "left")),
    )


def timeline(trial: Trial, scenario: Scenario) -> Timeline:
    """Who did what after what: (who, what, ...), without times, pids and paths."""
    history = _until_closing(trial.history)
    seen = _read(history)
    _assign_roles(seen, scenario)
    names = {pid: one.role or _helper_name(one.words) for pid, one in seen.items()}
    told = {
        "spawned": 0,
        "forked": 0,
        "ready": 0,
        "serves": 0,
        "asked": 1,
        "replied": 1,
        "sent": 2,
        "touched": 1,
        "ending": 1,
        "ended": 1,
        "alive": 0,
        "answered": 0,
        "no-answer": 0,
        "left": 1,
    }
    lines: list[tuple[str, ...]] = []
    for fact in history:
        who = names.get(fact.pid, "")
        if fact.kind == "started" and fact.source == "probe":
            lines.append((who, "started"))
        elif fact.source == "probe" and fact.kind in ("registered", "began", "ended", "raised"):
            name, module = seen[fact.pid].handlers.get(fact.detail[0], ("?", OWN_MODULE))
            label = name if module == OWN_MODULE else module
            kind = {"ended": "returned"}.get(fact.kind, fact.kind)
            lines.append((who, kind, label, *fact.detail[1:2]) if kind == "raised" else (who, kind, label))
        elif fact.source != "probe" and fact.kind in told:
            speaker = who or "harness"
            lines.append((speaker, fact.kind, *fact.detail[: told[fact.kind]]))
    return tuple(lines)


# ------------------------------------------------------------------ reading


def _until_closing(history: Sequence[Fact]) -> Sequence[Fact]:
    """What came before the harness began to end what was left."""
    for place, fact in enumerate(history):
        if fact.kind == "closing" and fact.source == "harness":
            return history[:place]
    return history


def _read(history: Sequence[Fact]) -> dict[int, _Seen]:
    seen: dict[int, _Seen] = {}
    ready = False
    for place, fact in enumerate(history):
        if fact.source == "harness":
            ready = ready or fact.kind == "ready"
            continue
        if not fact.pid:
            continue
        one = seen.setdefault(fact.pid, _Seen(fact.pid))
        if fact.number:
            one.numbers.append(fact.number)
        _take(fact, place, one, seen)
        if one.exit is not None and not ready:
            one.ended_before_ready = True
    return seen


def _take(fact: Fact, place: int, one: _Seen, seen: dict[int, _Seen]) -> None:
    """Add one fact to what is known of its process."""
    detail = fact.detail
    match fact.source, fact.kind:
        case "kernel", "spawned":
            one.runs_program = True
        case "kernel", "found":
            one.words = one.words or detail
            one.runs_program = one.runs_program or PROGRAM in detail
        case "kernel", "ended":
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
            one.runs_program = one.runs_program or PROGRAM in one.words
            one.before = int(detail[3] or 0)
        case "probe" | "endings", "forked":
            parent = seen.get(int(detail[0]))
            if parent:
                _inherit(one, parent)
        case "probe", "registered":
            one.handlers[detail[0]] = (detail[1], detail[2].replace(":", ".", 1))
            if detail[2].startswith(f"{OWN_MODULE}:"):
                one.handlers[detail[0]] = (detail[1], OWN_MODULE)
        case "probe", "began":
            one.handlers.setdefault(detail[0], ("?", OWN_MODULE))
            one.runs.append(_Run(detail[0], place))
        case "probe", "ended" | "raised":
            for run in reversed(one.runs):
                if run.key == detail[0] and not run.ended:
                    run.ended = True
                    run.raised = detail[1] if fact.kind == "raised" else ""
                    break
        case "endings", "marked":
            one.marker = detail[0]


def _inherit(child: _Seen, parent: _Seen) -> None:
    """A forked child has its parent's handlers, and those that run at the fork run in it."""
    child.words, child.inside, child.before = parent.words, parent.inside, parent.before
    child.runs_program = parent.runs_program
    child.handlers = dict(parent.handlers)
    child.runs = [_Run(run.key, run.began) for run in parent.runs if not run.ended]


# ----------------------------------------------------------------- doubting


def _failed(history: Sequence[Fact], termination: Termination) -> str | None:
    """Why the trial says nothing about this termination; None if it does."""
    for fact in history:
        text = " ".join(fact.detail)
        if fact.source == "endings" and fact.kind == "no-effect":
            return f"{text} did not take place: the call came back"
        if fact.source != "harness":
            continue
        match fact.kind:
            case "not-started":
                return f"it could not be started: {text}"
            case "not-ready":
                return f"it was never ready: {text}"
            case "gave-up":
                return f"the time limit was reached while waiting ({text})"
            case "garbled":
                return f"the event channel holds what is no event of this trial: {text}"
            case "not-sent":
                return f"{text} was not sent: the target had already ended"
    if _in_process(termination) and not any(f.kind == "ending" for f in history):
        return "the program never reached the termination"
    return None


def _missing_events(seen: dict[int, _Seen]) -> str | None:
    """Events are numbered within each process: a gap, or a number twice, is an event in doubt."""
    for one in seen.values():
        # Threads may write in another order than they were numbered.
        if sorted(one.numbers) != list(range(1, len(one.numbers) + 1)):
            return "events of a process are missing or doubled"
        if any(name == "?" for name, _ in one.handlers.values()):
            return "a handler ran that was never registered"
    return None


def _assign_roles(seen: dict[int, _Seen], scenario: Scenario) -> str | None:
    """Give the scenario's roles to the processes that run its program, in order of appearance."""
    running = [one for one in seen.values() if one.runs_program]
    names = [scenario.roles[0]] + [
        scenario.roles[-1] + (f"#{number}" if number > 1 else "")
        for number in range(1, len(running))
    ]
    for one, name in zip(running, names, strict=False):
        one.role = name
    if len(running) > 1 and len(scenario.roles) == 1:
        return "more processes than declared ran the program"
    if len(running) < len(scenario.roles):
        return f"the {scenario.roles[len(running)]} was never observed"
    return None


# --------------------------------------------------------------- concluding


def _process(one: _Seen, stdout: str, ran: Iterable[_Seen]) -> Process:
    own, library = one.ran(own=True), one.ran(own=False)
    return Process(
        role=one.role,
        fired=tuple(one.name(run) for run in own if run.ended) if one.inside else None,
        unfinished=tuple(one.name(run) for run in own if not run.ended) if one.inside else None,
        exit=None if one.alive else one.exit,
        raised=tuple(one.name(run) for run in own if run.raised),
        library=tuple(one.name(run) + ("" if run.ended else " (unfinished)") for run in library),
        before=one.before,
        stdout=None if one.alive else _fate(one, stdout, ran),
    )


def _fate(one: _Seen, stdout: str, ran: Iterable[_Seen]) -> StdoutFate | None:
    if one.marker is None or sum(other.marker == one.marker for other in ran) > 1:
        return None  # nothing was written, or two wrote the same
    return FATES.get(stdout.count(MARKER.format(one.marker)))


def _helper_name(words: Sequence[str]) -> str:
    """A stable name for a process that does not run the program.

    `python -c "from multiprocessing.resource_tracker import main;main(5)"` is
    `multiprocessing.resource_tracker`; any other is named by its command.
    """
    for place, word in enumerate(words[:-1]):
        if word == "-c" and words[place + 1].startswith("from "):
            return words[place + 1].split()[1]
        if word == "-m":
            return words[place + 1]
    return words[0].rsplit("/", 1)[-1] if words else "a process without a name"


def _in_process(termination: Termination) -> bool:
    return termination.delivery == "in-process"


def _port(history: Sequence[Fact], seen: dict[int, _Seen]) -> PortState:
    """Open means that HTTP answered; a listening socket that nobody serves is closed."""
    asked = [fact for fact in history if fact.kind in ("answered", "no-answer")]
    answered = bool(asked) and asked[-1].kind == "answered"
    alive = answered and asked[-1].pid in seen and seen[asked[-1].pid].exit is None
    return "open" if alive else "closed"


def _answer(history: Sequence[Fact]) -> str | None:
    replies = [fact.detail[0] for fact in history if fact.kind == "replied"]
    return replies[-1] if replies else None
