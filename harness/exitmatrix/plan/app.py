"""Which runs a user's command takes: each ending several times, once without the probe. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from exitmatrix.declare.situations import nearest
from exitmatrix.model.app import PORT, AppSpec, Readiness, Situation
from exitmatrix.model.tree import PLACES, Tree, base_of

DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1)(?=[:/]|\Z)")


class CannotRead(Exception):
    """A text that says nothing which is understood; one line."""


def duration(text: str) -> float:
    """`30s`, `500ms`, `2m`, `1.5` as seconds. Raises CannotRead."""
    found = DURATION.fullmatch(text.strip())
    if not found:
        raise CannotRead(f"'{text}' is no time; write 30s, 500ms or 2m")
    return float(found[1]) * UNITS[found[2]]


def readiness(text: str, within: float) -> Readiness:
    """What `--ready` says. Raises CannotRead."""
    word, _, rest = text.partition(" ")
    if text == "auto":
        return Readiness(within=within)
    if text.isdigit() or text == PORT:
        return Readiness(by="port", what=text, within=within)
    if word in ("line", "file") and rest:
        if word == "line":
            try:
                re.compile(rest)
            except re.error as error:
                raise CannotRead(f"'{rest}' is no regular expression: {error}") from error
        return Readiness(by="line" if word == "line" else "file", what=rest, within=within)
    if text.startswith("/") or LOOPBACK.match(text):
        return Readiness(by="url", what=text, within=within)
    if "://" in text:
        raise CannotRead(f"'{text}' is not on this machine; name http://127.0.0.1:PORT/PATH")
    if DURATION.fullmatch(text) and not text.isdigit():
        return Readiness(by="seconds", seconds=duration(text), within=within)
    raise CannotRead(
        f"'{text}' is no way to be ready;"
        " write auto, PORT, URL, /PATH, 'line REGEX', 'file PATH' or 5s"
    )


def spec_for(base: AppSpec, situation: Situation, at: str, blind: bool) -> AppSpec:
    """One run of an ending."""
    return replace(
        base,
        id=situation.id + (" without the probe" if blind else ""),
        situation=situation,
        target=at or situation.target,
        inside=() if blind else base.inside,
        limit=base.ready.within + 2 * base.grace + 30.0,
    )


def left_out(situation: Situation, tree: Tree) -> str:
    """Why an ending says nothing about a tree; "" where it does."""
    there = [node for node in tree.nodes if node.at_ready and not node.gone]
    if situation.needs_several and len(there) < 2:
        return "there is one process"
    return ""


def unknown_target(target: str, tree: Tree) -> str:
    """Why a target names nobody of a tree; "" where it names somebody."""
    living = [node.pid for node in tree.nodes if node.at_ready and not node.gone]
    if target in PLACES and target not in ("serving", "leaf"):
        return ""
    if tree.pids(target, living):
        return ""
    roles = list(dict.fromkeys(tree.roles[pid] for pid in living))
    bases = list(dict.fromkeys(base_of(role) for role in roles))
    known = (*PLACES, *dict.fromkeys((*bases, *roles)))
    if target in PLACES:
        return f"nobody is '{target}' here; there are {', '.join(roles)}"
    return f"no process is called '{target}'{nearest(target, known)}"


def one_at_a_time(command: Sequence[str], listening: Sequence[str]) -> bool:
    """Whether two runs at once would meet at one port: it listens, and {port} is not asked for."""
    tcp = any(not one.startswith(("/", "@")) and ":" in one for one in listening)
    return tcp and not any(PORT in word for word in command)


def role(text: str) -> tuple[str, str]:
    """What `--role NAME=REGEX` says. Raises CannotRead."""
    name, equals, expression = text.partition("=")
    if not (name and equals and expression):
        raise CannotRead(f"'{text}' names no role; write NAME=REGEX")
    try:
        re.compile(expression)
    except re.error as error:
        raise CannotRead(f"'{expression}' is no regular expression: {error}") from error
    return name, expression
