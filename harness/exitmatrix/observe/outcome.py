"""From a trial's history to its outcome: a pure function of what was saved.

What the history does not show is `Unknown` with the reason, never an outcome:
a process that said nothing, an event that is missing, a termination that did
not take place. The two witnesses are kept apart: what a process did comes from
its events, how it ended comes from the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from exitmatrix.model import (
    CellId,
    DataState,
    Event,
    Outcome,
    PortState,
    Process,
    Scenario,
    StdoutFate,
    Termination,
    Trial,
    Unknown,
)
from exitmatrix.observe.checks import why_unknown
from exitmatrix.observe.history import (
    ProcessHistory,
    asked_for_life,
    first_word,
    is_in_process,
    read_history,
    told_of_data,
    until_closing,
)
from exitmatrix.observe.roles import helper_name, place
from exitmatrix.observe.served import observe_served
from exitmatrix.observe.stderr import stderr_lines

MARKER = "[unflushed:{}]"  # what endings.mark() writes
LEFT = ("kernel", "left")
FATES: dict[int, StdoutFate] = {0: "lost", 1: "kept", 2: "twice"}


def observe(trial: Trial, scenario: Scenario, termination: Termination) -> Outcome | Unknown:
    """What a trial showed, or why it does not show enough.

    `trial` may have been saved before; nothing else is looked at.
    """
    if scenario.command or trial.tree:
        return observe_served(trial, scenario, termination, CellId.parse(trial.cell).target)
    history = until_closing(trial.history)
    try:
        seen = read_history(history, scenario.modules)
    except (IndexError, ValueError):
        return Unknown(reason="an event does not hold what events of its kind hold")
    reason = why_unknown(trial, history, seen, scenario, termination) or _other_blind(
        trial, seen, scenario, termination
    )
    if reason:
        return Unknown(reason=reason)
    ran = sorted((one for one in seen.values() if one.role), key=place)
    for one in seen.values():
        if one.exit is None and not one.alive:
            called = one.role or helper_name(one.words)
            return Unknown(reason=f"{called} neither ended nor showed a sign of life")
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
            sorted(helper_name(one.words) for one in seen.values() if not one.role and one.lasting)
        ),
        port=_port(history, seen) if scenario.serves else None,
        answer=_answer(history, ran, scenario) if is_in_process(termination) else None,
        left=tuple(sorted(first_word(f) for f in history if (f.source, f.kind) == LEFT)),
        printed=_printed(trial) if scenario.printed else None,
        data=_data(history, seen) if scenario.data else None,
    )


def _other_blind(
    trial: Trial, seen: dict[int, ProcessHistory], scenario: Scenario, termination: Termination
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


def _process(one: ProcessHistory, stdout: str | None, ran: Iterable[ProcessHistory]) -> Process:
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


def _fate(
    one: ProcessHistory, stdout: str | None, ran: Iterable[ProcessHistory]
) -> StdoutFate | None:
    if stdout is None or one.marker is None or one.ambiguous:
        return None  # nothing was written, or not all of it was kept
    if sum(other.marker == one.marker for other in ran) > 1:
        return None  # two wrote the same
    return FATES.get(stdout.count(MARKER.format(one.marker)))


def _printed(trial: Trial) -> tuple[str, ...]:
    return stderr_lines(trial.blind.stderr) if trial.blind else ()


def _data(history: Sequence[Event], seen: dict[int, ProcessHistory]) -> dict[str, DataState] | None:
    """By kind, in order. None while somebody is alive: what they hold is not yet lost."""
    if any(one.alive for one in seen.values()):
        return None
    return dict(sorted(told_of_data(history).items()))


def _port(history: Sequence[Event], seen: dict[int, ProcessHistory]) -> PortState:
    """Open means that HTTP answered; a listening socket that nobody serves is closed."""
    asked = asked_for_life(history)
    answered = bool(asked) and asked[-1].kind == "answered"
    alive = answered and asked[-1].pid in seen and seen[asked[-1].pid].exit is None
    return "open" if alive else "closed"


def _answer(
    history: Sequence[Event], ran: Sequence[ProcessHistory], scenario: Scenario
) -> str | None:
    """What the client of the ending view got, from a server that goes on.

    Whether a client hears from one that is ending is a race that nobody runs to win;
    its timeline tells what happened once.
    """
    goes_on = any(one.alive and one.role == scenario.acting_role for one in ran)
    if not scenario.serves or not goes_on:
        return None
    replies = [first_word(f) for f in history if (f.source, f.kind) == ("harness", "replied")]
    return replies[-1] if replies else None
