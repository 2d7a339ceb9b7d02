"""What a trial showed once pids and times are taken away."""

from __future__ import annotations

from typing import Any, Literal

from exitmatrix.model.base import Frozen
from exitmatrix.model.subject import DataState

StdoutFate = Literal["kept", "lost", "twice"]
PortState = Literal["open", "closed"]


class Process(Frozen, kw_only=True):
    """What one process of the tree did."""

    role: str
    fired: tuple[str, ...] | None  # None: not observed from inside
    unfinished: tuple[str, ...] | None
    exit: dict[str, Any] | None  # {"code": n} | {"signal": name} | {"unknown": why}; None: alive
    raised: tuple[str, ...] = ()  # those of `fired` that ended by an exception
    library: tuple[str, ...] = ()  # what libraries registered and ran
    before: int = 0  # handlers that existed before the program's first line
    stdout: StdoutFate | None = None


class Outcome(Frozen, kw_only=True):
    """What a trial showed once pids and times are taken away."""

    processes: tuple[Process, ...]
    order: tuple[tuple[str, str], ...] | None  # (role, handler), by when each began
    survivors: tuple[str, ...]
    helpers: tuple[str, ...]
    port: PortState | None = None
    answer: str | None = None  # of an ending view whose server goes on: "200", "500", "none"
    left: tuple[str, ...] = ()  # kinds of things left in shared memory
    printed: tuple[str, ...] | None = None  # lines of stderr without the probe, and without frames
    data: dict[str, DataState] | None = None  # by kind, once nobody is alive
    cut: bool = False


class Unknown(Frozen, kw_only=True):
    """A trial of which the harness could not see enough, and why."""

    reason: str
