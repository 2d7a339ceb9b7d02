"""Who makes up a program: what it may name, and one maker for each kind of statement. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from exitmatrix.declare.dice import Dice
from exitmatrix.model.language import (
    AwaitJoin,
    AwaitProcess,
    Call,
    Catch,
    Code,
    Default,
    Exhaust,
    Finalize,
    Fork,
    Function,
    Handle,
    Hook,
    Ignore,
    Interrupt,
    JoinProcess,
    Keep,
    Nothing,
    PoolEnd,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    RunHandlers,
    SetExitFunction,
    Signal,
    StartMethod,
    StartProcess,
    StartThread,
    Statement,
    SysExit,
    TerminateProcess,
    TryFinally,
    Unregister,
    UnregisterNamesake,
    UsePool,
    Write,
)

OLDEST = 3
"""The oldest generation whose programs can still be made."""

FUNCTION_NAMES = ("A", "B", "C", "D", "E", "F")
SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGALRM", "SIGPIPE", "SIGQUIT", "SIGWINCH")
MORE_SIGNALS = (
    *SIGNALS, "SIGUSR2", "SIGABRT", "SIGSEGV", "SIGFPE", "SIGBUS", "SIGILL", "SIGTRAP", "SIGSYS",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGURG", "SIGCONT",
)  # fmt: skip
"""Since generation 4: all but those that children send, that stop a process, or SIGKILL."""

KILL = "SIGKILL"
EXITS: tuple[int | str | None, ...] = (0, 1, 3, 4, 256, -1, 127, "a message", "", None)
ARGUMENTS = ("1", "'first'", "2, key='x'")

MOST_FORKS = (1, 3)
"""Of all functions together, and of the program: each run of a function doubles the processes."""

RELEASED = "R"  # what a global calls when it is released; nothing else calls that

CodePlace = Literal[
    "main", "function", "child", "process", "resting", "thread", "daemon", "try", "task", "loop",
    "end",
]  # fmt: skip
"""Where a statement may stand; "end": at the end of a body."""

Maker = Callable[["Author", int], Statement | tuple[Statement, ...]]

WeightedMakers = list[tuple[int, Maker]]
MakerTable = tuple[WeightedMakers, ...]
"""Weights and makers of statements: of the oldest generation, and what each later one brought."""


class Author:
    """The author of one program, from whose dice all of it comes."""

    def __init__(self, dice: Dice, version: int, tables: Mapping[CodePlace, MakerTable]) -> None:
        self.tables = tables
        self.dice = dice
        self.version = version
        self.signals = SIGNALS if version == OLDEST else MORE_SIGNALS
        self.names = FUNCTION_NAMES[: 1 + dice.below(len(FUNCTION_NAMES) - 1)]
        # A function of a number above, so that no signal calls the function that sends it.
        self.handled = {
            signal: dice.below(len(self.names))
            for signal in self.signals
            if dice.chance(30 if version == OLDEST else 15)
        }
        self.circles = dice.chance(5)
        self.forks = max(MOST_FORKS) if self.circles else 0
        self.texts = 0
        self.keeps = False
        if version > OLDEST:
            self.lists = dice.chance(50)
            self.rare = dice.chance(50)  # whether there are statements that few programs have
            self.released = (Raise("ValueError"),) if dice.chance(50) else ()
        self.submits = version > 8 and dice.chance(45)  # to pools of processes
        self.starts = version > 4 and dice.chance(70 if version == 5 else 25)  # processes
        self.pools = version > 5 and dice.chance(65) and not self.submits  # of threads
        self.loops = version > 6 and dice.chance(45) and not self.submits  # of events
        self.interpreters = version > 7 and dice.chance(40) and not self.submits
        self.starts = self.starts and not (self.loops or self.interpreters)
        if self.interpreters or (self.loops and version < 12):
            self.forks = max(MOST_FORKS)  # a child would go on with the loop of its parent
        self.lists = version > OLDEST and (self.lists or self.pools)
        self.waits = False  # whether a task waits for the end of pools
        self.second = False  # whether there is a second interpreter

    def code(self) -> Code:
        """The whole program; functions first, so that they have their part of the forks."""
        functions = tuple(
            Function(name, self.body("function", 3, level)) for level, name in enumerate(self.names)
        )
        body = (
            *(self.register(-1) for _ in range(self.dice.below(4))),
            *self.body("main", 6, -1),
            *self.ending(60, -1),
        )
        if self.keeps:
            functions = (*functions, Function(RELEASED, self.released))
        return Code(body=body, functions=tuple(one for one in functions if one.body))

    def body(self, place: CodePlace, most: int, level: int) -> tuple[Statement, ...]:
        """Up to so many statements, for a function of this number or, with -1, for main."""
        count = self.dice.below(most + 1)
        rows = self.rows(place)
        made: list[Statement] = []
        for _ in range(count):
            one = self.dice.weighted(rows)(self, level)
            made += one if isinstance(one, tuple) else (one,)
        return tuple(made)

    def ending(self, percent: int, level: int) -> tuple[Statement, ...]:
        """Perhaps a statement that ends something."""
        if not self.dice.chance(percent):
            return ()
        one = self.dice.weighted(self.rows("end"))(self, level)
        return one if isinstance(one, tuple) else (one,)

    def rows(self, place: CodePlace) -> WeightedMakers:
        """What this generation chooses from."""
        old = True, self.version > OLDEST
        later = self.starts, self.pools, self.loops, self.interpreters, self.submits
        brought = (*old, *later, self.loops and self.version > 9, self.version > 11)
        there = zip(self.tables[place], brought, strict=False)
        return [row for rows, known in there if known for row in rows]

    # ------------------------------------------------------------- statements

    def later(self, level: int) -> str | None:
        """A function that comes after the one of this number, or any that may go in circles."""
        rest = self.names if self.circles else self.names[level + 1 :]
        return self.dice.one(rest) if rest else None

    def register(self, level: int) -> Statement:
        """A handler, now and then with arguments."""
        name = self.later(level)
        if name is None:
            return Nothing()
        return Register(name, self.dice.one(ARGUMENTS) if self.dice.chance(10) else "")

    def unregister(self, _level: int) -> Statement:
        """Any function, registered or not, the running one included."""
        return Unregister(self.dice.one(self.names))

    def namesake(self, _level: int) -> Statement:
        """Another function of the same name."""
        return UnregisterNamesake(self.dice.one(self.names))

    def exitfunc(self, level: int) -> Statement:
        """What Python 2 calls at the end."""
        name = self.later(level)
        return SetExitFunction(name) if name else Nothing()

    def write(self, _level: int) -> Statement:
        """A text that no other statement writes."""
        self.texts += 1
        return Write(f"w{self.texts}.")

    def thread(self, level: int) -> Statement:
        """A thread that is joined at once."""
        body = self.body("thread", 2, level)
        return StartThread((*body, *self.ending(40, level)))

    def later_thread(self, level: int) -> Statement:
        """A thread that goes on after the end of main's code."""
        if self.version > OLDEST and self.lists:
            return Nothing()
        return StartThread((*self.body("thread", 2, level), *self.ending(20, level)), "after main")

    def daemon(self, level: int) -> Statement:
        """A thread that sleeps for ever."""
        return StartThread((*self.body("daemon", 2, level), *self.ending(20, level)), "never")

    def fork(self, level: int) -> Statement:
        """A child, unless there are enough."""
        if self.forks >= MOST_FORKS[level < 0]:
            return Nothing()
        self.forks += 1
        return Fork((*self.body("child", 2, level), *self.ending(40, level)))

    def handle(self, level: int) -> Statement:
        """The function that belongs to a signal."""
        can = self.callable(level)
        if self.dice.chance(3):
            return Handle(KILL, self.dice.one(self.names))
        if not can:
            return Nothing()
        signal = self.dice.one(can)
        return Handle(signal, self.names[self.handled[signal]])

    def callable(self, level: int) -> list[str]:
        """Signals whose function comes after the one of this number."""
        return [signal for signal, place in self.handled.items() if place > level or self.circles]

    def run_handlers(self, level: int) -> Statement:
        """In a function this goes in circles, and where it is called twice it doubles."""
        return RunHandlers() if level < 0 or self.circles else Nothing()

    def ignore(self, _level: int) -> Statement:
        """SIG_IGN."""
        return Ignore(self.dice.one((*self.signals, KILL)))

    def default(self, _level: int) -> Statement:
        """SIG_DFL."""
        return Default(self.dice.one(self.signals))

    def signal(self, level: int) -> Statement:
        """A signal that calls no function that came before; handled ones are more likely."""
        calls = self.callable(level)
        others = [signal for signal in self.signals if signal not in self.handled]
        if calls and self.dice.chance(60):
            return Signal(self.dice.one(calls))
        return Signal(self.dice.one(others)) if others else Nothing()

    def try_finally(self, level: int) -> Statement:
        """A `try` statement, whose function is always a later one: nothing calls itself so."""
        rest = self.names[level + 1 :]
        if not rest:
            return Nothing()
        body = (*self.body("try", 3, level), *self.ending(50, level))
        return TryFinally(body, self.dice.one(rest))

    def finalize(self, level: int) -> Statement:
        """A finalizer of an object that lives on."""
        name = self.later(level)
        return Finalize(name) if name else Nothing()

    # ------------------------------------------------- statements since generation 4

    def call(self, level: int) -> Statement:
        """A call of a later function: nothing calls itself so."""
        rest = self.names[level + 1 :]
        return Call(self.dice.one(rest)) if rest else Nothing()

    def catch(self, level: int) -> Statement:
        """A `try` statement with clauses that exit."""
        body = (*self.body("try", 3, level), *self.ending(70, level))
        names = [name for name in CAUGHT if self.dice.chance(40)]
        return Catch(body, tuple((name, self.dice.one(STATUSES)) for name in names or CAUGHT[-1:]))

    def threading_list(self, level: int) -> Statement:
        """A function in threading's own list."""
        name = self.later(level)
        return RegisterThreading(name) if name and self.lists else Nothing()

    def hook(self, level: int) -> Statement:
        """A function that is told of exceptions."""
        rest = self.names[level + 1 :]
        if not (rest and self.rare):
            return Nothing()
        main = Hook("sys.excepthook", self.dice.one(rest))
        return main if self.dice.chance(60) else Hook("threading.excepthook", main.function)

    def keep(self, _level: int) -> Statement:
        """A global that calls a function when it is released."""
        if not self.rare or self.loops:
            return Nothing()
        self.keeps = True
        return Keep(RELEASED)

    def faulthandler(self, _level: int) -> Statement:
        """A handler in C of any signal that it takes."""
        signals = [signal for signal in self.signals if signal not in DUMPED_BY_ENABLE]
        return RegisterFaulthandler(self.dice.one(signals), self.dice.chance(50))

    def interrupt(self, _level: int) -> Statement:
        """As if Ctrl-C had been pressed."""
        return Interrupt() if self.rare else Nothing()

    def exhaust(self, _level: int) -> Statement:
        """More of something than there is."""
        if not self.rare:
            return Nothing()
        return self.dice.one((Exhaust("recursion"), Exhaust("input"), Exhaust("file size")))

    # ------------------------------------------------- statements since generation 5

    def process(self, level: int) -> tuple[Statement, ...]:
        """A process of multiprocessing, unless there are enough, and what its starter does."""
        if self.forks >= MOST_FORKS[level < 0]:
            return (Nothing(),)
        self.forks += 1
        # A spawned one imports the program, and so may run its functions as handlers.
        method = self.dice.weighted(METHODS) if level < 0 else "fork"
        daemon, rests = self.dice.chance(40), self.dice.chance(45)
        body = self.body("resting" if rests else "process", 3, level)
        if rests:
            body = (*body, AwaitJoin())
        start = StartProcess((*body, *self.ending(50, level)), method, daemon)
        if not rests:
            joined = method == "forkserver" or self.dice.chance(60)
            return start, JoinProcess() if joined else AwaitProcess()
        if daemon and method != "forkserver" and self.dice.chance(50):
            return start, AwaitProcess()  # which the end of its starter is left to end
        if self.dice.chance(60):
            return start, AwaitProcess(), TerminateProcess(), JoinProcess()
        return start, AwaitProcess(), JoinProcess()

    # ------------------------------------------------- statements since generation 6

    def pool(self, level: int) -> Statement:
        """A task in a pool of threads of its own. One of a program waits for the end of pools."""
        ends: PoolEnd = self.dice.weighted(POOL_ENDS)
        if ends == "at exit" and self.waits:
            ends = "left open"
        self.waits = self.waits or ends == "at exit"
        return UsePool((*self.body("task", 2, level), *self.ending(35, level)), ends)

    def sys_exit(self, _level: int) -> Statement:
        """SystemExit with a number, a text or nothing."""
        return SysExit(self.dice.one(EXITS))

    def raises(self, _level: int) -> Statement:
        """An exception."""
        return self.dice.weighted(
            [(4, Raise("RuntimeError")), (2, Raise("ValueError")), (1, Raise("KeyboardInterrupt"))]
        )


POOL_ENDS: list[tuple[int, PoolEnd]] = [
    (4, "with"), (2, "shutdown"), (3, "left open"), (3, "at exit"),
]  # fmt: skip
METHODS: list[tuple[int, StartMethod]] = [(6, "fork"), (3, "spawn"), (2, "forkserver")]
CAUGHT = ("SystemExit", "KeyboardInterrupt", "Exception", "")
STATUSES = (0, 2, 5)
DUMPED_BY_ENABLE = ("SIGSEGV", "SIGFPE", "SIGABRT", "SIGBUS", "SIGILL")
"""Signals that faulthandler.register refuses: faulthandler.enable is for them."""
