"""From what a bare run left behind to what it showed. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from exitmatrix.model.bare import BareRun
from exitmatrix.model.execution import Execution, Exit, Line, Moment, Seen

MOMENTS: dict[str, Moment] = {moment: moment for moment in get_args(Moment)}


class NotSeen(Exception):
    """Why a run cannot be said to have shown anything."""


def seen(run: BareRun, texts: Collection[str]) -> Seen:
    """What a run showed; `texts` are those that the program may write to stdout.

    Raises NotSeen: of a run that was ended, or of a process whose end nobody saw.
    """
    if run.unseen:
        raise NotSeen(run.unseen)
    lines: dict[tuple[int, ...], list[Line]] = {(): []}
    orphans = dict(run.orphans)
    ends: dict[tuple[int, ...], Exit] = {(): _exit(run.status)}
    for line in run.events:
        place, word, *rest = line.split()
        path = _path(place)
        if word == "started":
            lines.setdefault(path, [])
            orphan = orphans.get(int(rest[0]))
            if orphan:
                ends[path] = _exit(orphan)
        elif word == "exit":
            ends[path] = _exit(" ".join(rest))
        elif path not in lines:
            raise NotSeen(f"what told {line[-40:]!r} had not told that it started")
        elif rest[0] in MOMENTS:
            lines[path].append(Line(word, MOMENTS[rest[0]]))
        else:
            raise NotSeen(f"it told {line!r}")
    for path in lines:
        if path not in ends:
            raise NotSeen(f"nobody saw the end of {'.'.join(map(str, path))}")
    return Seen(
        processes=tuple(Execution(path, tuple(lines[path]), ends[path]) for path in sorted(lines)),
        stdout=tuple(_split(run.stdout, texts)),
    )


def _path(place: str) -> tuple[int, ...]:
    return () if place == "-" else tuple(int(part) for part in place.split("."))


def _exit(end: str) -> Exit:
    kind, _, what = end.partition(" ")
    return Exit(signal=what) if kind == "signal" else Exit(status=int(what))


def _split(written: str, texts: Collection[str]) -> list[str]:
    """The texts of which it consists; of two that begin alike the longer one."""
    found = []
    while written:
        begin = max((text for text in texts if written.startswith(text)), key=len, default="")
        if not begin:
            raise NotSeen(f"stdout holds {written[:40]!r}")
        found.append(begin)
        written = written[len(begin) :]
    return found
