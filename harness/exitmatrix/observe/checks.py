"""Why a trial says nothing about its termination: what is missing, misplaced or contradicted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exitmatrix.declare.statements import statements
from exitmatrix.model import CellId, Event, Scenario, Termination, Trial
from exitmatrix.model.language import LibcExit, PyExit
from exitmatrix.observe.history import (
    LATE,
    STARVED,
    ProcessHistory,
    first_word,
    is_in_process,
    is_starved,
    told_of_data,
)
from exitmatrix.observe.roles import assign_roles, helper_name

HARNESS = {
    # Not what it holds: a record tells no pids and no paths.
    "garbled": "the event channel holds what is no event of this trial",
    "unheard": "not every event could be told: {text}",
    "stalled": "the harness itself stood still meanwhile",
    "late": LATE,
    "lost": "the harness was lost while it ran: {text}",
    "failed": "the harness itself failed: {type}",
}
"""Why a trial says nothing, by what the harness notes that it lost or broke itself."""
FAILURES = {
    "not-started": "it could not be started: {text}",
    "not-ready": "it was never ready: {text}",
    "gave-up": "the time limit was reached while waiting ({text})",
    "not-sent": "{text} was not sent: the target had already ended",
}
"""Why a trial says nothing, by what the harness notes of the program."""
PAST_PYTHON = ("os._exit", "exec", "C")
"""Acts that end a program without Python's own end."""
BY_ITSELF = ("return", "sys.exit", "raise", "thread:", "close")
"""Acts after which a program ends by itself."""
UNSEEN_EXITS = LibcExit | PyExit
"""Statements that do, from C."""
SILENT = "the last events of a process are missing, unless C code ended it: it ended by itself"


def why_unknown(
    trial: Trial,
    history: Sequence[Event],
    seen: dict[int, ProcessHistory],
    scenario: Scenario,
    termination: Termination,
) -> str | None:
    """Why the trial does not show enough, after giving roles to its processes; None if it does."""
    return (
        _harness_failed(history)
        or (STARVED if is_starved(history) else None)
        or _other_python(trial)
        or _missing_events(seen)
        or _failed(history, seen)
        or _unfinished(trial.history, history, termination)
        or _silenced(seen, scenario, termination)
        or assign_roles(seen, scenario)
        or _misplaced(history, seen, scenario)
        or _disagreement(history, seen)
        or _unlooked(history, seen, scenario)
    )


def _harness_failed(history: Sequence[Event]) -> str | None:
    """What the harness itself lost or broke; None if nothing.

    Asked first: a program that was not heard seems never to have been ready.
    """
    return next((text for event in history if (text := _note(event, HARNESS))), None)


def _note(event: Event, notes: dict[str, str]) -> str:
    """What a note of the harness says, if it is among these."""
    if event.source != "harness" or event.kind not in notes:
        return ""
    text = " ".join(event.detail)
    return notes[event.kind].format(text=text, type=text.partition("(")[0])


VERSION = re.compile(r"(?:^|-)([0-9]+\.[0-9]+\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)")


def _other_python(trial: Trial) -> str | None:
    """Whether another Python ran than the cell names: one may be installed in its place meanwhile.

    The program that was started says which it is (`sys.version`) before its first line.
    """
    named = VERSION.search(CellId.interpreter_of(trial.cell))
    root = next((event.pid for event in trial.history if event.kind == "spawned"), 0)
    for event in trial.history:
        if (event.pid, event.source, event.kind) == (root, "probe", "started"):
            ran = VERSION.search(event.detail[2])
            if named and ran and named[1] != ran[1]:
                return f"it ran on Python {ran[1]}, put in the place of {named[1]}"
            return None
    return None


def _failed(history: Sequence[Event], seen: dict[int, ProcessHistory]) -> str | None:
    """Why the trial says nothing about its termination; None if it may."""
    for event in history:
        if event.source == "endings" and event.kind == "no-effect":
            # A signal to one's own process may reach another thread first, and the
            # calling one runs on for an instant: then it took place all the same.
            if event.pid in seen and "signal" in (seen[event.pid].exit or {}):
                continue
            return f"{first_word(event)} did not take place: {' '.join(event.detail[1:])}"
        if text := _note(event, FAILURES):
            return text
    return None


def _unfinished(
    whole: Sequence[Event], history: Sequence[Event], termination: Termination
) -> str | None:
    """Which step of a trial its history lacks; None if it has them all."""
    if not any(f.source == "harness" and f.kind == "ready" for f in history):
        return "it was never ready"
    if not any(_takes_place(event, termination) for event in history):
        if is_in_process(termination):
            return "the program never reached the termination"
        return f"nothing says that {termination.id} took place"
    if len(history) == len(whole):
        return "the history ends before the trial was closed"
    received = str(sum(event.source in ("probe", "endings") for event in history))
    if whole[len(history)].detail[:1] not in ((), (received,)):
        return "the history does not hold as many events as were heard"
    return None


def _takes_place(event: Event, termination: Termination) -> bool:
    """Whether an event says that the termination takes place."""
    match termination.delivery:
        case "in-process":
            return (event.source, event.kind, *event.detail) == (
                "endings",
                "ending",
                termination.id,
            )
        case "touch":
            return (event.source, event.kind) == ("harness", "touched")
        case _:
            event_key = (event.source, event.kind, *event.detail[:1])
            return event_key == ("harness", "sent", termination.signal)


def _missing_events(seen: dict[int, ProcessHistory]) -> str | None:
    """Events are numbered within each process: a gap, or a number twice, is an event in doubt."""
    for one in seen.values():
        # Threads may write in another order than they were numbered.
        for numbers in one.numbers.values():
            if sorted(numbers) != list(range(1, len(numbers) + 1)):
                return "events of a process are missing or doubled"
        reporting = sum(program == one.program and number > 0 for program, number in one.numbers)
        if one.inside and one.subinterpreters > reporting:
            return "a subinterpreter was not observed from inside"
        if any(name == "?" for name, _ in one.handlers.values()):
            return "a handler ran that was never registered"
        if one.missed_handlers:
            return "atexit held a handler that the probe had not seen registered"
        if one.doubt:
            return one.doubt
    return None


def _silenced(
    seen: dict[int, ProcessHistory], scenario: Scenario, termination: Termination
) -> str | None:
    """Whether a process must have done more than it told; None if not.

    One that loses its way to the channel is as silent as one that is gone. But a
    process that ends by itself, in Python, ends its handlers first. Which programs end
    otherwise, their headers say.
    """
    acts = is_in_process(termination) and termination.act.split()[0] in PAST_PYTHON
    past_python = acts or _calls_exit(scenario)
    for one in seen.values():
        if not one.inside or one.left or past_python or "code" not in (one.exit or {}):
            continue
        # A subinterpreter's may be cut off (gh-109793), and so may those of other mechanisms.
        own = [key for key in one.handlers if key.isdecimal()]
        runs = [run for run in one.runs if run.key.isdecimal() and run.program == one.program]
        # A thread that forks has none of the handlers that another thread is in. On 2.7 nothing
        # tells which thread that is.
        another = one.rootless or one.python.startswith("2.")
        if not all(run.ended or (run.inherited and another) for run in runs):
            return f"{SILENT}, though a handler that had begun did not end"
        # On 2.7 `sys.exitfunc` may be another's; a signal may cut off atexit itself where it
        # is written in Python; with the thread that forked it a process ends and runs none.
        by_itself = is_in_process(termination) and termination.act.split()[0] in BY_ITSELF
        may_run_none = one.removed or one.rootless or one.python.startswith("2.")
        if own and not runs and by_itself and not may_run_none:
            return f"{SILENT}, though none of its handlers ran"
    return None


def _calls_exit(scenario: Scenario) -> bool:
    """Whether its program calls what ends a process past Python, and the probe does not see."""
    does = statements(scenario.program.code) if scenario.program else ()
    return any(isinstance(one, UNSEEN_EXITS) for one in does)


def _misplaced(
    history: Sequence[Event], seen: dict[int, ProcessHistory], scenario: Scenario
) -> str | None:
    """Whether something was done by, or to, a process of another role than it seems.

    Roles go by the order of appearance, and this is the second witness: the process
    that answers HTTP is the one that serves.
    """
    for event in history:
        role = seen[event.pid].role if event.pid in seen else ""
        match event.source, event.kind:
            case "harness", "serves" if role != scenario.acting_role:
                return f"the process that served is not the {scenario.acting_role}"
            case "endings", "ending" if role != scenario.acting_role:
                return f"the termination took place outside of the {scenario.acting_role}"
            case "harness", "sent" if event.pid and event.detail[1:] != (role,):
                return "the signal went to another process than the target"
            case "harness", "answered" if not role:
                return "HTTP was answered by a process that does not run the program"
    return None


def _unlooked(
    history: Sequence[Event], seen: dict[int, ProcessHistory], scenario: Scenario
) -> str | None:
    """Why it is not known what became of data in flight; None if it is, or they still are."""
    if not scenario.data or any(one.alive for one in seen.values()):
        return None
    if set(told_of_data(history)) != set(scenario.data):
        return "what became of its data could not be seen"
    return None


def _disagreement(history: Sequence[Event], seen: dict[int, ProcessHistory]) -> str | None:
    """Where what the processes told and what the kernel reports cannot both be right."""
    ended: set[int] = set()
    for event in history:
        one = seen.get(event.pid)
        if one is not None and (what := _contradicts(event, one, ended)):
            return f"the witnesses disagree about {one.role or helper_name(one.words)}: {what}"
    return None


def _contradicts(event: Event, one: ProcessHistory, ended: set[int]) -> str | None:
    """What cannot be right of an event; `ended`: whose end the kernel has seen before it."""
    if event.source == "kernel":
        if event.kind == "disagrees":
            return ", but ".join(event.detail)
        if event.kind == "ended":
            ended.add(event.pid)
    elif event.source != "harness":
        if event.pid in ended:
            return f"the kernel saw its end, but then the channel has its {event.kind!r}"
        if event.kind == "ending" and (how := _must_end(first_word(event), one)):
            return f"the channel says {first_word(event)}, but the kernel {how}"
    return None


def _must_end(termination: str, one: ProcessHistory) -> str | None:
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
