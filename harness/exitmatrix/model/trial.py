"""One real run: what is asked for, and all that it showed."""

from __future__ import annotations

import re
from typing import Literal

from exitmatrix.model.base import Frozen
from exitmatrix.model.launcher import Wrapped
from exitmatrix.model.node import Node
from exitmatrix.model.subject import Scenario, Termination

Source = Literal["probe", "endings", "kernel", "harness"]


Timeline = tuple[tuple[str, ...], ...]
"""Who did what after what: (who, what, ...), without times, pids and paths."""


class Event(Frozen, array_like=True):
    """One entry of a trial's history: who says what about which process.

    `pid` is 0 where the event is about no single process.
    """

    source: Source
    pid: int
    kind: str
    detail: tuple[str, ...] = ()
    number: int = 0  # of the event within its process, from 1; 0 where nothing is counted
    subinterpreter: int = 0  # the one of its process that tells it, from 1; 0: the main one


LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib\w*/(?:python|pypy)[\d.]+t?/|^<frozen")
"""Where code lies that is not the program's own: what is installed, and the standard library."""


class Steering(Frozen):
    """Which process of a trial is held back, and from when on, until the others are at rest."""

    process: int  # its place: the first of all, and then who has handlers of the program
    events: int  # so many events it has told since the signal; 0: before that is sent
    until: int = 0  # another has told so many, and is held back in its stead; 0: they are at rest


class TrialSpec(Frozen, kw_only=True):
    """All that is needed to run one trial."""

    cell: str  # its id, for messages
    python: str  # the environment's interpreter
    path: tuple[str, ...]  # the observed program's PYTHONPATH; without the probe for a blind run
    scenario: Scenario
    termination: Termination
    target: str
    wrapped: Wrapped | None = None  # how a launcher starts it; None: it is started directly
    limit: float = 30.0  # seconds after which a trial is given up
    steering: Steering | None = None

    @property
    def is_command(self) -> bool:
        """Whether it is run as a user's command is: by words of its own, or by a launcher."""
        return bool(self.scenario.command) or self.wrapped is not None

    @property
    def is_blind(self) -> bool:
        """Whether the probe is left out."""
        return not any(f"/{folder}".endswith("/probe") for folder in self.path)


class Trial(Frozen, kw_only=True):
    """All that one real run showed: the history, in one total order, and the output."""

    cell: str
    history: tuple[Event, ...]
    stdout: str
    stderr: str
    tree: tuple[Node, ...] = ()  # of a command: its processes, with who started whom
    blind: Trial | None = None  # the same without the probe, where one was made
    used: float = 0.0  # seconds of processor, of all its processes that were waited for
