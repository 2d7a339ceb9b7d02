"""What is observed, and on what: interpreters, stacks, scenarios, terminations."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec
from msgspec.structs import replace

from exitmatrix.model.base import Frozen
from exitmatrix.model.language import Code

ImplementationName = Literal["cpython", "pypy"]
Delivery = Literal["in-process", "signal", "signal-twice", "signal-then-signal", "touch"]
DataState = Literal["kept", "lost", "removed", "left behind", "damaged"]


class Interpreter(Frozen, kw_only=True):
    """One Python binary of this machine."""

    id: str  # cpython-3.13.0, cpython-3.13.5t, cpython-3.14.10d, pypy-3.11.17-8.0.1
    implementation: ImplementationName
    version: str  # of the language, with the patch release: "3.13.0"; "3.15.0rc1" for a pre-release
    path: str  # the binary; never written into a record
    implementation_version: str = ""  # PyPy's own version
    free_threaded: bool = False
    debug: bool = False  # Py_DEBUG
    build: str = ""  # of what is no release, behind a "+" in the id, as PEP 440 writes it
    named: str = ""  # the path by which the caller named it; never written into a record

    @property
    def release(self) -> str:
        """The id of the release that it claims to be, whose records it is compared with."""
        return self.id.removesuffix(f"+{self.build}") if self.build else self.id

    @property
    def argument(self) -> str:
        """What names it to `--python` when the same command is given again."""
        return self.named or self.id

    def built(self, build: str) -> Interpreter:
        """The interpreter as a build of its own; itself if `build` is empty."""
        id = f"{self.release}+{build}" if build else self.release
        return replace(self, id=id, build=build)

    @property
    def language(self) -> tuple[int, int]:
        """(3, 13) for "3.13.0"."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


class Stack(Frozen, kw_only=True):
    """A pinned set of packages."""

    name: str  # none, flask-1.1, flask-3.1
    family: str  # none, flask, apscheduler
    requires: str  # a PEP 440 specifier on the language version: ">=3.9"
    imports: str = ""  # what an environment must be able to import; "": what the family is called
    too_old: str = ""  # why a Python that is older than `requires` allows cannot have it
    too_new: str = ""  # why a newer one cannot
    # What is installed over the pins, as an installer is told it: releases, wheels, checkouts.
    instead: tuple[str, ...] = ()
    # Or the newest releases of all that names, which go together; "pre": pre-releases too.
    renewed: Literal["", "newest", "pre"] = ""

    @property
    def release(self) -> str:
        """The release of the family's package that its name tells: 3.1."""
        return self.name.removeprefix(f"{self.family}-")

    @property
    def proof(self) -> str:
        """A statement that an environment with the packages can run; "" for no packages."""
        return "" if self.family == "none" else f"import {self.imports or self.family}"


class Ready(Frozen, kw_only=True):
    """How a scenario shows that it is ready to be ended."""

    by: Literal["stdout", "http", "listening", "line", "none"]
    # The exact line on stdout, for by="stdout"; a regular expression for by="line", which a line
    # of stdout or stderr matches.
    line: str = ""


class Program(Frozen, kw_only=True):
    """What a scenario's program does, as far as the laws are concerned."""

    code: Code
    server: str = ""  # threads, one thread; "" for a program that serves nobody
    supervisor: str = ""  # of a parent that starts this program as its child: reloader, wait
    data: tuple[tuple[str, str], ...] = ()  # kinds of data in flight, and of what nature each is
    clean: tuple[tuple[str, DataState], ...] = ()  # what a clean end makes of each kind
    helpers: tuple[str, ...] = ()  # processes that a library starts, which end with the program


class Start(Frozen, kw_only=True):
    """A way in which Python is given a program."""

    id: str
    does: str  # one sentence
    words: tuple[str, ...]  # that follow the interpreter; {text} stands for the program's text
    reads: bool = False  # whether the program is its standard input
    requires: str = ""  # the Pythons that can be started so; "": those of the scenario
    opening: str = ""  # what the program begins with, so that it can be observed at all


class Scenario(Frozen, kw_only=True):
    """A small program under scenarios/, as its header declares it."""

    id: str
    title: str
    path: str  # the file that is run; its folder is copied when the scenario is a folder
    folder: str  # "" when the scenario is a single file
    doc: str  # the program's docstring
    roles: tuple[str, ...]  # ("main",) or ("parent", "child")
    ready: Ready
    family: str  # of stacks: none, flask, apscheduler
    requires: str  # requires-python of the header
    releases: str = ""  # of the family's package that it can be started with: ">=2.2"; "": any
    terminations: tuple[str, ...]  # patterns over termination ids, or "in-process"
    launchers: tuple[str, ...] = ()  # patterns over those that it is also measured under
    modules: tuple[str, ...] = ()  # the other Python files of its folder
    not_on: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # implementations, or patterns of interpreter ids, that cannot run it, and why
    lengths: tuple[int, ...] = ()  # of its handlers, in ms: each makes a scenario of its own
    length: int = 0  # of this one's handlers, in ms; 0: they take no time of their own
    starts: tuple[str, ...] = ()  # ways to start it: each makes a scenario of its own
    start: Start | None = None  # this one's; None: its file is what Python is told to run
    program: Program | None = None  # None: the laws are told nothing, and predict nothing
    # How it is started where that is not `python app.py`: words, with {port} for a free port.
    command: tuple[str, ...] = ()
    runner: tuple[str, ...] = ()  # between `python` and `app.py`: "-m", "coverage", "run"
    needs: tuple[str, ...] = ()  # programs of the machine that it starts: declare/services.py
    server: str = ""  # what is known of the server that the command starts: declare/servers
    busy: tuple[
        str, ...
    ] = ()  # how it is ended while it answers, which makes a scenario of its own
    answering: bool = False  # whether this one is that: a request is being answered at BUSY
    rests: int = 0  # seconds at rest after which nothing more is expected, where it is not as usual
    acts: str = ""  # the role that comes to `end_here()`, where it is not the usual one
    printed: bool = False  # whether a run without the probe is made, for what it prints
    data: dict[str, DataState] = msgspec.field(
        default_factory=dict
    )  # kinds of data in flight, and what a clean end makes of each

    @property
    def serves(self) -> bool:
        """Whether the scenario is a server that is asked over HTTP."""
        return self.ready.by == "http"

    def not_on_this(self, interpreter: Interpreter) -> str | None:
        """Why it cannot run on an interpreter, as its header says; None where it can."""
        for pattern, why in self.not_on.items():
            if interpreter.implementation == pattern or fnmatchcase(interpreter.id, pattern):
                return why
        return None

    @property
    def acting_role(self) -> str:
        """The role in which an in-process termination takes place."""
        if self.acts:
            return self.acts
        return self.roles[-1] if self.serves or self.command else self.roles[0]


class Termination(Frozen, kw_only=True):
    """One entry of the catalogue."""

    id: str
    delivery: Delivery
    does: str  # one sentence
    signal: str = ""  # SIGTERM, for deliveries that send one
    then: str = ""  # the signal that follows, to what is still there
    grace: float = 0.0  # seconds, after which it does: of SIGKILL, else of handlers
    act: str = ""  # the same for the laws, in the words of declare/program.py
    rare: bool = False  # takes place only where a scenario asks for it: "*" does not
    group: int = 0  # bytes of memory that a control group of its own has for it


class Sources(Frozen, kw_only=True):
    """The texts that a reproducer is made of."""

    files: Mapping[str, str]  # of the scenario: its program as app.py, and what lies beside it
    endings: str
    provided: Mapping[str, str]  # other modules that the harness lets a program import
