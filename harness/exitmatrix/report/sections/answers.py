"""The opening table: what you do, and whether your handlers run.

Each answer is computed from the records of the cells named here; none is typed in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from exitmatrix.model import Frozen, Outcome, Question
from exitmatrix.model.outcome import NEW, started_later
from exitmatrix.model.versions import subject_words
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Link,
    NoteMark,
    Row,
    Section,
    Strong,
    Symbol,
    inline,
    joined,
    paragraph,
    plain,
    points,
    table,
)
from exitmatrix.report.phrases import answer_words, cut_short, fate, handler_words, prose, state
from exitmatrix.report.survey import Group, Survey

COLUMNS = {
    "plain": "a plain program",
    "flask": "Flask, development server",
    "flask-debug": "Flask, debug server",
}
NO_SUCH_THING = "-"
NOT_MEASURED = "not measured"
SHORT = 20  # letters of a difference that is told in its cell and not in a note

At = tuple[str, str]  # termination, target


class UserAction(Frozen, kw_only=True):
    """Something that a user does, and the cells that say what happens then."""

    words: str
    plain: At | None = None  # None: it cannot be done there
    flask: At | None = None
    debug: At | None = None

    def at(self, scenario: str) -> At | None:
        """Where the answer for a scenario comes from."""
        return {"plain": self.plain, "flask": self.flask, "flask-debug": self.debug}[scenario]


def _everywhere(words: str, termination: str, debug: str) -> UserAction:
    alone = (termination, "main")
    return UserAction(words=words, plain=alone, flask=alone, debug=(termination, debug))


ACTIONS = (
    UserAction(words="let it reach its last line", plain=("return", "main")),
    _everywhere("press Ctrl-C", "SIGINT", "group"),
    _everywhere("press Ctrl-C twice", "SIGINT-twice", "group"),
    _everywhere("`kill` the first pid, `supervisorctl stop`", "SIGTERM", "parent"),
    UserAction(words="`kill` the second pid", debug=("SIGTERM", "child")),
    _everywhere("`kill -9` the first pid", "SIGKILL", "parent"),
    UserAction(words="`kill -9` the second pid", debug=("SIGKILL", "child")),
    _everywhere("stop a container: `docker stop`, `kubectl delete pod`", "SIGTERM", "parent"),
    _everywhere("stop a service: `systemctl stop`", "SIGTERM", "group"),
    _everywhere("close the terminal", "SIGHUP", "group"),
    _everywhere("run out of memory: the OOM killer", "SIGKILL", "child"),
    _everywhere("raise an exception", "exception", "child"),
    _everywhere("call `sys.exit()`", "sys-exit-0", "child"),
    _everywhere("call `os._exit(0)`", "os-exit-0", "child"),
    UserAction(words="save the source file", debug=("touch-source", "child")),
)

REMARKS: tuple[Inline, ...] = (
    inline(
        Strong("first pid"),
        ": the process you started. Under the debug server it is the parent, which watches the"
        " files; the ",
        Strong("second pid"),
        " is its child, which serves.",
    ),
    inline(
        Strong("press Ctrl-C"),
        " and ",
        Strong("close the terminal"),
        ": the signal goes to the whole process group. ",
        Strong("stop a service"),
        ": systemd sends SIGTERM to all processes of the service.",
    ),
    inline(
        Strong("stop a container"),
        ": SIGTERM to the process that the container started, and SIGKILL to all after a grace"
        " period. The answer is that for SIGTERM to the first pid, which holds with an init before"
        " it (",
        Code("docker run --init"),
        "). A program behind a shell, or one that is PID 1 itself, is another matter: ",
        Link("started by something else", "#started-by-something-else"),
        ".",
    ),
    inline(
        Strong("run out of memory"),
        ": the kernel sends SIGKILL to one process. Under the debug server the answer is for the"
        " child; for the parent, see ",
        Code("kill -9"),
        " the first pid.",
    ),
    inline(
        Strong("raise"),
        ", ",
        Strong(Code("sys.exit()")),
        ", ",
        Strong(Code("os._exit(0)")),
        ": in the main thread of the plain program; in a view that a client asks for in Flask.",
    ),
    inline(
        Strong("exit status 137"),
        " and ",
        Strong("143"),
        ": what a shell and a container runtime make of SIGKILL (128 + 9) and of SIGTERM"
        " (128 + 15).",
    ),
    inline(Strong(NO_SUCH_THING), ": it does not apply there."),
)
"""What a row stands for; no word of what happens then."""


class AnswerTable(Frozen, kw_only=True):
    """The table's rows, and the notes on versions that differ."""

    rows: tuple[Row, ...]
    notes: tuple[Inline, ...]


def answer_section(surveys: Mapping[Question, Survey]) -> list[Section]:
    """The section that opens the page, where anything was measured."""
    if not surveys:
        return []
    answered = answers(surveys)
    blocks: list[Block] = [
        paragraph("Do my handlers run, in which process, and is anything left behind?"),
        table(("what you do", *COLUMNS.values(), "from cells"), answered.rows),
    ]
    if answered.notes:
        blocks.append(paragraph("Where versions differ, the table shows the newest:"))
        blocks.append(points(answered.notes, numbered=True))
    blocks += [paragraph("What the rows stand for:"), points(REMARKS)]
    return [Section("The answer", tuple(blocks))]


def answers(surveys: Mapping[Question, Survey]) -> AnswerTable:
    """Every action answered for every column."""
    notes: list[Inline] = []
    rows: list[Row] = []
    for action in ACTIONS:
        places = {scenario: action.at(scenario) for scenario in COLUMNS}
        cells = [
            _answer(surveys.get(Question(scenario, "direct", *at)), notes) if at else NO_SUCH_THING
            for scenario, at in places.items()
        ]
        rests_on = _rests_on(at for at in places.values() if at)
        rows.append((prose(action.words), *cells, rests_on))
    return AnswerTable(rows=tuple(rows), notes=tuple(notes))


def _rests_on(cells: Iterable[At]) -> Inline:
    """The cells of an answer: SIGTERM to main, parent."""
    targets: dict[str, dict[str, None]] = {}
    for termination, target in cells:
        targets.setdefault(termination, {})[target] = None
    return joined(
        "; ", (inline(Code(name), f" @ {', '.join(those)}") for name, those in targets.items())
    )


def _answer(survey: Survey | None, notes: list[Inline]) -> Inline:
    """The answer of the newest interpreter; a note tells who differs, each note once."""
    if survey is None:
        return NOT_MEASURED
    by_answer: dict[Inline, list[Group]] = {}
    for group in survey.groups:
        by_answer.setdefault(short_answer(group), []).append(group)
    first = next(iter(by_answer))
    if len(by_answer) == 1:
        return first
    by_whom = [
        (
            subject_words([one for group in groups for one in group.subjects], survey.measured),
            answer,
        )
        for answer, groups in by_answer.items()
    ]
    role, answer = by_whom[1]
    if len(by_whom) == 2 and len(role) + len(plain(answer)) <= SHORT:
        return inline(first, f" ({role}: ", answer, ")")
    cell = Code(str(survey.question))
    each = joined(" ", (inline(f"{role}: ", answer, ".") for role, answer in by_whom))
    note = inline(cell, " - ", each)
    if note not in notes:
        notes.append(note)
    return inline(first, " ", NoteMark(notes.index(note) + 1))


def short_answer(group: Group) -> Inline:
    """Do my handlers run, in which process, and is anything left behind?"""
    if not group.outcomes:
        return inline(Symbol.UNKNOWN, " not known")
    outcomes = group.outcomes
    unseen = inline(Symbol.UNKNOWN, " some runs not known") if group.unknown else ""
    parts = (
        _whose(outcomes, group.idle),
        _survivors(outcomes),
        _client(outcomes),
        _output(outcomes),
        _left(outcomes),
        unseen,
    )
    return joined("; ", parts)


def _whose(outcomes: Sequence[Outcome], idle: Collection[str] = ()) -> Inline:
    """Whose handlers ran, of those that have some."""
    roles = dict.fromkeys(
        _spoken_of(one.role, outcome)
        for outcome in outcomes
        for one in outcome.processes
        if not started_later(one.role, outcome)
    )
    states = {role: _states(outcomes, role) for role in roles}
    if all(seen == {Symbol.ALIVE} for seen in states.values()):
        client = sorted({answer_words(outcome) for outcome in outcomes} - {""})
        gets = f", client gets {' or '.join(client)}" if client else ""
        return inline(Symbol.ALIVE, f" it goes on{gets}")
    bystanders = {role for role in ("master", "others") if states.get(role) == {Symbol.ALIVE}}
    states = {role: seen for role, seen in states.items() if role not in {*idle, *bystanders}}
    verdicts = {role: _verdict(seen) for role, seen in states.items()}
    verdicts |= {
        role: (symbol, _which(outcomes, role) or word)
        for role, (symbol, word) in verdicts.items()
        if symbol == Symbol.SOME
    }
    if len(verdicts) == 1:
        ((symbol, word),) = verdicts.values()
        return inline(symbol, f" {word}")
    symbols = {symbol for symbol, _ in verdicts.values()}
    if symbols == {Symbol.YES}:
        return inline(Symbol.YES, " yes, in both" if len(verdicts) == 2 else " yes, in all")
    if symbols <= {Symbol.NO, Symbol.ALIVE}:
        return inline(Symbol.NO, " no, in neither" if len(verdicts) == 2 else " no, in none")
    if symbols <= {Symbol.YES, Symbol.NO, Symbol.ALIVE}:
        having = [role for role, (symbol, _) in verdicts.items() if symbol == Symbol.YES]
        if "others" in verdicts and having == ["worker"]:  # of several, the one that was meant
            return inline(Symbol.SOME, " in that worker only")
        return inline(Symbol.SOME, f" in the {' and the '.join(having)} only")
    worst = next(one for one in (Symbol.RACE, Symbol.UNKNOWN, Symbol.SOME) if one in symbols)
    each = ", ".join(
        f"{role}{':' if word.endswith(ONLY) else ''} {word}" for role, (_, word) in verdicts.items()
    )
    return inline(worst, f" {each}")


ONLY = " only"
OF_A_MODULE = re.compile(r"(?:\w+\.)+(\w+):\w+")
"""celery.worker_process_shutdown:process: what the library calls it says enough in a table."""


def _which(outcomes: Sequence[Outcome], role: str) -> str:
    """Which handlers of several ran, where all of a role and all runs agree; else nothing."""
    did = {
        handler_words(one)
        for outcome in outcomes
        for one in outcome.processes
        if _spoken_of(one.role, outcome) == role
    }
    return OF_A_MODULE.sub(r"\1", did.pop()) + ONLY if len(did) == 1 else ""


def _spoken_of(role: str, outcome: Outcome) -> str:
    """`worker` for `worker#2`: those that are alike are one. `child#2` beside a `child` is not."""
    base = role.partition("#")[0]
    return role if any(one.role == base for one in outcome.processes) else base


def _bases(role: str) -> str:
    """`workers` for `worker#2`, `children` for `child#2`."""
    base, number, _ = role.partition("#")
    if base == "child" and number:
        return "children"
    return f"{base}s" if number and not base.endswith("s") else base


def _states(outcomes: Sequence[Outcome], role: str) -> set[Symbol]:
    return {
        Symbol.RACE if cut_short(one, outcome.cut) else state(one)
        for outcome in outcomes
        for one in outcome.processes
        if _spoken_of(one.role, outcome) == role and not started_later(one.role, outcome)
    }


WORDS = {
    Symbol.YES: "yes",
    Symbol.NO: "no",
    Symbol.SOME: "some",
    Symbol.ALIVE: "no",
    Symbol.UNKNOWN: "not known",
}


def _verdict(states: Collection[Symbol]) -> tuple[Symbol, str]:
    """A symbol and a word for what the handlers of one process did in all outcomes."""
    if len(states) == 1 and Symbol.RACE not in states:
        symbol = next(iter(states))
        return symbol, WORDS[symbol]
    return Symbol.RACE, "sometimes"


def _survivors(outcomes: Sequence[Outcome]) -> Inline:
    """The roles that are still there though something ended."""
    if all(len(o.survivors) == len(o.processes) for o in outcomes):
        return ""  # nothing ended, which the answer says
    left = {outcome.survivors for outcome in outcomes if outcome.survivors}
    if not left:
        return ""
    if replaced := _replaced(outcomes, left):
        return replaced
    always = all(outcome.survivors for outcome in outcomes)
    left = {tuple(dict.fromkeys(map(_bases, roles))) for roles in left}
    roles_left = " or ".join(" and ".join(roles) for roles in sorted(left))
    several = any(len(roles) > 1 or roles[0].endswith("s") for roles in left)
    serving = all(o.port == "open" for o in outcomes if o.survivors)
    does = ("serve" if serving else "live") + ("" if several else "s")
    if always:
        return Strong(f"{roles_left} still {does}")
    return Strong(f"{roles_left} may still {does if several else does.removesuffix('s')}")


def _replaced(outcomes: Sequence[Outcome], left: Collection[tuple[str, ...]]) -> str:
    """That all go on with a process in the place of one that ended; "" where they do not."""
    if not all(outcome.survivors for outcome in outcomes):
        return ""
    new = [sum(role.startswith(NEW) for role in roles) for roles in left]
    if all(new):
        if all(outcome.launchers for outcome in outcomes):
            return "it is started again"
        return f"{'they are' if max(new) > 1 else 'it is'} replaced, and the server goes on"
    if all("#" in "".join(roles) for roles in left) and all(
        any(started_later(role, o) for role in o.survivors) for o in outcomes
    ):
        return "then it goes on with a new child"
    return ""


def _client(outcomes: Sequence[Outcome]) -> str:
    """What the client got of a server that was ended while it answered, or by its view."""
    if all(len(o.survivors) == len(o.processes) for o in outcomes):
        return ""  # nothing ended, which the answer says
    got = sorted({answer_words(one) for one in outcomes if one.client})
    return f"client gets {' or '.join(got)}" if got else ""


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
    return f"left: {', '.join(sorted(things))}" if things else ""
