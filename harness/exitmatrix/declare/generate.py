"""Programs that nobody wrote: random ones, from a seed. Pure."""

from __future__ import annotations

from collections.abc import Callable

from exitmatrix.declare.dice import Dice
from exitmatrix.model.language import (
    Abort,
    AwaitJoin,
    AwaitProcess,
    Call,
    Catch,
    Clear,
    CloseStdout,
    Code,
    Default,
    Exec,
    Exhaust,
    FatalError,
    Finalize,
    Flush,
    Fork,
    Function,
    Handle,
    Hook,
    Ignore,
    Interrupt,
    JoinProcess,
    Keep,
    LibcExit,
    Nothing,
    OsExit,
    PyExit,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    RunHandlers,
    Say,
    Segfault,
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
    Write,
)

VERSION = 5
"""Of the generator: another one gives other programs for the same seed."""

OLDEST = 3
"""The oldest generation whose programs can still be made."""

NAMES = ("A", "B", "C", "D", "E", "F")
SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGALRM", "SIGPIPE", "SIGQUIT", "SIGWINCH")
MORE_SIGNALS = (
    *SIGNALS, "SIGUSR2", "SIGABRT", "SIGSEGV", "SIGFPE", "SIGBUS", "SIGILL", "SIGTRAP", "SIGSYS",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGURG", "SIGCONT",
)  # fmt: skip
"""Since generation 4: all but those that children send, that stop a process, or SIGKILL."""
UNCATCHABLE = "SIGKILL"
EXITS: tuple[int | str | None, ...] = (0, 1, 3, 4, 256, -1, 127, "a message", "", None)
ARGUMENTS = ("1", "'first'", "2, key='x'")
MOST_FORKS = (1, 3)
"""Of all functions together, and of the program: each run of a function doubles the processes."""

RELEASED = "R"  # what a global calls when it is released; nothing else calls that

_Maker = Callable[["_Random", int], Statement | tuple[Statement, ...]]
_Rows = list[tuple[int, _Maker]]
_Table = tuple[_Rows, ...]
"""Weights and makers of statements: of the oldest generation, and what each later one brought."""


def random(seed: int, number: int, version: int = VERSION) -> Code:
    """The program of this number in the sequence that belongs to a seed.

    Most programs end by themselves: functions register, and signals and `finally` call,
    only functions that come later in the alphabet. Of twenty, one may go in circles; it
    forks nothing, since each round would double its processes. Threads that wait for
    the end of main's code are not started by handlers, and daemons fork nothing: the
    child would sleep for ever. A program has either such threads or functions in threading's
    own list: these run when main's code has ended, and before those threads go on.

    Since generation 5 half of the programs start processes of multiprocessing. Their starter
    waits until they have ended, or have come to where they wait for it to join them. Functions
    only fork: a spawned process may call them as handlers, and so would start another, for ever.
    Of a fork server's child nobody but its starter is told the end, so that joins it.
    """
    return _Random(Dice(version, seed, number), version).code()


class _Random:
    def __init__(self, dice: Dice, version: int) -> None:
        self.dice = dice
        self.version = version
        self.signals = SIGNALS if version == OLDEST else MORE_SIGNALS
        self.names = NAMES[: 1 + dice.below(len(NAMES) - 1)]
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
        self.starts = version > 4 and dice.chance(70)  # processes of multiprocessing

    def code(self) -> Code:
        """The whole program; functions first, so that they have their part of the forks."""
        functions = tuple(
            Function(name, self.body(IN_FUNCTION, 3, level))
            for level, name in enumerate(self.names)
        )
        body = (
            *(self.register(-1) for _ in range(self.dice.below(4))),
            *self.body(IN_MAIN, 6, -1),
            *self.ending(60, -1),
        )
        if self.keeps:
            functions = (*functions, Function(RELEASED, self.released))
        return Code(body=body, functions=tuple(one for one in functions if one.body))

    def body(self, table: _Table, most: int, level: int) -> tuple[Statement, ...]:
        """Up to so many statements, for a function of this number or, with -1, for main."""
        count = self.dice.below(most + 1)
        rows = self.rows(table)
        made: list[Statement] = []
        for _ in range(count):
            one = self.dice.weighted(rows)(self, level)
            made += one if isinstance(one, tuple) else (one,)
        return tuple(made)

    def ending(self, percent: int, level: int) -> tuple[Statement, ...]:
        """Perhaps a statement that ends something."""
        if not self.dice.chance(percent):
            return ()
        one = self.dice.weighted(self.rows(ENDS))(self, level)
        return one if isinstance(one, tuple) else (one,)

    def rows(self, table: _Table) -> _Rows:
        """What this generation chooses from."""
        known = min(self.version, 4) - OLDEST + 1 + self.starts
        return [row for rows in table[:known] for row in rows]

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
        body = self.body(IN_THREAD, 2, level)
        return StartThread((*body, *self.ending(40, level)))

    def later_thread(self, level: int) -> Statement:
        """A thread that goes on after the end of main's code."""
        if self.version > OLDEST and self.lists:
            return Nothing()
        return StartThread((*self.body(IN_THREAD, 2, level), *self.ending(20, level)), "after main")

    def daemon(self, level: int) -> Statement:
        """A thread that sleeps for ever."""
        return StartThread((*self.body(IN_DAEMON, 2, level), *self.ending(20, level)), "never")

    def fork(self, level: int) -> Statement:
        """A child, unless there are enough."""
        if self.forks >= MOST_FORKS[level < 0]:
            return Nothing()
        self.forks += 1
        return Fork((*self.body(IN_CHILD, 2, level), *self.ending(40, level)))

    def handle(self, level: int) -> Statement:
        """The function that belongs to a signal."""
        can = self.callable(level)
        if self.dice.chance(3):
            return Handle(UNCATCHABLE, self.dice.one(self.names))
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
        return Ignore(self.dice.one((*self.signals, UNCATCHABLE)))

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
        body = (*self.body(IN_TRY, 3, level), *self.ending(50, level))
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
        body = (*self.body(IN_TRY, 3, level), *self.ending(70, level))
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
        if not self.rare:
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
        body = self.body(IN_RESTING if rests else IN_PROCESS, 3, level)
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

    def sys_exit(self, _level: int) -> Statement:
        """SystemExit with a number, a text or nothing."""
        return SysExit(self.dice.one(EXITS))

    def raises(self, _level: int) -> Statement:
        """An exception."""
        return self.dice.weighted(
            [(4, Raise("RuntimeError")), (2, Raise("ValueError")), (1, Raise("KeyboardInterrupt"))]
        )


METHODS: list[tuple[int, StartMethod]] = [(6, "fork"), (3, "spawn"), (2, "forkserver")]
CAUGHT = ("SystemExit", "KeyboardInterrupt", "Exception", "")
STATUSES = (0, 2, 5)
DUMPED_BY_ENABLE = ("SIGSEGV", "SIGFPE", "SIGABRT", "SIGBUS", "SIGILL")
"""Signals that faulthandler.register refuses: faulthandler.enable is for them."""

_FOR_THE_LIST: _Rows = [
    (14, _Random.register),
    (8, _Random.unregister),
    (2, _Random.namesake),
    (1, lambda _random, _level: Clear()),
    (3, _Random.finalize),
]
_FOR_BUFFERS: _Rows = [
    (8, _Random.write),
    (3, lambda _random, _level: Flush()),
    (1, lambda _random, _level: Say("said")),
]
_FOR_RARE_ONES: _Rows = [
    (2, _Random.threading_list),
    (1, _Random.hook),
    (1, _Random.keep),
    (1, _Random.faulthandler),
    (1, _Random.interrupt),
    (1, _Random.exhaust),
]
_FOR_PROCESSES: _Rows = [(8, _Random.process)]
_FOR_SIGNALS: _Rows = [
    (6, _Random.handle),
    (2, _Random.ignore),
    (2, _Random.default),
]

ENDS: _Table = (
    [
        (8, _Random.sys_exit),
        (8, _Random.raises),
        (5, _Random.signal),
        (3, lambda random, _level: OsExit(random.dice.one((0, 3, 7)))),
        (1, lambda random, _level: LibcExit(random.dice.one(("exit", "_exit", "quick_exit")), 5)),
        (1, lambda _random, _level: Abort()),
        (1, lambda _random, _level: Segfault()),
        (1, lambda _random, _level: FatalError()),
        (1, lambda random, _level: Exec(random.dice.one((0, 3)))),
        (1, lambda _random, _level: Signal("SIGKILL")),
    ],
    [
        (1, lambda random, _level: PyExit(random.dice.one((0, 5)))),
        (1, _Random.interrupt),
        (1, _Random.exhaust),
    ],
)
"""What may end a process, a thread or a function."""

IN_MAIN: _Table = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        *_FOR_SIGNALS,
        (3, _Random.signal),
        (5, _Random.try_finally),
        (4, _Random.fork),
        (4, _Random.thread),
        (3, _Random.later_thread),
        (2, _Random.daemon),
        (2, _Random.run_handlers),
        (1, _Random.exitfunc),
        (2, lambda _random, _level: CloseStdout()),
        (1, lambda _random, _level: Nothing()),
    ],
    [*_FOR_RARE_ONES, (4, _Random.call), (4, _Random.catch)],
    [*_FOR_PROCESSES, *_FOR_PROCESSES, *_FOR_PROCESSES],
)
IN_FUNCTION: _Table = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        *_FOR_SIGNALS,
        (3, _Random.signal),
        (3, _Random.try_finally),
        (6, _Random.fork),
        (6, _Random.thread),
        (1, _Random.daemon),
        (6, _Random.sys_exit),
        (8, _Random.raises),
        (2, lambda _random, _level: OsExit(5)),
        (1, _Random.run_handlers),
        (1, _Random.exitfunc),
        (1, lambda _random, _level: CloseStdout()),
        (1, lambda _random, _level: Nothing()),
    ],
    [*_FOR_RARE_ONES, (4, _Random.call), (3, _Random.catch)],
    _FOR_PROCESSES,
)
IN_CHILD: _Table = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        *_FOR_SIGNALS,
        (3, _Random.signal),
        (3, _Random.try_finally),
        (3, _Random.thread),
        (1, _Random.daemon),
        (1, _Random.fork),
        (1, _Random.run_handlers),
    ],
    [*_FOR_RARE_ONES, (2, _Random.call), (2, _Random.catch)],
    _FOR_PROCESSES,
)
IN_PROCESS = IN_CHILD
IN_RESTING: _Table = ([*_FOR_THE_LIST, *_FOR_BUFFERS, *_FOR_SIGNALS, (1, _Random.thread)],)
"""It forks nothing: who waits for it would wait for its child, which waits for the same."""

IN_THREAD: _Table = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        (1, _Random.handle),
        (1, _Random.signal),
        (2, _Random.fork),
        (3, _Random.try_finally),
        (1, _Random.thread),
        (1, _Random.run_handlers),
        (1, lambda _random, _level: Nothing()),
    ],
    [*_FOR_RARE_ONES, (2, _Random.call), (2, _Random.catch)],
    _FOR_PROCESSES,
)
IN_DAEMON: _Table = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
    ],
    [(1, _Random.call), (1, _Random.threading_list), (1, _Random.keep)],
)
IN_TRY: _Table = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        (2, _Random.handle),
        (3, _Random.signal),
        (2, _Random.fork),
        (3, _Random.thread),
        (2, _Random.try_finally),
        (1, _Random.run_handlers),
    ],
    [*_FOR_RARE_ONES, (2, _Random.call), (2, _Random.catch)],
    _FOR_PROCESSES,
)
"""What may stand where, and how often it does."""
