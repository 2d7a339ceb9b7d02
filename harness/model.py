"""The words of the project as frozen data.

Every stage takes values of these types and gives values of these types; nothing
here touches the machine. The vocabulary is that of the README's glossary.
"""

from __future__ import annotations

from typing import Any, Literal, dataclass_transform

import msgspec

FORMAT = 1
"""Version of the record format. Keys may be added under one number, not renamed."""

ImplementationName = Literal["cpython", "pypy"]
Delivery = Literal["in-process", "signal", "signal-twice", "signal-then-signal", "touch"]
Source = Literal["probe", "endings", "kernel", "harness"]
StdoutFate = Literal["kept", "lost", "twice"]
PortState = Literal["open", "closed"]
DataState = Literal["kept", "lost", "removed", "left behind", "damaged"]
VerdictWord = Literal["match", "mismatch", "unpredicted", "unknown", "skipped"]


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all values: immutable, compared by content, defaults not written.

    Keys that a later version added are read over: they may be added, not renamed.
    """


# ----------------------------------------------------------------- declare


class Interpreter(Frozen, kw_only=True):
    """One Python binary of this machine."""

    id: str  # cpython-3.13.0, cpython-3.13.5t, pypy-3.11.17-8.0.1
    implementation: ImplementationName
    version: str  # of the language, with the patch release: "3.13.0"; "3.15.0rc1" for a pre-release
    path: str  # the binary; never written into a record
    implementation_version: str = ""  # PyPy's own version
    free_threaded: bool = False

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


class Ready(Frozen, kw_only=True):
    """How a scenario shows that it is ready to be ended."""

    by: Literal["stdout", "http", "none"]
    line: str = ""  # the exact line on stdout, for by="stdout"


class Act(Frozen, kw_only=True):
    """Something that is done: a verb, in the words of `harness/program.py`, and its object."""

    verb: str
    about: str = ""
    in_thread: bool = False  # by a thread other than the one that reaches this line

    @property
    def number(self) -> int:
        """What it is about, where that is a number. Raises ValueError."""
        return int(self.about)


class Program(Frozen, kw_only=True):
    """What a scenario's program does, as far as the rules are concerned."""

    steps: tuple[Act, ...] = ()
    handlers: tuple[tuple[str, Act], ...] = ()  # what a handler does besides printing
    server: str = ""  # threads, one thread; "" for a program that serves nobody
    supervisor: str = ""  # of a parent that starts this program as its child: reloader, wait
    printed: bool = False  # whether what it prints on stderr is told
    data: tuple[tuple[str, str], ...] = ()  # kinds of data in flight, and of what nature each is
    length: int = 0  # of each of its handlers, in milliseconds; 0: no time to speak of
    clean: tuple[tuple[str, DataState], ...] = ()  # what a clean end makes of each kind

    def act_of(self, handler: str) -> Act | None:
        """What a handler does besides printing, if anything."""
        return dict(self.handlers).get(handler)


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
    terminations: tuple[str, ...]  # patterns over termination ids, or "in-process"
    modules: tuple[str, ...] = ()  # the other Python files of its folder
    not_on: dict[str, str] = {}  # implementations that cannot run it, and why
    lengths: tuple[int, ...] = ()  # of its handlers, in ms: each makes a scenario of its own
    length: int = 0  # of this one's handlers, in ms; 0: they take no time of their own
    program: Program | None = None  # None: the rules are told nothing, and predict nothing
    acts: str = ""  # the role that comes to `end_here()`, where it is not the usual one
    printed: bool = False  # whether a run without the probe is made, for what it prints
    data: dict[str, DataState] = {}  # kinds of data in flight, and what a clean end makes of each

    @property
    def serves(self) -> bool:
        """Whether the scenario is a server that is asked over HTTP."""
        return self.ready.by == "http"

    @property
    def acting_role(self) -> str:
        """The role in which an in-process termination takes place."""
        if self.acts:
            return self.acts
        return self.roles[-1] if self.serves else self.roles[0]


class Termination(Frozen, kw_only=True):
    """One entry of the catalogue."""

    id: str
    delivery: Delivery
    does: str  # one sentence
    signal: str = ""  # SIGTERM, for deliveries that send one
    then: str = ""  # the signal that follows, to what is still there
    grace: float = 0.0  # seconds, after which it does: of SIGKILL, else of handlers
    act: str = ""  # the same for the rules, in the words of harness/program.py


# -------------------------------------------------------------------- plan


class Cell(Frozen, kw_only=True):
    """One combination that can be measured."""

    interpreter: str
    stack: str
    scenario: str
    termination: str
    target: str
    launcher: str = "direct"

    @property
    def id(self) -> str:
        """INTERPRETER/STACK/SCENARIO/[LAUNCHER/]TERMINATION@TARGET."""
        launcher = "" if self.launcher == "direct" else f"{self.launcher}/"
        return (
            f"{self.interpreter}/{self.stack}/{self.scenario}/"
            f"{launcher}{self.termination}@{self.target}"
        )

    @property
    def question(self) -> tuple[str, str, str, str]:
        """What is asked, whatever the interpreter and the stack: races are judged by it."""
        return self.scenario, self.launcher, self.termination, self.target


class LeftOut(Frozen, kw_only=True):
    """A combination that is not measured, and why."""

    interpreter: str  # "*": whatever the interpreter
    stack: str
    scenario: str
    termination: str
    target: str
    reason: str


# --------------------------------------------------------------------- run


class Fact(Frozen, array_like=True):
    """One entry of a trial's history: who says what about which process.

    `pid` is 0 where the fact is about no single process.
    """

    source: Source
    pid: int
    kind: str
    detail: tuple[str, ...] = ()
    number: int = 0  # of the event within its process, from 1; 0 where nothing is counted
    subinterpreter: int = 0  # the one of its process that tells it, from 1; 0: the main one


class Order(Frozen, kw_only=True):
    """All that is needed to run one trial."""

    cell: str  # its id, for messages
    python: str  # the environment's interpreter
    path: tuple[str, ...]  # the observed program's PYTHONPATH; without the probe for a blind run
    scenario: Scenario
    termination: Termination
    target: str
    limit: float = 30.0  # seconds after which a trial is given up


class Trial(Frozen, kw_only=True):
    """All that one real run showed: the history, in one total order, and the output."""

    cell: str
    history: tuple[Fact, ...]
    stdout: str
    stderr: str
    blind: Trial | None = None  # the same without the probe, of a scenario that asks for it


# ----------------------------------------------------------------- observe


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


class Record(Frozen, kw_only=True):
    """An observation as it is stored: one line of reports/observations."""

    format: int
    cell: str
    interpreter: dict[str, Any]
    packages: dict[str, str]
    stack: str
    scenario: str
    launcher: str
    termination: str
    target: str
    platform: dict[str, str]
    since: str
    outcomes: tuple[Outcome, ...]
    unknown: tuple[str, ...] = ()  # reasons of trials that showed too little


# ------------------------------------------------------------------- judge


class Prediction(Frozen, kw_only=True):
    """What the rules allow for a cell."""

    outcomes: tuple[Outcome, ...]  # `cut`: a killed process may have got less far than this
    rules: tuple[str, ...]  # ids of those that were used, in the order in which they were asked
    races: tuple[str, ...] = ()  # where several outcomes are allowed: between which two events


class Verdict(Frozen, kw_only=True):
    """One line of reports/verdicts.jsonl."""

    cell: str
    verdict: VerdictWord
    rules: tuple[str, ...]
    racy: bool


class Judgement(Frozen, kw_only=True):
    """A verdict, and what it rests on."""

    verdict: Verdict
    prediction: Prediction | None = None  # None: no rule speaks of it, or one failed
    why: str = ""  # one sentence, where the verdict is not `match`
