"""What a law is: a question, a condition, an effect, a reason and a source. Pure.

Laws exclude each other: of those about a question at most one holds, whatever
their order. Where none holds, nothing is predicted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from exitmatrix.judge.profile import Profile
from exitmatrix.model import DataState, Frozen
from exitmatrix.model.language import Nothing, Statement

POOL = "concurrent.futures.thread._python_exit"
"""The exit function of pools of threads, where it is a handler."""

PROCESS_POOL = "concurrent.futures.process._python_exit"
"""The same of pools of processes."""

Topic = Literal[
    "statement",  # what a statement does, besides what its definition says
    "signal",  # what a process does with a signal that it gets
    "interrupt",  # what a simulated SIGINT does
    "noticing",  # when the main thread handles a signal that it does not have to see at once
    "main exception",  # what an exception does that leaves the main thread's code
    "thread exception",  # what one does that leaves another thread's code
    "late traceback",  # what the end makes of a thread that may be writing one
    "late exception",  # what one does that is raised while the end waits for threads
    "code ended",  # what happens to stdout when the code has ended
    "loading",  # whether a library can be loaded where a fork came upon a thread that ended
    "thread",  # whether the end waits for a thread
    "handlers",  # how the list of handlers is gone through
    "handler exception",  # what an exception does that leaves a handler
    "run over",  # what a run of the handlers ends with that the program asked for
    "end of handlers",  # what the last run of the handlers does to the exit of the process
    "streams",  # what becomes of stdout at the very end
    "finally",  # whether the end of a try statement's body runs its finally clause
    "except",  # whether an exception comes to the except clauses of a try statement
    "finalizer exception",  # what one does that leaves a function of weakref.finalize
    "release exception",  # what one does that leaves what was called when a global was released
    "globals",  # whether globals are released at the end
    "hook",  # whether an exception calls the function that is to be told of it
    "worker told",  # what a worker makes of what tells it that no task comes any more
    "shared signal",  # who takes a signal that also ends a worker, which another thread replaces
    "worker gone",  # what the starter of a pool sees of a worker that ended at a task
    "task exception",  # what an exception does that leaves a task of a pool
    "pool task",  # what an exception does that leaves a task in a pool of threads
    "pools",  # whether the exit function of such pools waits for their workers
    "process pools",  # the same of pools of processes that were left open
    "fork server",  # whether it imports the program's file, or each of its children does
    "queue",  # whether the exit function of multiprocessing waits for one that is not read
    "daemonic process",  # what the end of its starter does to it
    "shared",  # whether something can be made that others find
    "left",  # what becomes of it that nobody has removed
    "end of process",  # how a process of multiprocessing ends when its function has
    "hook exception",  # what one does that leaves such a function
    "forked thread",  # how a child ends that was forked by another thread than the main one
    "import",  # what a library registers
    "helpers",  # what processes libraries start
    "orphans",  # whether these live on when the program is gone
    "end of interpreter",  # what the end of a second interpreter does
    "stderr",  # what an exception writes to stderr
    "loop exception",  # what one does that is raised while all tasks of an event loop wait
    "loop result",  # what becomes of what a main task returns that is cancelled
    "loop clean-up",  # what becomes of what is under way beside its main task, or raised in it
    "data",  # what becomes of data in flight
    "request exception",  # what one does that leaves the code of a request
    "server exception",  # what one does that is raised in the loop of a server
    "supervisor exception",  # what one does that is raised while a child is waited for
    "child ended",  # what a supervisor does when its child has ended
    "change",  # what a reloader does when the program's file has changed
    "second signal",  # what a signal meets that comes while a handler runs
    "orphan",  # what becomes of a child whose parent is gone at once
    "grace",  # when somebody sends a second signal
]


# ------------------------------------------------------------------------- effects


class Proceeds(Frozen):
    """Nothing stands in the way: the statement does what its definition says."""


class Dies(Frozen):
    """The kernel ends the process by a signal; nothing in Python runs any more."""

    signal: str
    flushed: bool = False  # what was buffered was written out first


class Leaves(Frozen):
    """The process ends with a status, past Python's finalization."""

    status: int
    flushed: bool = False


class Raises(Frozen):
    """An exception is raised here."""

    name: str  # SystemExit, KeyboardInterrupt, Exception
    status: int = 0  # that SystemExit carries
    flush: Literal["", "done", "failed"] = ""  # of stdout, before it is raised


class Calls(Frozen):
    """The function that the program has set for this is called."""


class Blocks(Frozen):
    """The thread waits, for ever, for what comes from outside."""


class Unnoticed(Frozen):
    """Nothing, until something asks for signals of its own accord."""


class Later(Frozen):
    """Not now; the thread goes on."""


class Finalizes(Frozen):
    """The interpreter comes to its end, and the process then exits so."""

    status: int = 0
    signal: str = ""


class Writes(Frozen):
    """Whether buffers are written out now."""

    written: bool
    failed: int = 0  # the exit status of a process that could not; 0: as if it could


class Walks(Frozen):
    """How the list of handlers is gone through, as in `Profile.handler_list`."""

    how: str


class Waits(Frozen):
    """Whether it is waited for."""

    waits: bool


class Exits(Frozen):
    """The exit of the process is another; None: the one it had."""

    status: int | None = None


class Brings(Frozen):
    """The handlers that a library registers, oldest first, where it was not there already."""

    handlers: tuple[str, ...]


class Helps(Frozen):
    """Helper processes of the program; `leaves` is what is left when they are killed."""

    helpers: tuple[str, ...]
    leaves: tuple[str, ...]


class HelpersStay(Frozen):
    """Whether helper processes are there when the program is gone."""

    stays: bool


class Prints(Frozen):
    """What is written to stderr, without the frames of tracebacks."""

    lines: tuple[str, ...]
    alone: bool = False  # what was written before is lost


class Keeps(Frozen):
    """What becomes of data in flight."""

    state: DataState


class Answers(Frozen):
    """The client gets this answer, and the server goes on."""

    answer: str


class PassesOn(Frozen):
    """The exception goes on to what is below."""


class Swallows(Frozen):
    """The exception is caught, and what it left is over."""


class Restarts(Frozen):
    """The supervisor starts another child."""


class Kills(Frozen):
    """The child is killed; then the exception passes, or is swallowed."""

    swallows: bool


Effect = (
    Proceeds
    | Dies
    | Leaves
    | Raises
    | Calls
    | Blocks
    | Later
    | Unnoticed
    | Finalizes
    | Writes
    | Walks
    | Waits
    | Exits
    | Brings
    | Helps
    | HelpersStay
    | Prints
    | Keeps
    | Answers
    | PassesOn
    | Swallows
    | Restarts
    | Kills
)


# ---------------------------------------------------------------------------- laws


class Facts(Frozen, kw_only=True):
    """All that a law may know."""

    profile: Profile
    statement: Statement = Nothing()
    in_main: bool = True  # whether the main thread executes it, or the request
    finalizing: bool = False  # whether the main thread's code has ended
    list_closed: bool = False  # whether threading's own list takes nothing any more
    running: bool = False  # whether handlers are being run
    of_pool: bool = False  # whether a worker is one of multiprocessing's Pool
    shuts_down: bool = False  # whether an executor waits for its workers, told to end or not
    told_to_end: bool = False  # whether a worker was told that nothing comes any more
    child_rests: bool = False  # whether a supervised child waits for what comes from outside
    signal: str = ""
    disposition: str = "default"  # or another of state.Disposition, or a function: ":stop"
    passed_on: bool = False  # whether a handler in C takes the signal first, and passes it on
    nested: bool = False  # whether the handler of a signal is running
    in_call: bool = False  # whether that one was called while a call waited
    exception: str = ""
    status: int = 0  # that a SystemExit carries
    empty: bool = False  # whether that is for want of a number: None
    reader: bool = True  # whether anybody reads stdout
    sigpipe: str = "ignored"  # the disposition of SIGPIPE
    full: bool = False  # whether stdout is a pipe that is full, and that nobody empties
    stuck: bool = False  # whether a daemon thread is stuck in a write to it
    buffered: bool = False  # whether anything is buffered for it
    daemon: bool = False
    pool_over: bool = False  # whether the function has run that ends pools of threads
    executors_over: bool = False  # whether the one has run that ends pools of processes
    in_loop: bool = False  # whether an event loop runs in this thread
    loop_is_copy: bool = False  # whether that ran when the process was forked, and not since
    in_main_task: bool = False  # whether it is the main task of a loop that executes the statement
    pooled: bool = False  # whether those are imported
    hook: str = ""  # sys.excepthook, threading.excepthook
    start: str = ""  # how Python was given the program, where that is not as a file
    reported: str = ""  # the exception that a hook was told of
    held: str = ""  # what holds on to a function: thread, module, frame, or main module
    thread_ends: bool = False  # whether a thread comes to its end
    rootless: bool = False  # whether another thread than the main one forked this process
    library: str = ""  # what is imported
    shared: str = ""  # what others can find: semaphore, shared memory, those of System V
    method: str = ""  # by which multiprocessing starts a process
    daemonic: bool = False  # whether this process is a daemon of multiprocessing
    foreign: bool = False  # whether another process has started the one that is meant
    in_use: bool = False  # whether a process of the program is alive
    everyone: bool = False  # whether a signal goes to the whole process group
    left_over: bool = False  # whether a second interpreter is there when the main one ends
    handler: str = ""  # the one that raised
    text: str = ""  # the last line of the traceback
    hooked: bool = False  # whether the program has replaced the hooks that print
    again: bool = False  # once more: when all handlers have run, or a second time
    data: str = ""  # the nature of data in flight
    saved: bool = False  # whether something has brought it into safety
    clean: DataState = "kept"  # what a clean end makes of it
    streams_flushed: bool = False  # whether the C library wrote out its streams
    supervisor: str = ""  # reloader, wait
    requested: bool = False  # whether a request has come
    needs: int = 0  # milliseconds that the handlers take together
    grace: int = 0  # milliseconds after which somebody sends a signal


class Law(Frozen, kw_only=True):
    """One law."""

    id: str
    about: Topic
    when: Callable[[Facts], bool]
    then: Callable[[Facts], Effect | tuple[Effect, ...]]  # several: a race, any may happen
    because: str
    source: str
    race: str = ""  # between which two events, where several outcomes may come of it


def always(_: Facts) -> bool:
    """Whatever the facts."""
    return True


def does(*kinds: type) -> Callable[[Facts], bool]:
    """Whether the statement is of one of these kinds."""
    return lambda facts: isinstance(facts.statement, kinds)


def low_byte(status: int) -> int:
    """What the kernel keeps of an exit status."""
    return status & 0xFF
