"""From a trial's history to its outcome: a pure function of what was saved.

What the history does not show is `Unknown` with the reason, never an outcome:
a process that said nothing, an event that is missing, a termination that did
not take place. The two witnesses are kept apart: what a process did comes from
its events, how it ended comes from the kernel.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from msgspec.structs import replace

from exitmatrix.model import (
    DataState,
    Fact,
    Outcome,
    PortState,
    Process,
    Scenario,
    StdoutFate,
    Termination,
    Timeline,
    Trial,
    Unknown,
)
from exitmatrix.observe.stderr import lines

PROGRAM = "app.py"
OWN_MODULE = "__main__"
MARKER = "[unflushed:{}]"  # what endings.mark() writes
LEFT = ("kernel", "left")
DATA = ("harness", "data")
STATES: dict[str, DataState] = {state: state for state in get_args(DataState)}
FATES: dict[int, StdoutFate] = {0: "lost", 1: "kept", 2: "twice"}


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
    spawned: bool = False  # by the harness
    runs_program: bool = False
    inside: bool = False  # the probe spoke from it
    before: int = 0
    # Of its events, each of its interpreters by itself: 0 is the main one.
    numbers: dict[int, list[int]] = field(default_factory=dict)
    subinterpreters: int = 0  # that it said it made
    handlers: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> name, module
    runs: list[_Run] = field(default_factory=list)
    marker: str | None = None
    exit: dict[str, Any] | None = None
    at_ready: bool = False
    alive: bool = False
    role: str = ""
    doubt: str = ""  # why its events cannot all be right

    @property
    def lasting(self) -> bool:
        """Whether every run shows it: one that is only caught in passing is chance."""
        return self.alive or self.at_ready

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
    try:
        seen = _read(history, scenario.modules)
    except (IndexError, ValueError):
        return Unknown(reason="an event does not hold what events of its kind hold")
    reason = (
        _failed(history, seen)
        or _unfinished(trial.history, history, termination)
        or _missing_events(seen)
        or _assign_roles(seen, scenario)
        or _misplaced(history, seen, scenario)
        or _disagreement(history, seen)
        or _other_blind(trial, seen, scenario, termination)
        or _unlooked(history, seen, scenario)
    )
    if reason:
        return Unknown(reason=reason)
    ran = [one for one in seen.values() if one.role]
    for one in seen.values():
        if one.exit is None and not one.alive:
            who = one.role or _helper_name(one.words)
            return Unknown(reason=f"{who} neither ended nor showed a sign of life")
    whole = not any((f.source, f.kind) == ("harness", "stdout-cut") for f in history)
    stdout = trial.stdout if whole else None
    began = sorted(
        (run.began, one.role, one.name(run))
        for one in ran
        for run in one.ran(own=True)
        if run.ended
    )
    return Outcome(
        processes=tuple(_process(one, stdout, ran) for one in ran),
        order=tuple((role, name) for _, role, name in began),
        survivors=tuple(one.role for one in ran if one.alive),
        helpers=tuple(
            sorted(_helper_name(one.words) for one in seen.values() if not one.role and one.lasting)
        ),
        port=_port(history, seen) if scenario.serves else None,
        answer=_answer(history, ran, scenario) if _in_process(termination) else None,
        left=tuple(sorted(_word(f) for f in history if (f.source, f.kind) == LEFT)),
        printed=_printed(trial) if scenario.printed else None,
        data=_data(history, seen) if scenario.data else None,
    )


def timeline(trial: Trial, scenario: Scenario) -> Timeline:
    """Who did what after what: (who, what, ...), without times, pids and paths."""
    history = _until_closing(trial.history)
    seen = _read(history, scenario.modules)
    _assign_roles(seen, scenario)
    names = {pid: one.role or _helper_name(one.words) for pid, one in seen.items()}
    asked = _asked(history)
    told = {
        "spawned": 0,
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
        if fact.source == "endings" and fact.kind == "alive":
            continue  # how often a sign of life was asked for is a matter of time
        if fact in asked and fact is not asked[-1]:
            continue  # and so is how often HTTP was
        inside = fact.source in ("probe", "endings")
        if inside and fact.kind in ("started", "forked"):
            where = (f"subinterpreter {fact.subinterpreter}",) if fact.subinterpreter else ()
            lines.append((who, fact.kind, *where))
        elif inside and fact.kind in ("registered", "began", "ended", "raised"):
            name, module = seen[fact.pid].handlers.get(fact.detail[0], ("?", OWN_MODULE))
            label = name if module == OWN_MODULE else module
            kind = {"ended": "returned"}.get(fact.kind, fact.kind)
            how = fact.detail[1:2] if kind == "raised" else ()
            lines.append((who, kind, label, *how))
        elif fact.source != "probe" and fact.kind in told:
            speaker = who or "harness"
            lines.append((speaker, fact.kind, *fact.detail[: told[fact.kind]]))
    return tuple(lines)


# ------------------------------------------------------------------ reading


def _word(fact: Fact) -> str:
    """The first thing that a fact says; nothing, if it says none."""
    return "".join(fact.detail[:1])


def _until_closing(history: Sequence[Fact]) -> Sequence[Fact]:
    """What came before the harness began to end what was left."""
    for place, fact in enumerate(history):
        if fact.kind == "closing" and fact.source == "harness":
            return history[:place]
    return history


def _read(history: Sequence[Fact], modules: Collection[str]) -> dict[int, _Seen]:
    """What the facts say of each process; `modules` are the program's own beside its main one."""
    seen: dict[int, _Seen] = {}
    ready = False
    for place, fact in enumerate(history):
        if fact.source == "harness":
            if fact.kind == "ready" and not ready:
                ready = True
                for one in seen.values():
                    one.at_ready = one.exit is None
            continue
        if not fact.pid:
            continue
        one = seen.setdefault(fact.pid, _Seen(fact.pid))
        if fact.number:
            one.numbers.setdefault(fact.subinterpreter, []).append(fact.number)
        if fact.kind == "subinterpreter":
            one.subinterpreters += 1
        if fact.subinterpreter and fact.kind == "started":
            continue  # it says of its process what is known
        _take(fact, place, one, seen, modules)
    return seen


def _take(  # noqa: C901 - one case a kind of fact
    fact: Fact, place: int, one: _Seen, seen: dict[int, _Seen], modules: Collection[str]
) -> None:
    """Add one fact to what is known of its process."""
    detail = fact.detail
    match fact.source, fact.kind:
        case "kernel", "spawned":
            one.spawned = one.runs_program = True
        case "kernel", "found":
            one.words = one.words or detail
            one.runs_program = one.runs_program or _runs_program(detail)
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
            one.before = int(detail[3] or 0)
        case "probe" | "endings", "forked":
            parent = seen.get(int(detail[0]))
            if parent and parent is not one:
                _inherit(one, parent)
            else:
                one.doubt = "a process was forked by one that is not known"
        case "probe" | "endings", "registered":
            own = detail[2].partition(":")[0] in (OWN_MODULE, *modules)
            one.handlers[detail[0]] = (
                detail[1],
                OWN_MODULE if own else detail[2].replace(":", ".", 1),
            )
        case "probe" | "endings", "began" | "ended" | "raised":
            _take_run(fact, place, one)
        case "endings", "marked":
            one.marker = detail[0]


def _take_run(fact: Fact, place: int, one: _Seen) -> None:
    """Add what is told of a handler's run."""
    key = fact.detail[0]
    if fact.kind == "began":
        one.handlers.setdefault(key, ("?", OWN_MODULE))
        one.runs.append(_Run(key, place))
        return
    for run in reversed(one.runs):
        if run.key == key and not run.ended:
            run.ended = True
            run.raised = fact.detail[1] if fact.kind == "raised" else ""
            return
    if fact.kind == "raised" and fact.detail[1] == "KeyboardInterrupt" and one.inside:
        # A second Ctrl-C came when it was called and had not told so yet. The number of
        # an event that was lost is missing; here none is, so nothing was.
        one.handlers.setdefault(key, ("?", OWN_MODULE))
        one.runs.append(_Run(key, place, ended=True, raised=fact.detail[1]))
        return
    one.doubt = "a handler ended that had not begun"


def _runs_program(words: Sequence[str]) -> bool:
    """Whether a command runs the scenario's file; old reloaders name it by its whole path."""
    return any(word == PROGRAM or word.endswith(f"/{PROGRAM}") for word in words)


def _inherit(child: _Seen, parent: _Seen) -> None:
    """A forked child has its parent's handlers, and those that run at the fork run in it."""
    child.words, child.inside, child.before = parent.words, parent.inside, parent.before
    child.runs_program = parent.runs_program
    child.handlers = dict(parent.handlers)
    child.runs = [_Run(run.key, run.began) for run in parent.runs if not run.ended]


# ----------------------------------------------------------------- doubting


def _failed(history: Sequence[Fact], seen: dict[int, _Seen]) -> str | None:
    """Why the trial says nothing about its termination; None if it may."""
    for fact in history:
        text = " ".join(fact.detail)
        if fact.source == "endings" and fact.kind == "no-effect":
            # A signal to one's own process may reach another thread first, and the
            # calling one runs on for an instant: then it took place all the same.
            if fact.pid in seen and "signal" in (seen[fact.pid].exit or {}):
                continue
            return f"{_word(fact)} did not take place: {' '.join(fact.detail[1:])}"
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
                # Not what it holds: a record tells no pids and no paths.
                return "the event channel holds what is no event of this trial"
            case "unheard":
                return f"not every event could be told: {text}"
            case "failed":
                return f"the harness itself failed: {text.partition('(')[0]}"
            case "not-sent":
                return f"{text} was not sent: the target had already ended"
    return None


def _unfinished(
    whole: Sequence[Fact], history: Sequence[Fact], termination: Termination
) -> str | None:
    """Which step of a trial its history lacks; None if it has them all."""
    if not any(f.source == "harness" and f.kind == "ready" for f in history):
        return "it was never ready"
    if not any(_takes_place(fact, termination) for fact in history):
        if _in_process(termination):
            return "the program never reached the termination"
        return f"nothing says that {termination.id} took place"
    if len(history) == len(whole):
        return "the history ends before the trial was closed"
    heard = str(sum(fact.source in ("probe", "endings") for fact in history))
    if whole[len(history)].detail[:1] not in ((), (heard,)):
        return "the history does not hold as many events as were heard"
    return None


def _takes_place(fact: Fact, termination: Termination) -> bool:
    """Whether a fact says that the termination takes place."""
    match termination.delivery:
        case "in-process":
            return (fact.source, fact.kind, *fact.detail) == ("endings", "ending", termination.id)
        case "touch":
            return (fact.source, fact.kind) == ("harness", "touched")
        case _:
            said = (fact.source, fact.kind, *fact.detail[:1])
            return said == ("harness", "sent", termination.signal)


def _missing_events(seen: dict[int, _Seen]) -> str | None:
    """Events are numbered within each process: a gap, or a number twice, is an event in doubt."""
    for one in seen.values():
        # Threads may write in another order than they were numbered.
        for numbers in one.numbers.values():
            if sorted(numbers) != list(range(1, len(numbers) + 1)):
                return "events of a process are missing or doubled"
        if one.inside and one.subinterpreters > sum(number > 0 for number in one.numbers):
            return "a subinterpreter was not observed from inside"
        if any(name == "?" for name, _ in one.handlers.values()):
            return "a handler ran that was never registered"
        if one.doubt:
            return one.doubt
    return None


def _assign_roles(seen: dict[int, _Seen], scenario: Scenario) -> str | None:
    """Give the scenario's roles to the processes that run its program, in order of appearance."""
    # One that was caught between its fork and its exec has its parent's command still.
    running = [one for one in seen.values() if one.runs_program and (one.numbers or one.lasting)]
    names = [scenario.roles[0]] + [
        scenario.roles[-1] + (f"#{number}" if number > 1 else "")
        for number in range(1, len(running))
    ]
    for one, name in zip(running, names, strict=False):
        one.role = name
    if len(running) > 1 and len(scenario.roles) == 1:
        return "more processes than declared ran the program"
    # A server's child must be there to serve; a fork may be refused, and then there is none.
    if len(running) < len(scenario.roles) and scenario.serves:
        return f"the {scenario.roles[len(running)]} was never observed"
    return None


def _misplaced(history: Sequence[Fact], seen: dict[int, _Seen], scenario: Scenario) -> str | None:
    """Whether something was done by, or to, a process of another role than it seems.

    Roles go by the order of appearance, and this is the second witness: the process
    that answers HTTP is the one that serves.
    """
    for fact in history:
        who = seen[fact.pid].role if fact.pid in seen else ""
        match fact.source, fact.kind:
            case "harness", "serves" if who != scenario.acting_role:
                return f"the process that served is not the {scenario.acting_role}"
            case "endings", "ending" if who != scenario.acting_role:
                return f"the termination took place outside of the {scenario.acting_role}"
            case "harness", "sent" if fact.pid and fact.detail[1:] != (who,):
                return "the signal went to another process than the target"
            case "harness", "answered" if not who:
                return "HTTP was answered by a process that does not run the program"
    return None


def _other_blind(
    trial: Trial, seen: dict[int, _Seen], scenario: Scenario, termination: Termination
) -> str | None:
    """Why what is printed without the probe cannot be told of this trial; None if it can."""
    if not scenario.printed:
        return None
    if trial.blind is None:
        return "it was not run without the probe"
    blind = observe(trial.blind, replace(scenario, printed=False), termination)
    if isinstance(blind, Unknown):
        return f"without the probe: {blind.reason}"
    if [one.exit for one in blind.processes] != [one.exit for one in seen.values() if one.role]:
        return "without the probe it ended in another way"
    return None


def _unlooked(history: Sequence[Fact], seen: dict[int, _Seen], scenario: Scenario) -> str | None:
    """Why it is not known what became of data in flight; None if it is, or they still are."""
    if not scenario.data or any(one.alive for one in seen.values()):
        return None
    if set(_told_of_data(history)) != set(scenario.data):
        return "what became of its data could not be seen"
    return None


def _disagreement(history: Sequence[Fact], seen: dict[int, _Seen]) -> str | None:
    """Where what the processes told and what the kernel reports cannot both be right."""
    ended: set[int] = set()
    for fact in history:
        one = seen.get(fact.pid)
        if one is None:
            continue
        about = f"the witnesses disagree about {one.role or _helper_name(one.words)}: "
        if (fact.source, fact.kind) == ("kernel", "disagrees"):
            return about + ", but ".join(fact.detail)
        if (fact.source, fact.kind) == ("kernel", "ended"):
            ended.add(fact.pid)
        elif fact.source in ("probe", "endings"):
            if fact.pid in ended:
                return f"{about}the kernel saw its end, but then the channel has its {fact.kind!r}"
            told = _word(fact) if fact.kind == "ending" else ""
            if how := _must_end(told, one):
                return f"{about}the channel says {told}, but the kernel {how}"
    return None


def _must_end(termination: str, one: _Seen) -> str | None:
    """How a process ended, if that is no way in which what it told can end it.

    Only what POSIX itself says of a call that does not return: _exit() and SIGKILL.
    """
    how = one.exit or {}
    if termination == "self-SIGKILL" and "code" in how:
        return f"code {how['code']}"
    code = re.fullmatch(r"os-exit-([0-9]{1,3})", termination)
    if code and how.get("code", int(code[1]) & 0xFF) != int(code[1]) & 0xFF:
        return f"code {how['code']}"
    return None


# --------------------------------------------------------------- concluding


def _process(one: _Seen, stdout: str | None, ran: Iterable[_Seen]) -> Process:
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


def _fate(one: _Seen, stdout: str | None, ran: Iterable[_Seen]) -> StdoutFate | None:
    if stdout is None or one.marker is None:
        return None  # nothing was written, or not all of it was kept
    if sum(other.marker == one.marker for other in ran) > 1:
        return None  # two wrote the same
    return FATES.get(stdout.count(MARKER.format(one.marker)))


def _printed(trial: Trial) -> tuple[str, ...]:
    return lines(trial.blind.stderr) if trial.blind else ()


def _data(history: Sequence[Fact], seen: dict[int, _Seen]) -> dict[str, DataState] | None:
    """By kind, in order. None while somebody is alive: what they hold is not yet lost."""
    if any(one.alive for one in seen.values()):
        return None
    return dict(sorted(_told_of_data(history).items()))


def _told_of_data(history: Sequence[Fact]) -> dict[str, DataState]:
    told = (f.detail for f in history if (f.source, f.kind) == DATA and len(f.detail) > 1)
    return {kind: STATES[state] for kind, state, *_ in told if state in STATES}


def _helper_name(words: Sequence[str]) -> str:
    """A stable name for a process that does not run the program.

    `python -c "from multiprocessing.resource_tracker import main;main(5)"` is
    `multiprocessing.resource_tracker`; any other is named by its command.
    """
    for place, word in enumerate(words[:-1]):
        source = words[place + 1].split()
        if word == "-c" and source[:1] == ["from"] and len(source) > 1:
            return source[1]
        if word == "-m":
            return words[place + 1]
    return words[0].rsplit("/", 1)[-1] if words else "a process without a name"


def _in_process(termination: Termination) -> bool:
    return termination.delivery == "in-process"


def _port(history: Sequence[Fact], seen: dict[int, _Seen]) -> PortState:
    """Open means that HTTP answered; a listening socket that nobody serves is closed."""
    asked = _asked(history)
    answered = bool(asked) and asked[-1].kind == "answered"
    alive = answered and asked[-1].pid in seen and seen[asked[-1].pid].exit is None
    return "open" if alive else "closed"


def _asked(history: Sequence[Fact]) -> list[Fact]:
    """What came of asking for a sign of life over HTTP, each time."""
    return [f for f in history if f.source == "harness" and f.kind in ("answered", "no-answer")]


def _answer(history: Sequence[Fact], ran: Sequence[_Seen], scenario: Scenario) -> str | None:
    """What the client of the ending view got, from a server that goes on.

    Whether a client hears from one that is ending is a race that nobody runs to win;
    its timeline tells what happened once.
    """
    goes_on = any(one.alive and one.role == scenario.acting_role for one in ran)
    if not scenario.serves or not goes_on:
        return None
    replies = [_word(f) for f in history if (f.source, f.kind) == ("harness", "replied")]
    return replies[-1] if replies else None
