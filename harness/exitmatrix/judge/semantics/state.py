"""A moment in the execution of a program: all its processes, as one frozen value."""

from __future__ import annotations

from typing import Literal

from exitmatrix.judge.semantics import waits
from exitmatrix.judge.semantics.waits import (
    AwaitsEndOfPools,
    AwaitsJoin,
    AwaitsOther,
    AwaitsProcess,
    AwaitsResult,
    AwaitsTask,
    AwaitsWork,
    AwaitsWorker,
    CalledBack,
    ClosesPool,
    EndsPool,
    EndsProcesses,
    Joins,
    JoinsPools,
    JoinsProcess,
    JoinsProcessPools,
    Lingering,
    Looping,
    Owned,
    PoolIdle,
    PoolWork,
    ProcessCode,
    ProcessEnd,
    Raised,
    RequestCode,
    Resting,
    ServesForks,
    ServesManager,
    Serving,
    ShutsDown,
    Supervising,
    TaskCode,
    Turn,
    WaitsForChild,
)
from exitmatrix.model import Frozen
from exitmatrix.model.execution import Exit, Line
from exitmatrix.model.language import Shared, Statement

Path = waits.Path
Disposition = Literal["default", "ignored", "interrupt", "dumped", "loop", "runner"]
"""What a process does about a signal; a function that handles it is named with a colon: `:stop`."""


# -------------------------------------------------------------------------- frames


OF_A_SERVER = "-"
"""How the names of functions begin that stand for those of a server, of which nothing is told."""


class Body(Frozen):
    """Statements that are still to be executed."""

    rest: tuple[Statement, ...]


class Entering(Frozen):
    """The call of a function, before its first line."""

    function: str  # with its arguments, as in `cleanup('first')`


class FunctionRun(Frozen):
    """A function that runs: an atexit handler or one of a signal."""

    function: str


class BelowHandler(Frozen):
    """Below the handler of a signal: what is below goes on when that has returned."""

    in_call: bool = False  # whether it came while a call waited, and not between two instructions


class Finally(Frozen):
    """Below the body of a try statement."""

    function: str


class Catching(Frozen):
    """Below the body of a try statement that exits with a status on some exceptions."""

    exits: tuple[tuple[str, int], ...]


class Unwinding(Frozen):
    """Below a finally clause: the exception that goes on when that is over, if any."""

    raised: Raised | None = None


class FinalizerRun(Frozen):
    """weakref at work: it calls one finalizer after another, the newest first."""


class Hooked(Frozen):
    """Below a hook: the exception that it is told of, and that ends what is below."""

    raised: Raised
    forgotten: bool = False  # whether the interpreter does not know any more that it was Ctrl-C


class AtexitRun(Frozen):
    """atexit at work: it calls one handler after another."""

    final: bool  # at the end of the process; otherwise by atexit._run_exitfuncs
    how: str  # Profile.handler_list; "apart": a list that is not the main one's
    next: int  # the place in the list of the handler that comes next; -1: none
    copied: tuple[str, ...] = ()  # the list that is gone through, where that is a copy
    last: Raised | None = None  # the last exception of a handler
    current: str = ""  # the handler that runs


class MainCode(Frozen):
    """Below the main thread's code."""

    reported: str = ""  # the exception that sys.excepthook has been told of


class ThreadCode(Frozen):
    """Below another thread's code."""

    sleeps: bool = False  # for ever, when its code is done
    of_pool: bool = False  # whether it is a pool's, which has been used before


FinalizationStage = Literal["code ended", "threading", "threads", "handlers", "globals", "streams"]


class Finalization(Frozen):
    """The interpreter comes to its end."""

    stage: FinalizationStage
    exit: Exit  # that of the process, if nothing changes it
    raised: str = ""  # the exception that ended the code
    reported: str = ""  # the one that sys.excepthook was told of
    frame: bool = False  # whether the frames of the program are left, as Py_Exit leaves them
    in_loop: bool = False  # whether an event loop runs in these


Frame = (
    Body
    | Entering
    | FunctionRun
    | BelowHandler
    | Finally
    | Catching
    | Unwinding
    | FinalizerRun
    | Hooked
    | AtexitRun
    | Lingering
    | Joins
    | WaitsForChild
    | JoinsProcess
    | AwaitsProcess
    | AwaitsJoin
    | EndsProcesses
    | ProcessCode
    | ProcessEnd
    | ServesForks
    | ServesManager
    | TaskCode
    | AwaitsTask
    | AwaitsWork
    | AwaitsResult
    | AwaitsOther
    | ShutsDown
    | EndsPool
    | AwaitsEndOfPools
    | AwaitsWorker
    | ClosesPool
    | JoinsPools
    | JoinsProcessPools
    | PoolIdle
    | PoolWork
    | Resting
    | Looping
    | Turn
    | CalledBack
    | Serving
    | Supervising
    | RequestCode
    | MainCode
    | ThreadCode
    | Finalization
)


class ThreadState(Frozen):
    """A thread, by what it is in the middle of, innermost last."""

    id: int
    frames: tuple[Frame, ...]
    raising: Raised | None = None
    daemon: bool = False
    after_main: bool = False  # it waits for the end of the main thread's code
    done: bool = False  # it sleeps for ever

    @property
    def top(self) -> Frame:
        """What it is doing."""
        return self.frames[-1]

    @property
    def left_by(self) -> str:
        """The exception that ended its code, where nobody waits for what it then does; or ""."""
        bottom, *above = self.frames
        if not isinstance(bottom, ThreadCode) or not bottom.sleeps:
            return ""
        if above:
            return above[0].raised.name if isinstance(above[0], Hooked) else ""
        return self.raising.name if self.raising else ""


class Pending(Frozen):
    """A signal that was received and not yet handled in Python."""

    signal: str
    own: bool  # sent by the main thread, or otherwise so that it sees it at once
    simulated: bool = False  # nobody sent it: a thread had it look as if
    waited: bool = False  # for the handler of another one, which an exception has left


class ProcessState(Frozen, kw_only=True):
    """A process."""

    path: Path
    threads: tuple[ThreadState, ...]
    main: int = 0  # the id of the main thread
    started: int = 1  # threads so far
    forked: int = 0  # children so far
    handlers: tuple[str, ...] = ()  # of atexit, oldest first; "" in a place that was emptied
    finalizers: tuple[str, ...] = ()  # of weakref, oldest first
    finalizers_over: bool = False  # whether weakref calls none any more
    threading: tuple[str, ...] = ()  # functions of threading's own list, oldest first
    listed: tuple[str, ...] = ()  # all that were registered there, those that have run too
    list_left: bool = False  # whether an exception has left that list's functions
    kept: tuple[str, ...] = ()  # what globals call when they are released
    hooks: tuple[tuple[str, str], ...] = ()  # sys.excepthook, threading.excepthook
    exitfunc: str = ""  # what sys.exitfunc was set to, if anything
    daemons: bool = False  # whether a daemon thread was there when it ended
    abandoned: bool = False  # whether it was forked from one with threads that it does not have
    held: bool = False  # whether a module of the standard library has one of its functions
    signals: tuple[tuple[str, str], ...] = ()  # dispositions other than at the start
    pending: tuple[Pending, ...] = ()
    unnoticed: bool = False  # whether there is a signal that its code does not notice
    forgotten: tuple[Pending, ...] = ()  # signals of which nothing reminds it but what asks anew
    off_main: bool = False  # whether another thread than the main one forked it, or one before
    passed_on: tuple[str, ...] = ()  # signals that faulthandler takes first
    found: tuple[tuple[str, str], ...] = ()  # what these did when faulthandler first took them
    doomed: str = ""  # the signal that the main thread is about to die of, with all others
    buffered: tuple[str, ...] = ()
    reader: bool = True  # somebody reads its stdout
    full: bool = False  # it is a pipe that is full, and that nobody empties
    stuck: bool = False  # a daemon thread is stuck in a write to it
    lines: tuple[Line, ...] = ()
    exit: Exit | None = None
    set_aside: bool = False  # whether it has ended, and what it has done is kept elsewhere
    role: str = "main"
    inherited: tuple[str, ...] = ()  # functions that ran when it was forked
    library: tuple[str, ...] = ()  # handlers that libraries registered
    saved: tuple[str, ...] = ()  # kinds of data that it has brought into safety
    before_exit: str = ""  # what os._exit calls first
    second: tuple[str, ...] = ()  # handlers of a second interpreter that is there
    hooked: bool = False  # whether the program has replaced the hooks that print
    printed: tuple[str, ...] = ()  # lines on stderr
    elapsed: int = 0  # milliseconds that its handlers have taken
    requested: bool = False  # whether a request has come
    answer: str = ""  # what the request got
    finalized: bool = False  # whether its interpreter came to its own end
    streams_flushed: bool = False  # whether the C library wrote out its streams
    marked: bool = False  # whether it wrote anything to stdout itself
    cut: bool = False  # whether it was killed on its way
    loading: bool = False  # whether a thread that has ended may be loading a library
    torn: bool = False  # whether it was forked from one that may have been
    owned: tuple[Owned, ...] = ()  # the processes of multiprocessing that it has started
    left_open: tuple[Owned, ...] = ()  # the workers of executors that it has left open
    others: tuple[
        Owned, ...
    ] = ()  # those of the one it was forked from, which it takes for its own
    origin: Path | None = None  # of multiprocessing: the process that its starter knows
    daemonic: bool = False  # whether that is a daemon
    imported: bool = False  # whether it has imported the program's file, and does not run it
    silent: bool = False  # whether it is a fork server, or was started by a handler of one
    late: bool = False  # whether it was forked from one whose code had ended
    served: bool = False  # whether it, or one that it was forked from, has started a fork server
    processes_over: bool = False  # whether the exit function of multiprocessing has run
    pooled: bool = False  # whether it has imported the pools of threads
    futures: bool = False  # whether concurrent.futures has been imported
    pools_over: bool = False  # whether their exit function has run
    executors_over: bool = False  # whether that of pools of processes has
    unread: bool = False  # whether it has put into a queue what nobody takes
    shared: tuple[Shared, ...] = ()  # what it has made that others can find, and nobody has removed

    def thread(self, id: int) -> ThreadState | None:
        """A thread that has not ended."""
        for one in self.threads:
            if one.id == id:
                return one
        return None

    @property
    def prints(self) -> bool:
        """Whether a thread may be writing a traceback, and nobody waits for that."""
        return any(one.left_by not in ("", "SystemExit") for one in self.threads)

    @property
    def finalizing(self) -> bool:
        """Whether the main thread's code has ended, or had in the one it was forked from."""
        if self.late:
            return True
        main = self.thread(self.main)
        return main is not None and isinstance(main.frames[0], Finalization)

    @property
    def list_closed(self) -> bool:
        """Whether threading's own list takes nothing any more."""
        return self.finalizing or self.threading_over or self.ends_at("threading")

    @property
    def threading_over(self) -> bool:
        """Whether the functions in that list are not to be called any more."""
        main = self.thread(self.main)
        bottom = main.frames[0] if main else None
        if isinstance(bottom, Finalization):
            return bottom.stage not in ("code ended", "threading")
        return self.ends_at("streams", "handlers", "over")

    def ends_at(self, *stages: str) -> bool:
        """Whether it is a process of multiprocessing that is at a stage of its end."""
        for thread in self.threads:
            for frame in thread.frames:
                if isinstance(frame, ProcessEnd) and frame.stage in stages:
                    return True
        return False

    @property
    def runs_handlers(self) -> bool:
        """Whether handlers are being run."""
        return any(
            isinstance(frame, AtexitRun) for thread in self.threads for frame in thread.frames
        )

    @property
    def main_code_ended(self) -> bool:
        """Whether those may go on that wait for that."""
        main = self.thread(self.main)
        if main is None:
            return True
        bottom = main.frames[0]
        return isinstance(bottom, Finalization) and bottom.stage not in ("code ended", "threading")


class OutsideEvent(Frozen):
    """Something that comes from outside.

    at rest      when nothing happens any more
    in a handler when a handler lingers
    later        so much time of handlers later
    at any time  at whichever moment
    orphaned     at whichever moment since the first process has ended, if it does
    """

    signal: str = ""
    to: tuple[Path, ...] = ((),)
    request: tuple[Statement, ...] = ()  # what code does that is reached by a request
    in_main: bool = False  # in the main thread
    touch: bool = False  # the program's file changes on disk
    when: Literal["at rest", "in a handler", "later", "at any time", "orphaned"] = "at rest"
    after: int = 0  # milliseconds, for "later": of the time that handlers take


class NoSuchProcess(LookupError):
    """A process is waited for, or signalled, that a header speaks of and nobody started."""


class Configuration(Frozen):
    """All processes, what has come out of their common stdout, and what is to come."""

    processes: tuple[ProcessState, ...]
    stdout: tuple[str, ...] = ()
    events: tuple[OutsideEvent, ...] = ()

    def process(self, path: Path) -> ProcessState:
        """The process at a path. Raises NoSuchProcess."""
        for one in self.processes:
            if one.path == path:
                return one
        raise NoSuchProcess(path)
