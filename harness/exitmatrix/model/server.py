"""What is known of a server: facts with their sources, from which the rules tell the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from exitmatrix.model.base import Frozen

How = Literal["finalizes", "raises again", "default action", "goes on"]
"""How a process takes a signal.

finalizes        it leaves by an exception or by return, and the interpreter finalizes
raises again     it stops serving, restores the default action, and sends the signal to itself
default action   it has no handler for it
goes on          it ignores it, or handles it without leaving
"""


class Reaction(Frozen, kw_only=True):
    """What a process does on a signal."""

    how: How
    status: int = 0  # of "finalizes"
    lifespan: bool = False  # whether the application's lifespan is shut down before
    source: str = ""


class Stop(Frozen, kw_only=True):
    """What a master does on a signal: it passes another on to its workers."""

    passes: str  # the signal that the workers get
    restarts: bool = False  # it starts new workers in their place, and goes on
    status: int = 0  # with which it exits where it does not
    source: str = ""


class Server(Frozen, kw_only=True):
    """The facts of a server in one arrangement of processes and one range of releases."""

    id: str
    since: str = ""  # the first release for which this is so; "" for the oldest
    package: str
    workers: int = 0  # 0: one process, which serves
    imports: tuple[str, ...]  # roles whose process has the application's handlers
    handlers: tuple[str, ...] = ("C", "B", "A")  # what finalization runs there, in order
    asgi: bool = False  # whether it has a lifespan
    master: Mapping[str, Stop] = {}  # by signal; any other has its default action
    ignores: tuple[str, ...] = ()  # signals that the master handles and does nothing about
    worker: Mapping[str, Reaction] = {}  # or of the one process
    restores: bool = False  # whether signals have their default action when it has stopped
    replaces: bool = False  # whether a worker that is gone is replaced
    orphan: Reaction | None = None  # what a worker does whose master is gone
    helpers: tuple[str, ...] = ()
    source: str
