"""What one process did, and what one outcome left, in a few words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from exitmatrix.model import Outcome, Process
from exitmatrix.report.document import Code, Inline, Symbol, inline

ALL = ("C", "B", "A")
"""What runs when all goes well: every scenario registers A, B and C, in this order."""

VIEW = "view:"
"""What the name of a view begins with that tells that it is at work."""

TRACE = "Traceback (most recent call last)"

_CODE_IN_PROSE = re.compile(
    r"`([^`]+)`|(?<![\w.])([A-Za-z_]\w*(?:(?:\.\w+)+(?:\([\w-]*\))?|\([\w-]*\)))"
)


def prose(words: str) -> Inline:
    """A sentence of a scenario's header, its `names.of_things` and `calls()` as code."""
    parts: list[Inline] = []
    end = 0
    words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    for found in _CODE_IN_PROSE.finditer(words):
        parts += [words[end : found.start()], Code(found[1] or found[2])]
        end = found.end()
    return inline(*parts, words[end:])


def handler_names(handlers: Sequence[str]) -> str:
    """Handlers in the order in which they ran: C B A."""
    between = " " if all(name.isidentifier() for name in handlers) else ", "
    return between.join(handlers)


def exit_words(status: dict[str, Any] | None, sent: str = "") -> str:
    """How a process ended: exit 1, SIGKILL, alive; `sent` is the signal that ends the program."""
    match status:
        case None:
            return "alive"
        case {"signal": value} if value == sent:
            return "killed by it"
        case {"code": value}:
            return f"exit {value}"
        case {"signal": value}:
            return str(value)
        case _:
            return f"exit not known ({status.get('unknown', '')})"


def state(process: Process) -> Symbol:
    """The symbol for what the handlers of a process did."""
    if process.fired is None or process.unfinished is None:
        return Symbol.ALIVE if process.exit is None else Symbol.UNKNOWN
    fired, unfinished = of_handlers(process.fired), of_handlers(process.unfinished)
    if not fired and not unfinished:
        return Symbol.ALIVE if process.exit is None else Symbol.NO
    whole = set(ALL) <= set(fired) and not unfinished
    return Symbol.YES if whole else Symbol.SOME


def of_handlers(names: Sequence[str]) -> tuple[str, ...]:
    """The names without a view that was at work, which is no clean-up."""
    return tuple(name for name in names if not name.startswith(VIEW))


def handler_words(process: Process) -> str:
    """What the handlers of a process did: all; none; C, B cut off; and a view that was at work."""
    if process.fired is None or process.unfinished is None:
        return "not seen"
    fired, unfinished = of_handlers(process.fired), of_handlers(process.unfinished)
    raised = of_handlers(process.raised)
    words = "all" if fired == ALL else handler_names(fired) or ("" if unfinished else "none")
    return ", ".join(
        part
        for part in (
            words,
            f"{handler_names(raised)} raised" if raised else "",
            f"{handler_names(unfinished)} unfinished" if unfinished else "",
            _view_words(process),
        )
        if part
    )


def _view_words(process: Process) -> str:
    """What became of a view that was at work."""
    for kind, some in (
        ("raised", process.raised),
        ("done", process.fired),
        ("unfinished", process.unfinished),
    ):
        if of_handlers(some or ()) != tuple(some or ()):
            return f"view {kind}"
    return ""


def cut_short(process: Process, cut: bool) -> bool:
    """Whether other runs may have got less far: it was killed, and the outcome was cut."""
    killed = cut and process.exit == {"signal": "SIGKILL"}
    return killed and state(process) in (Symbol.YES, Symbol.SOME)


def process_words(process: Process, cut: bool = False, sent: str = "") -> Inline:
    """All about one process, for a cell of a table: ✓ all, exit 0."""
    symbol = state(process)
    if symbol == Symbol.ALIVE:
        return inline(Symbol.ALIVE, " alive")
    did = f"{handler_words(process)}, {exit_words(process.exit, sent)}"
    if cut_short(process, cut):
        # What is stored is the longest run seen; it may have been killed at any point before.
        return inline(Symbol.RACE, f" up to {did}")
    return inline(symbol, f" {did}")


def left_words(outcome: Outcome) -> str:
    """What is left behind: nothing; child, serving; a semaphore."""
    left = list(outcome.left)
    if outcome.survivors:
        roles = " and ".join(outcome.survivors)
        whole = len(outcome.survivors) == len(outcome.processes)
        left.insert(0, ("nothing ended" if whole else roles) + serving(outcome))
    return "; ".join(left) or "nothing"


def serving(outcome: Outcome) -> str:
    """Whether those that are left answer HTTP."""
    return {"open": ", serving", "closed": ", not serving"}.get(outcome.port or "", "")


def output_words(outcome: Outcome) -> str:
    """What became of unflushed output: kept, lost, twice; by role where several wrote some."""
    fates = {one.role: fate(one, outcome.cut) for one in outcome.processes if one.stdout}
    if len(fates) == 1:
        return next(iter(fates.values()))
    return ", ".join(f"{role} {word}" for role, word in fates.items())


def fate(process: Process, cut: bool) -> str:
    """What became of what a process had not flushed."""
    kept = process.stdout == "kept"
    return "kept or lost" if kept and cut_short(process, cut) else process.stdout or ""


def printed_words(outcome: Outcome) -> str:
    """What stderr said, line after line, where a scenario asks for it."""
    if outcome.printed is None:
        return ""
    lines = [re.sub(r" at 0x<address>", "", line) for line in outcome.printed]
    return " / ".join(line for line in lines if not line.startswith(TRACE)) or "nothing"


NO_ANSWER = {
    "cut": "part of an answer",
    "closed": "no answer: closed",
    "reset": "no answer: reset",
    "waits": "no answer: it waits",
}
"""What a client gets that gets no status."""


def answer_words(outcome: Outcome) -> str:
    """What the client of the view got."""
    if outcome.client:
        return NO_ANSWER.get(outcome.client, outcome.client)
    words = {None: "", "none": "no answer", "either": "answer or none"}
    return words.get(outcome.answer, outcome.answer or "")
