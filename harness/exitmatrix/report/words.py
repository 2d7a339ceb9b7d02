"""What one process did, in a few words with a symbol, and text that is safe in Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from exitmatrix.model import Outcome, Process

ALL = ("C", "B", "A")
"""What runs when all goes well: every scenario registers A, B and C, in this order."""

YES, NO, SOME, ALIVE, UNKNOWN, RACE = "✓", "✗", "◐", "●", "?", "≈"

TRACE = "Traceback (most recent call last)"

_MARKDOWN = re.compile(r"([\\`*\[\]|~]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9]))")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_CODE = re.compile(r"[\w ./#@+=,()-]+", re.ASCII)
_CODE_IN_PROSE = re.compile(
    r"`([^`]+)`|(?<![\w.])([A-Za-z_]\w*(?:(?:\.\w+)+(?:\([\w-]*\))?|\([\w-]*\)))"
)


def text(words: str) -> str:
    """Words of a program or a machine, as plain text on one line, also within a table."""
    escaped = _MARKDOWN.sub(r"\\\1", _one_line(words))
    return "".join(_HTML.get(c, c) for c in escaped)


def plain(markdown: str) -> str:
    """What the words of this package say, for a terminal: without marks and escapes."""
    bare = re.sub(r"(?<!\\)(\*\*|`)", "", markdown)
    return html.unescape(re.sub(r"\\([\\`*\[\]|~_])", r"\1", bare))


def code(words: str) -> str:
    """An id, as code where it has nothing that code within a table cannot hold."""
    return f"`{words}`" if _CODE.fullmatch(words) and words == words.strip() else text(words)


def prose(words: str) -> str:
    """A sentence of a scenario's header, its `names.of_things` and `calls()` as code."""
    parts, end = [], 0
    words = _one_line(words)
    for found in _CODE_IN_PROSE.finditer(words):
        parts += [text_within(words[end : found.start()]), code(found[1] or found[2])]
        end = found.end()
    return "".join([*parts, text_within(words[end:])])


def codes(many: Iterable[str]) -> str:
    """Ids, one after the other."""
    return ", ".join(code(one) for one in many)


def text_within(words: str) -> str:
    """As `text`, with the spaces at both ends, which part it from its neighbours."""
    before = " " if words[:1].isspace() else ""
    after = " " if words[-1:].isspace() and words.strip() else ""
    return f"{before}{text(words)}{after}"


def _one_line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def names(handlers: Sequence[str]) -> str:
    """Handlers in the order in which they ran: C B A."""
    between = " " if all(name.isidentifier() for name in handlers) else ", "
    return between.join(text(name) for name in handlers)


def exit_words(status: dict[str, Any] | None) -> str:
    """How a process ended: exit 1, SIGKILL, alive."""
    match status:
        case None:
            return "alive"
        case {"code": value}:
            return f"exit {value}"
        case {"signal": value}:
            return text(str(value))
        case _:
            return f"exit not known ({text(str(status.get('unknown', '')))})"


def state(process: Process) -> str:
    """The symbol for what the handlers of a process did."""
    if process.fired is None or process.unfinished is None:
        return ALIVE if process.exit is None else UNKNOWN
    if not process.fired and not process.unfinished:
        return ALIVE if process.exit is None else NO
    whole = set(ALL) <= set(process.fired) and not process.unfinished
    return YES if whole else SOME


def handler_words(process: Process) -> str:
    """What the handlers of a process did: all; none; C, B cut off."""
    if process.fired is None or process.unfinished is None:
        return "not seen"
    if not process.fired and not process.unfinished:
        return "none"
    words = "all" if process.fired == ALL else names(process.fired)
    raised = f"{names(process.raised)} raised" if process.raised else ""
    cut = f"{names(process.unfinished)} unfinished" if process.unfinished else ""
    return ", ".join(part for part in (words, raised, cut) if part)


def cut_short(process: Process, cut: bool) -> bool:
    """Whether other runs may have got less far: it was killed, and the outcome was cut."""
    return cut and process.exit == {"signal": "SIGKILL"} and state(process) in (YES, SOME)


def process_words(process: Process, cut: bool = False) -> str:
    """All about one process, for a cell of a table: ✓ all, exit 0."""
    symbol = state(process)
    if symbol == ALIVE:
        return f"{ALIVE} alive"
    if cut_short(process, cut):
        # What is stored is the longest run seen; it may have been killed at any point before.
        return f"{RACE} up to {handler_words(process)}, {exit_words(process.exit)}"
    return f"{symbol} {handler_words(process)}, {exit_words(process.exit)}"


def left_words(outcome: Outcome) -> str:
    """What is left behind: nothing; child, serving; a semaphore."""
    left = [text(thing) for thing in outcome.left]
    if outcome.survivors:
        who = " and ".join(text(role) for role in outcome.survivors)
        whole = len(outcome.survivors) == len(outcome.processes)
        left.insert(0, ("nothing ended" if whole else who) + serving(outcome))
    return "; ".join(left) or "nothing"


def serving(outcome: Outcome) -> str:
    """Whether those that are left answer HTTP."""
    return {"open": ", serving", "closed": ", not serving"}.get(outcome.port or "", "")


def output_words(outcome: Outcome) -> str:
    """What became of unflushed output: kept, lost, twice; by role where several wrote some."""
    fates = {one.role: fate(one, outcome.cut) for one in outcome.processes if one.stdout}
    if len(fates) == 1:
        return next(iter(fates.values()))
    return ", ".join(f"{text(role)} {word}" for role, word in fates.items())


def fate(process: Process, cut: bool) -> str:
    """What became of what a process had not flushed."""
    kept = process.stdout == "kept"
    return "kept or lost" if kept and cut_short(process, cut) else process.stdout or ""


def printed_words(outcome: Outcome) -> str:
    """What stderr said, line after line, where a scenario asks for it."""
    if outcome.printed is None:
        return ""
    said = [re.sub(r" at 0x<address>", "", line) for line in outcome.printed]
    return " / ".join(text(line) for line in said if not line.startswith(TRACE)) or "nothing"


def answer_words(outcome: Outcome) -> str:
    """What the client of the view got."""
    words = {None: "", "none": "no answer", "either": "answer or none"}
    return words.get(outcome.answer, text(outcome.answer or ""))
