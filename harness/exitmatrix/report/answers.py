"""The opening table: what you do, and whether your handlers run.

Each answer is computed from the records of the cells named here; none is typed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from exitmatrix.model import Frozen, Outcome
from exitmatrix.model.versions import subject_words
from exitmatrix.report.questions import Group, Key, Question
from exitmatrix.report.words import (
    ALIVE,
    NO,
    RACE,
    SOME,
    UNKNOWN,
    YES,
    answer_words,
    code,
    cut_short,
    fate,
    state,
    text,
)

COLUMNS = {
    "plain": "a plain program",
    "flask": "Flask",
    "flask-debug": "Flask, debug server",
}
NO_SUCH_THING = "-"
NOT_MEASURED = "not measured"
SHORT = 20  # letters of a difference that is told in its cell and not in a note

At = tuple[str, str]  # termination, target


class Deed(Frozen, kw_only=True):
    """Something that a user does, and the cells that say what happens then."""

    words: str
    plain: At | None = None  # None: it cannot be done there
    flask: At | None = None
    debug: At | None = None

    def at(self, scenario: str) -> At | None:
        """Where the answer for a scenario comes from."""
        return {"plain": self.plain, "flask": self.flask, "flask-debug": self.debug}[scenario]


def _everywhere(words: str, termination: str, debug: str) -> Deed:
    alone = (termination, "main")
    return Deed(words=words, plain=alone, flask=alone, debug=(termination, debug))


DEEDS = (
    Deed(words="let it reach its last line", plain=("return", "main")),
    _everywhere("press Ctrl-C", "SIGINT", "group"),
    _everywhere("press Ctrl-C twice", "SIGINT-twice", "group"),
    _everywhere("`kill` the first pid", "SIGTERM", "parent"),
    Deed(words="`kill` the second pid", debug=("SIGTERM", "child")),
    _everywhere("`kill -9` the first pid", "SIGKILL", "parent"),
    Deed(words="`kill -9` the second pid", debug=("SIGKILL", "child")),
    _everywhere("stop a container", "SIGTERM", "parent"),
    _everywhere("stop a service (systemd)", "SIGTERM", "group"),
    _everywhere("close the terminal", "SIGHUP", "group"),
    _everywhere("run out of memory", "SIGKILL", "child"),
    _everywhere("raise an exception", "exception", "child"),
    _everywhere("call `sys.exit()`", "sys-exit-0", "child"),
    _everywhere("call `os._exit(0)`", "os-exit-0", "child"),
    Deed(words="save the source file", debug=("touch-source", "child")),
)

REMARKS = (
    "**first pid**: the process you started. Under the debug server it is the parent, which "
    "watches the files; the **second pid** is its child, which serves.\n"
    "**press Ctrl-C** and **close the terminal**: the signal goes to the whole process group. "
    "**stop a service**: systemd sends SIGTERM to all processes of the service.\n"
    "**stop a container**: SIGTERM to the process that the container started, and SIGKILL to all "
    "after a grace time. The answer is that for SIGTERM to the first pid, which holds with an init "
    "before it (`docker run --init`); a program that is pid 1 itself is not measured yet.\n"
    "**run out of memory**: the kernel sends SIGKILL to one process. Under the debug server the "
    "answer is for the child; for the parent, see `kill -9` the first pid.\n"
    "**raise**, **`sys.exit()`**, **`os._exit(0)`**: in the main thread of the plain program; in a "
    "view that a client asks for in Flask.\n"
    f"**{NO_SUCH_THING}**: there is no such thing to do there."
).splitlines()
"""What a row stands for; no word of what happens then."""


class Answers(Frozen, kw_only=True):
    """The table's rows, and the notes on versions that differ."""

    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def answers(asked: Mapping[Key, Question]) -> Answers:
    """Every deed answered for every column."""
    notes: list[str] = []
    rows = []
    for deed in DEEDS:
        places = {scenario: deed.at(scenario) for scenario in COLUMNS}
        cells = [
            _answer(asked.get(Key(scenario, "direct", *at)), notes) if at else NO_SUCH_THING
            for scenario, at in places.items()
        ]
        rows.append((deed.words, *cells, _rests_on(at for at in places.values() if at)))
    return Answers(rows=tuple(rows), notes=tuple(notes))


def _rests_on(cells: Iterable[At]) -> str:
    """The cells of an answer: SIGTERM to main, parent."""
    targets: dict[str, dict[str, None]] = {}
    for termination, target in cells:
        targets.setdefault(termination, {})[target] = None
    return "; ".join(f"{code(name)} @ {', '.join(those)}" for name, those in targets.items())


def _answer(question: Question | None, notes: list[str]) -> str:
    """The answer of the newest interpreter; a note tells who differs, each note once."""
    if question is None:
        return NOT_MEASURED
    by_words: dict[str, list[Group]] = {}
    for group in question.groups:
        by_words.setdefault(short_answer(group), []).append(group)
    first = next(iter(by_words))
    if len(by_words) == 1:
        return first
    told: list[tuple[str, str]] = []
    for words, groups in by_words.items():
        who = subject_words([one for group in groups for one in group.subjects], question.measured)
        told.append((who, words))
    who, words = told[1]
    if len(told) == 2 and len(who) + len(words) <= SHORT:
        return f"{first} ({who}: {words})"
    cell = code(str(question.key))
    note = f"{cell} - {' '.join(f'{who}: {words}.' for who, words in told)}"
    if note not in notes:
        notes.append(note)
    return f"{first} [{notes.index(note) + 1}]"


def short_answer(group: Group) -> str:
    """Do my handlers run, in which process, and is anything left behind?"""
    if not group.outcomes:
        return f"{UNKNOWN} not known"
    outcomes = group.outcomes
    answer = _whose(outcomes)
    unseen = f"{UNKNOWN} some runs not known" if group.unknown else ""
    extra = [_survivors(outcomes), _output(outcomes), _left(outcomes), unseen]
    return "; ".join(part for part in (answer, *extra) if part)


def _whose(outcomes: Sequence[Outcome]) -> str:
    """Whose handlers ran."""
    roles = dict.fromkeys(
        one.role for outcome in outcomes for one in outcome.processes if "#" not in one.role
    )
    states = {role: _states(outcomes, role) for role in roles}
    if all(seen == {ALIVE} for seen in states.values()):
        client = sorted({answer_words(outcome) for outcome in outcomes if outcome.answer})
        return f"{ALIVE} it goes on" + (f", client gets {' or '.join(client)}" if client else "")
    verdicts = {role: _verdict(seen) for role, seen in states.items()}
    if len(verdicts) == 1:
        return " ".join(next(iter(verdicts.values())))
    symbols = {symbol for symbol, _ in verdicts.values()}
    if symbols == {YES}:
        return f"{YES} yes, in both"
    if symbols <= {NO, ALIVE}:
        return f"{NO} no, in neither"
    if symbols <= {YES, NO, ALIVE}:
        only = next(role for role, (symbol, _) in verdicts.items() if symbol == YES)
        return f"{SOME} in the {text(only)} only"
    symbol = RACE if RACE in symbols else UNKNOWN if UNKNOWN in symbols else SOME
    return f"{symbol} " + ", ".join(f"{text(role)} {word}" for role, (_, word) in verdicts.items())


def _states(outcomes: Sequence[Outcome], role: str) -> set[str]:
    return {
        RACE if cut_short(one, outcome.cut) else state(one)
        for outcome in outcomes
        for one in outcome.processes
        if one.role == role
    }


def _verdict(states: Collection[str]) -> tuple[str, str]:
    """A symbol and a word for what the handlers of one process did in all outcomes."""
    words = {YES: "yes", NO: "no", SOME: "some", ALIVE: "no", UNKNOWN: "not known"}
    if len(states) == 1 and RACE not in states:
        symbol = next(iter(states))
        return symbol, words[symbol]
    return RACE, "sometimes"


def _survivors(outcomes: Sequence[Outcome]) -> str:
    """Who is still there though something ended."""
    if all(len(o.survivors) == len(o.processes) for o in outcomes):
        return ""  # nothing ended, which the answer says
    left = {outcome.survivors for outcome in outcomes if outcome.survivors}
    if not left:
        return ""
    if all("#" in "".join(roles) for roles in left):
        return "then it goes on with a new child"
    who = " or ".join(" and ".join(text(role) for role in roles) for roles in sorted(left))
    several = any(len(roles) > 1 for roles in left)
    serving = all(o.port == "open" for o in outcomes if o.survivors)
    does = ("serve" if serving else "live") + ("" if several else "s")
    if all(outcome.survivors for outcome in outcomes):
        return f"**{who} still {does}**"
    return f"**{who} may still {does if several else does.removesuffix('s')}**"


def _output(outcomes: Sequence[Outcome]) -> str:
    """What became of unflushed output, where it did not simply arrive."""
    fates = {fate(one, o.cut) for o in outcomes for one in o.processes if one.stdout}
    if "twice" in fates:
        return "output twice"
    if fates <= {"kept"}:
        return ""
    return "output lost" if fates == {"lost"} else "output may be lost"


def _left(outcomes: Sequence[Outcome]) -> str:
    things = {thing for outcome in outcomes for thing in outcome.left}
    return f"left: {', '.join(text(thing) for thing in sorted(things))}" if things else ""
