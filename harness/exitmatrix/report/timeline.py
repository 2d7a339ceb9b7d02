"""A timeline as a figure: a column for each process, downwards in the order of events. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Timeline
from exitmatrix.report.document import Figure
from exitmatrix.report.render.text import figure_lines

HARNESS = "harness"  # as a timeline calls it
OF_HANDLERS = ("registered", "began", "returned", "raised")
OF_A_LIBRARY = re.compile(r"\w+(\.\w+)+")
"""logging.shutdown: with the module; a program's own has none."""

TimelineStep = tuple[str, str]  # a role and what it does; "" and what happens between the processes


def figure(timeline: Timeline, roles: Sequence[str]) -> Figure:
    """A timeline drawn; `roles` are the processes that run the program."""
    return Figure(tuple(roles), tuple(_joined(_steps(timeline, roles))))


def of_the_program(timeline: Timeline, roles: Sequence[str]) -> Timeline:
    """What the program itself did and what was done to it: no libraries, no helpers."""
    return tuple(
        (role, kind, *detail)
        for role, kind, *detail in timeline
        if (role in roles or role == HARNESS)
        and not (kind in OF_HANDLERS and OF_A_LIBRARY.fullmatch(detail[0]))
    )


def timeline_lines(timeline: Timeline, roles: Sequence[str]) -> list[str]:
    """The lines of a timeline, for a terminal."""
    return figure_lines(figure(timeline, roles))


def _joined(steps: Iterable[TimelineStep]) -> Iterator[TimelineStep]:
    """Registrations in a row, and runs in a row, as one step each."""
    waiting: tuple[str, str, list[str]] | None = None
    for role, what in steps:
        verb, _, rest = what.partition(" ")
        if waiting and waiting[:2] == (role, verb) and verb in ("registers", "holds", "runs"):
            waiting[2].append(rest)
            continue
        if waiting:
            yield _joined_step(waiting)
        waiting = (role, verb, [rest])
    if waiting:
        yield _joined_step(waiting)


def _joined_step(waiting: tuple[str, str, list[str]]) -> TimelineStep:
    role, verb, rest = waiting
    return role, f"{verb} {', '.join(rest)}".rstrip()


def _steps(timeline: Timeline, roles: Sequence[str]) -> Iterator[TimelineStep]:
    ready = spawned = inside = False
    rest = list(timeline)
    while rest:
        role, kind, *detail = rest.pop(0)
        following = rest[0] if rest else ("", "")
        if kind == "ready" and not inside:
            continue  # of a program that comes to its end by itself, nobody waits for anything
        ready = ready or kind == "ready"
        inside = inside or kind in ("started", "forked")
        if kind == "replied" and not ready:
            continue  # the harness's own request, which says who serves
        if kind == "started" and spawned and role == roles[0]:
            continue
        spawned = spawned or kind == "spawned"
        detail = [_short(one) for one in detail]
        if kind == "began" and following[:2] in ((role, "returned"), (role, "raised")):
            rest.pop(0)
            if following[1] == "returned":
                yield _placed(role, f"runs {detail[0]}", roles)
                continue
            kind, detail = "raised", list(following[2:])
        yield _step(role, kind, detail, roles)


def _short(name: str) -> str:
    """multiprocessing.util for multiprocessing.util._exit_function: the rest says nothing."""
    if ":" in name:
        return name  # of a user's program: app.db:close_pool
    module, _, last = name.rpartition(".")
    return module if module and last.startswith("_") else name


def _step(role: str, kind: str, detail: Sequence[str], roles: Sequence[str]) -> TimelineStep:
    first = detail[0] if detail else ""
    between = {
        "ready": "ready",
        "asked": f"a client asks for {first}",
        "replied": "the client gets no answer" if first == "none" else f"the client gets {first}",
        "no-answer": "nobody answers HTTP",
        "touched": f"{first} changes on disk",
        "left": f"left behind: {first}",
    }
    if kind == "sent":
        alone = list(roles) == detail[-1:]  # nobody else could be meant
        return "", first if alone else f"{first} to the {detail[-1]}"
    if kind in between:
        return "", between[kind]
    own = {
        "spawned": "starts",
        "started": "starts",
        "forked": "is forked",
        "serves": "answers HTTP",
        "answered": "answers HTTP",
        "registered": f"registers {first}",
        "holds": f"holds {first}",
        "began": f"begins {first}",
        "returned": f"ends {first}",
        "raised": f"{first} raises {' '.join(detail[1:])}".rstrip(),
        "ending": _action(first),
        "ended": _end(first),
        "alive": "still there",
    }
    return _placed(role, own.get(kind, " ".join((kind, *detail))), roles)


def _placed(role: str, what: str, roles: Sequence[str]) -> TimelineStep:
    return (role, what) if role in roles else ("", f"{role}: {what}")


def _action(termination: str) -> str:
    """What the program itself does: calls sys.exit(3)."""
    known = TERMINATIONS.get(termination)
    words = known.does.rstrip(".") if known else termination
    return words[:1].lower() + words[1:]


def _end(status: str) -> str:
    word, _, value = status.partition(" ")
    return {"code": f"exits with {value}", "signal": f"is killed by {value}"}.get(word, "ends")
