"""What one execution of a program of the small language shows, from outside."""

from __future__ import annotations

from typing import Literal

from exitmatrix.model.base import Frozen

Moment = Literal["began", "ended", "raised"]


class Line(Frozen):
    """What a function said of itself, once."""

    function: str
    moment: Moment


class Exit(Frozen):
    """A wait status: an exit status, or the signal that killed the process."""

    status: int = 0  # 0-255
    signal: str = ""  # SIGTERM; "" for a process that exited


class Execution(Frozen):
    """One process: where in the tree, what its functions said, how it ended."""

    path: tuple[int, ...]  # () is the first; (0, 1) the second fork of the first one's first fork
    said: tuple[Line, ...]  # since the process began
    exit: Exit


class Seen(Frozen, kw_only=True):
    """All processes of one run, by path, and what came out of stdout, by whom does not matter."""

    processes: tuple[Execution, ...]
    stdout: tuple[str, ...] = ()  # texts of `Write` in the order of their arrival


class Foreseen(Frozen, kw_only=True):
    """What the laws allow for a program on a Python."""

    seen: tuple[Seen, ...]  # one, or those between which a race decides
    rules: tuple[str, ...]  # ids of the laws that were used
    races: tuple[str, ...] = ()  # between which two events, where a law allows several effects
