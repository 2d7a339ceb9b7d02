"""A user's own program: how it is started, when it is ready, how it is ended, what that showed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from exitmatrix.model.base import Frozen
from exitmatrix.model.node import Node
from exitmatrix.model.trial import Event, Steering

ReadyBy = Literal["auto", "port", "url", "line", "file", "seconds"]
Watch = Literal["gone", "rest", "replaced"]

PORT = "{port}"
"""Stands in a command, or in a way to be ready, for a port that is free in this trial."""

GRACE = -1.0
"""In the place of a time: when the grace period is over, which the user may choose."""


class Readiness(Frozen, kw_only=True):
    """How it is seen that a command is ready to be ended."""

    by: ReadyBy = "auto"
    what: str = ""  # the port, the URL, the expression, the path
    seconds: float = 0.0  # of by="seconds"
    within: float = 30.0  # seconds after which a command is given up that is not ready


class SignalStep(Frozen, kw_only=True):
    """A signal that is sent in the course of a situation."""

    signal: str  # SIGTERM; "": a scenario that holds at its end is let go on
    target: str = ""  # one of `tree.PLACES`, or a role; "": whom the situation is aimed at
    after: float = 0.0  # seconds since the first signal; GRACE
    or_first_gone: bool = False  # or as soon as the first process has ended


class Situation(Frozen, kw_only=True):
    """What a person or a platform does to a program, as a sequence of signals."""

    id: str
    does: str  # one sentence
    target: str  # whom it is aimed at unless the user says so
    steps: tuple[SignalStep, ...]  # () where the view that is asked for ends the process
    watch: Watch = "gone"
    """Until all have ended, until all rest, or until somebody is started in the place of one that
    ended, and rests; always for the grace period at most."""
    needs_several: bool = False  # it says something only where there is more than one process
    request: bool = False  # while a request is being answered
    held: bool = False  # whose view tells that it is at work, and waits until it is let go on
    source: str = ""  # where it is written down that this is what happens

    @property
    def first(self) -> SignalStep:
        """What is sent first."""
        return self.steps[0]

    @property
    def kills_in_the_end(self) -> bool:
        """Whether SIGKILL follows for whoever is alive when the grace period is over."""
        return len(self.steps) > 1 and self.steps[-1].signal == "SIGKILL"


class Expectation(Frozen, kw_only=True):
    """What a user expects of an ending."""

    ending: str
    key: str  # ran, exit, within, replaced, serves-again, left, lines
    values: tuple[str, ...]

    def __str__(self) -> str:
        """deploy: ran=all."""
        return f"{self.ending}: {self.key}={'+'.join(self.values) or 'nothing'}"


class AppSpec(Frozen, kw_only=True):
    """All that is needed to run a user's command once."""

    id: str  # for messages: `deploy`, `deploy without the probe`
    words: tuple[str, ...]
    folder: str  # where it is started
    environment: Mapping[str, str]
    situation: Situation
    target: str
    ready: Readiness
    path: tuple[str, ...] = ()  # folders of a PYTHONPATH that has the probe already
    inside: tuple[str, ...] = ()  # files that are put on its PYTHONPATH; () for a blind run
    mechanisms: tuple[str, ...] = ()  # what the probe looks at besides atexit
    grace: float = 30.0
    script: str = ""  # written beside it, at SCRIPT
    terminal: bool = False  # it runs in a terminal of its own
    starter: str = ""  # the name of a launcher that is a Python program itself
    namespace: bool = False  # what is started runs it as the first process of a PID namespace
    roles: Mapping[str, str] = {}  # names that the user gives, and expressions for command lines
    folders: tuple[str, ...] = ()  # in which it is looked for what was left behind
    addresses: tuple[str, ...] = ()  # other than loopback, on which it may listen
    request: str = ""  # a path or URL that is being asked for when the first signal is sent
    alone: bool = False  # no other run of the command goes on meanwhile
    keep: str = ""  # where a copy of its own folder for temporary files goes, and what it wrote
    limit: float = 120.0  # seconds
    look_again: float = 0.05  # seconds between two looks at the tree
    calm: float = 2.0  # seconds at rest after which nothing more is expected
    as_before: tuple[tuple[str, ...], ...] = ()
    """Who went on, by name, in runs of this ending that were watched for the whole grace period:
    where the same have rested for a while, that time need not be waited for once more."""
    steering: Steering | None = None

    @property
    def blind(self) -> bool:
        """Whether nothing is put into the program."""
        return not (self.inside or self.path)


class TimedEvent(Frozen, array_like=True):
    """An event, and how many seconds after the start of the program it was learnt."""

    seconds: float
    event: Event


class Left(Frozen, kw_only=True):
    """Something that was not there before, and is there when the run is over."""

    kind: str  # file, folder, unix socket, shared memory, semaphore, System V ...
    name: str
    in_use: Literal["no", "perhaps", "yes"] = "no"  # by who is still alive then
    shared: bool = False  # other trials ran meanwhile that may have made it


class AppTrial(Frozen, kw_only=True):
    """All that one run of a user's command showed."""

    id: str
    situation: str
    target: str
    blind: bool
    history: tuple[TimedEvent, ...]
    tree: tuple[Node, ...]
    output: str  # stdout and stderr, as they came in
    left: tuple[Left, ...] = ()
    changed: tuple[str, ...] = ()  # in the folders that were looked through; of a run alone
    over: bool = True  # False: it goes on, and all that lives rests: what it has shown until now
    port: int = 0  # what {port} stood for
    listening: tuple[str, ...] = ()  # addresses, of when it was ready
