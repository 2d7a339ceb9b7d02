"""A timeline in text: a column for each process, downwards in the order of events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Timeline

WIDTH = 80
GAP = 2

Step = tuple[str, str]  # a role and what it does; "" and what happens between the processes


def timeline_lines(timeline: Timeline, roles: Sequence[str]) -> list[str]:
    """The lines of a timeline; `roles` are the processes that run the program."""
    width = (WIDTH - GAP * len(roles)) // len(roles)
    lines = []
    if len(roles) > 1:
        lines.append("".join(" " * GAP + role.ljust(width) for role in roles).rstrip())
    for who, what in _joined(_steps(timeline, roles)):
        if who:
            before = " " * (GAP + roles.index(who) * (width + GAP))
            lines += [before + line for line in wrap(what, width)]
        else:
            lines.append(f"{' ' * GAP}--- {what} ".ljust(WIDTH - GAP, "-"))
    return lines


def _joined(steps: Iterable[Step]) -> Iterator[Step]:
    """Registrations in a row, and runs in a row, as one step each."""
    waiting: tuple[str, str, list[str]] | None = None
    for who, what in steps:
        verb, _, rest = what.partition(" ")
        if waiting and waiting[:2] == (who, verb) and verb in ("registers", "runs"):
            waiting[2].append(rest)
            continue
        if waiting:
            yield _said(waiting)
        waiting = (who, verb, [rest])
    if waiting:
        yield _said(waiting)


def _said(waiting: tuple[str, str, list[str]]) -> Step:
    who, verb, rest = waiting
    return who, f"{verb} {', '.join(rest)}".rstrip()


def _steps(timeline: Timeline, roles: Sequence[str]) -> Iterator[Step]:
    ready = spawned = inside = False
    rest = list(timeline)
    while rest:
        who, kind, *detail = rest.pop(0)
        following = rest[0] if rest else ("", "")
        if kind == "ready" and not inside:
            continue  # of a program that comes to its end by itself, nobody waits for anything
        ready = ready or kind == "ready"
        inside = inside or kind in ("started", "forked")
        if kind == "replied" and not ready:
            continue  # the harness's own request, which says who serves
        if kind == "started" and spawned and who == roles[0]:
            continue
        spawned = spawned or kind == "spawned"
        detail = [_short(one) for one in detail]
        if kind == "began" and following[:2] in ((who, "returned"), (who, "raised")):
            rest.pop(0)
            if following[1] == "returned":
                yield _placed(who, f"runs {detail[0]}", roles)
                continue
            kind, detail = "raised", list(following[2:])
        yield _step(who, kind, detail, roles)


def _short(name: str) -> str:
    """multiprocessing.util for multiprocessing.util._exit_function: the rest says nothing."""
    module, _, last = name.rpartition(".")
    return module if module and last.startswith("_") else name


def _step(who: str, kind: str, detail: Sequence[str], roles: Sequence[str]) -> Step:
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
        return "", f"{first} to the {detail[-1]}"
    if kind in between:
        return "", between[kind]
    own = {
        "spawned": "starts",
        "started": "starts",
        "forked": "is forked",
        "serves": "answers HTTP",
        "answered": "answers HTTP",
        "registered": f"registers {first}",
        "began": f"begins {first}",
        "returned": f"ends {first}",
        "raised": f"{first} raises {' '.join(detail[1:])}".rstrip(),
        "ending": _action(first),
        "ended": _end(first),
        "alive": "still there",
    }
    return _placed(who, own.get(kind, " ".join((kind, *detail))), roles)


def _placed(who: str, what: str, roles: Sequence[str]) -> Step:
    return (who, what) if who in roles else ("", f"{who}: {what}")


def _action(termination: str) -> str:
    """What the program itself does: calls sys.exit(3)."""
    known = TERMINATIONS.get(termination)
    words = known.does.rstrip(".") if known else termination
    return words[:1].lower() + words[1:]


def _end(status: str) -> str:
    word, _, value = status.partition(" ")
    return {"code": f"exits with {value}", "signal": f"is killed by {value}"}.get(word, "ends")
