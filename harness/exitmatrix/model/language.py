"""The small language in which a program can be described: a tree of typed statements.

A program is a body and the functions that clean up, each promised to be called by
one mechanism or another. Any statement may stand anywhere: in the main thread, in
another thread, in a function, after a fork. Each stands for one line of Python, which its docstring
names; `declare/source.py` writes that line and `judge/semantics` executes it.

A function first says that it began. It says that it ended when its body did,
and that it raised when an exception left its body.
"""

from __future__ import annotations

from typing import Literal

from exitmatrix.model.base import Frozen

ThreadEnd = Literal["joined", "after main", "joins main", "never"]
PoolEnd = Literal["with", "shutdown", "left open", "at exit"]
ProcessPoolEnd = Literal["with", "left open"]
StartMethod = Literal["fork", "spawn", "forkserver"]
Shared = Literal[
    "semaphore",
    "shared memory",
    "System V shared memory",
    "System V semaphore",
    "System V queue",
    "untracked semaphore",
    "untracked shared memory",
]
LibcCall = Literal["exit", "_exit", "quick_exit"]
Resource = Literal["memory", "file size", "recursion", "stack", "input"]


class Nothing(Frozen, tag="nothing"):
    """`pass`."""


# ------------------------------------------------------------- the list of handlers


class Register(Frozen, tag="register"):
    """`atexit.register(function, *arguments)`."""

    function: str
    arguments: str = ""  # as they stand between the parentheses: "'first', tidy=None"


class Unregister(Frozen, tag="unregister"):
    """`atexit.unregister(function)`; Python 2.7 has no such function: AttributeError."""

    function: str


class UnregisterNamesake(Frozen, tag="unregister namesake"):
    """`atexit.unregister` of another function that bears the same name."""

    function: str


class Clear(Frozen, tag="clear"):
    """`atexit._clear()`; Python 2.7 has no such function: AttributeError."""


class RunHandlers(Frozen, tag="run handlers"):
    """`atexit._run_exitfuncs()`."""


class SetExitFunction(Frozen, tag="exitfunc"):
    """`sys.exitfunc = function`; an attribute of no meaning in Python 3."""

    function: str


class ImportAtexit(Frozen, tag="import atexit"):
    """`import atexit`; a program without this statement has imported it at its start."""


class Import(Frozen, tag="import"):
    """The import of a library that registers handlers of its own."""

    library: str  # logging, apscheduler, debugger


# ------------------------------------------------------------------------ libraries


class Use(Frozen, tag="use"):
    """The program is one that a library is at work in, from here on: see model/library.py."""

    library: str


class Save(Frozen, tag="save"):
    """Data in flight of one kind is written, or what has to be removed is removed."""

    data: str


class Busy(Frozen, tag="busy"):
    """A call into a library that comes back after so many milliseconds."""

    milliseconds: int


class ReplaceExit(Frozen, tag="replace os._exit"):
    """`os._exit` becomes a function that calls this one first."""

    function: str


# --------------------------------------------------------------------- exceptions


class Raise(Frozen, tag="raise"):
    """`raise exception(message)`."""

    exception: str = "RuntimeError"  # a built-in one
    message: str = ""


class SysExit(Frozen, tag="sys.exit"):
    """`sys.exit(argument)`."""

    argument: int | str | None = None


class TryFinally(Frozen, tag="try"):
    """`try:` and `body`, `finally:` and `function()`."""

    body: tuple[Statement, ...]
    function: str


class Catch(Frozen, tag="catch"):
    """`try:` and `body`, and for exceptions by name `except NAME: sys.exit(status)`.

    The name "" stands for every other one.
    """

    body: tuple[Statement, ...]
    exits: tuple[tuple[str, int], ...]


# -------------------------------------------------------- other promises of a clean end


class Finalize(Frozen, tag="finalize"):
    """`weakref.finalize(KEPT, function)`, of an object that lives as long as the process."""

    function: str


class RegisterThreading(Frozen, tag="threading atexit"):
    """`threading._register_atexit(function)`."""

    function: str


class Keep(Frozen, tag="keep"):
    """A global that calls a function when it is released.

    That is an object with `__del__`, or a generator that is suspended in a `try` statement.
    """

    function: str


class Hook(Frozen, tag="hook"):
    """`sys.excepthook = function`, or `threading.excepthook`."""

    name: Literal["sys.excepthook", "threading.excepthook"]
    function: str


# ------------------------------------------------------------------- sudden ends


class OsExit(Frozen, tag="os._exit"):
    """`os._exit(status)`."""

    status: int


class LibcExit(Frozen, tag="libc"):
    """`ctypes.CDLL(None).exit(status)`, or another function of the C library."""

    call: LibcCall
    status: int


class Abort(Frozen, tag="abort"):
    """`os.abort()`."""


class Segfault(Frozen, tag="segfault"):
    """A read of memory that the process does not have."""


class FatalError(Frozen, tag="fatal error"):
    """`ctypes.pythonapi.Py_FatalError(message)`; CPython only."""


class PyExit(Frozen, tag="Py_Exit"):
    """`ctypes.pythonapi.Py_Exit(status)`; CPython only."""

    status: int


class Exec(Frozen, tag="exec"):
    """`os.execv` of a program that writes nothing and ends with a status."""

    status: int = 0


# ------------------------------------------------------------------------ signals


class Signal(Frozen, tag="signal"):
    """`os.kill(os.getpid(), signal)`."""

    signal: str  # SIGTERM


class Handle(Frozen, tag="handle"):
    """`signal.signal(signal, function)`; ValueError outside of the main thread."""

    signal: str
    function: str


class Ignore(Frozen, tag="ignore"):
    """`signal.signal(signal, signal.SIG_IGN)`; ValueError outside of the main thread."""

    signal: str


class Default(Frozen, tag="default"):
    """`signal.signal(signal, signal.SIG_DFL)`; ValueError outside of the main thread."""

    signal: str


class Call(Frozen, tag="call"):
    """`function()`: what a signal's handler does that passes the signal on."""

    function: str


class RegisterFaulthandler(Frozen, tag="faulthandler"):
    """`faulthandler.register(signal, chain=chain)`: a handler in C, which writes a traceback."""

    signal: str
    chain: bool


# ----------------------------------------------------------------------- event loops


class RunLoop(Frozen, kw_only=True, tag="asyncio.run"):
    """`asyncio.run(main())`, in the main thread; `body` is what the main task does.

    Each name is a function that is called by the `finally` clause of something that is
    under way beside: of another task, which awaits something first; of an asynchronous
    generator that is suspended; of a function in the loop's pool of threads, which goes on
    when the main task is over.
    """

    body: tuple[Statement, ...]
    tasks: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()
    in_turn: bool = False  # whether the program sees to it that those of a kind are called in order


class HandleInLoop(Frozen, tag="handle in loop"):
    """`loop.add_signal_handler(signal, function)`."""

    signal: str
    function: str


class Pause(Frozen, tag="pause"):
    """`await asyncio.sleep(0.02)` in the main task of a loop; `pass` anywhere else."""


class TakeWakeup(Frozen, tag="wakeup"):
    """`signal.set_wakeup_fd(fd)`, of a descriptor that is not the loop's."""


class Wake(Frozen, tag="wake"):
    """`event.set()`, of what the main task waits for."""


class Interrupt(Frozen, tag="interrupt"):
    """`_thread.interrupt_main()`, which is PyErr_SetInterrupt: as if SIGINT had come."""


class Exhaust(Frozen, tag="exhaust"):
    """A demand for more than there is of a resource.

    memory     more than the address space may hold (RLIMIT_AS)
    file size  a write beyond what a file may hold (RLIMIT_FSIZE)
    recursion  one call more than sys.getrecursionlimit() allows
    stack      calls through C code without end, with that limit out of the way
    input      `input()` where nothing comes any more
    """

    resource: Resource


# ------------------------------------------------------------------------ buffers


class Write(Frozen, tag="write"):
    """`sys.stdout.write(text)`, to a pipe or file, not flushed; `text` has no newline."""

    text: str


class Flush(Frozen, tag="flush"):
    """`sys.stdout.flush()`."""


class CloseStdout(Frozen, tag="close stdout"):
    """Descriptor 1 becomes the end of a pipe that nobody reads; `sys.stdout` stays open."""


class FillStdout(Frozen, tag="fill stdout"):
    """Descriptor 1 becomes the end of a pipe that is full and that nobody empties."""


class HoldStdout(Frozen, tag="hold stdout"):
    """A daemon thread is stuck in a write to stdout from here on, and holds its buffer's lock."""


class Say(Frozen, tag="say"):
    """A line on stderr."""

    text: str


# ---------------------------------------------------------- threads and processes


class StartThread(Frozen, tag="thread"):
    """A thread that executes `body`.

    joined      `Thread.start` and `Thread.join` at once
    after main  no daemon; it waits until the main thread's code has ended, then executes `body`
    joins main  the same: it joins the main thread
    never       a daemon, for which the starter waits until `body` has been executed; an exception
                or SystemExit in it ends it, otherwise it then sleeps for ever
    """

    body: tuple[Statement, ...] = ()
    ends: ThreadEnd = "joined"

    @property
    def outlives_main(self) -> bool:
        """Whether it executes `body` when the main thread's code has ended."""
        return self.ends in ("after main", "joins main")


class Submit(Frozen, tag="submit"):
    """`pool.submit(function).result()`, of a pool of threads that has been used before."""

    function: str


class UsePool(Frozen, tag="pool"):
    """`pool = ThreadPoolExecutor(1)` and `future = pool.submit(task)`; the task executes `body`.

    with       `future.result()` in the `with` statement of the pool
    shutdown   `pool.shutdown()`: nobody asks what became of the task
    left open  `future.result()`; the pool stays as it is
    at exit    neither: the task waits until Python's own exit function for pools runs, and then
               executes `body`
    """

    body: tuple[Statement, ...] = ()
    ends: PoolEnd = "with"


class JoinDaemon(Frozen, tag="join daemon"):
    """`thread.join(0.5)`, of a daemon that was asked to end; `function()` if it is alive then."""

    function: str


class Fork(Frozen, tag="fork"):
    """`os.fork()`. The parent waits for the child's end (`os.waitpid`), then goes on.

    The child executes `body` and then goes on with what follows the fork, as its parent does.
    """

    body: tuple[Statement, ...] = ()


class StartChild(Frozen, tag="child"):
    """`subprocess.Popen` of the same program, to which `body` then happens, and `wait`."""

    body: tuple[Statement, ...]


class StartProcess(Frozen, tag="process"):
    """`Process(target=function, daemon=daemon)` of multiprocessing, and `start()`.

    The function executes `body`.
    """

    body: tuple[Statement, ...]
    method: StartMethod = "fork"
    daemon: bool = False


class JoinProcess(Frozen, tag="join process"):
    """`join()` of the process that was started last."""


class AwaitProcess(Frozen, tag="await process"):
    """The process that was started last is waited for until it is at AwaitJoin, or has ended."""


class AwaitJoin(Frozen, tag="await join"):
    """A process of multiprocessing waits until its starter joins it, or is gone."""


class SubmitTask(Frozen, tag="submit task"):
    """`with ProcessPoolExecutor(workers) as pool: pool.submit(function).result()`.

    The function executes `body` in a worker; the others have executed a task before that does
    nothing. Each has an initializer, which executes `begin`. A pool that is left open has no `with`
    statement: it stays as it is.
    """

    body: tuple[Statement, ...]
    method: StartMethod = "fork"
    workers: int = 1
    begin: tuple[Statement, ...] = ()
    ends: ProcessPoolEnd = "with"


class ApplyTask(Frozen, tag="apply task"):
    """`with Pool(workers) as pool: pool.apply(function)`, of multiprocessing; else the same."""

    body: tuple[Statement, ...]
    method: StartMethod = "fork"
    workers: int = 1
    begin: tuple[Statement, ...] = ()
    ends: ProcessPoolEnd = "with"


class AwaitTask(Frozen, tag="await task"):
    """What a worker of `multiprocessing.Pool` does that has nothing to do; it is a daemon."""


class ServeManager(Frozen, tag="serve manager"):
    """What the process of a multiprocessing.Manager does, which is no daemon."""


class PutUnread(Frozen, tag="put unread"):
    """`Queue().put` of multiprocessing, of more than a pipe holds; nobody takes it."""


class TerminateProcess(Frozen, tag="terminate process"):
    """`terminate()` of the process that was started last: SIGTERM."""


class Share(Frozen, tag="share"):
    """A lock of multiprocessing, a `SharedMemory`, or shmget(2): others find it, and it may stay.

    The lock is one for spawned processes, which has a name. Untracked ones are made by sem_open(3)
    and shm_open(3).
    """

    kind: Shared


class Unshare(Frozen, tag="unshare"):
    """`SharedMemory.unlink`, shmctl(2) with IPC_RMID, sem_unlink(3) or shm_unlink(3)."""

    kind: Shared


class StartInterpreter(Frozen, tag="interpreter"):
    """A second interpreter in this process, which registers functions as handlers."""

    functions: tuple[str, ...]


class EndInterpreter(Frozen, tag="end interpreter"):
    """The end of that interpreter."""


class ReplaceHooks(Frozen, tag="hooks"):
    """sys.excepthook and sys.unraisablehook become functions that write what they are told."""


class Rest(Frozen, tag="rest"):
    """The main thread waits, for ever, for what comes from outside; another one for nothing."""

    awaits: bool = False  # in an event loop, which goes on meanwhile


class EndHere(Frozen, tag="end here"):
    """`endings.end_here()`: what a scenario is ended by takes place here.

    `await endings.end_awaiting(loop)` waits for it as a coroutine does.
    """

    awaits: bool = False


class Serve(Frozen, tag="serve"):
    """A server's loop in the main thread; each request has a thread of its own, or has not."""

    threads: bool = True


class Supervise(Frozen, tag="supervise"):
    """The program waits for a child process that executes the same program."""

    how: Literal["reloader", "wait"]


Statement = (
    Nothing
    | Register
    | Unregister
    | UnregisterNamesake
    | Clear
    | RunHandlers
    | SetExitFunction
    | Raise
    | SysExit
    | TryFinally
    | Catch
    | Finalize
    | RegisterThreading
    | Keep
    | Hook
    | OsExit
    | LibcExit
    | Abort
    | Segfault
    | FatalError
    | PyExit
    | Exec
    | Signal
    | Interrupt
    | Exhaust
    | Handle
    | Ignore
    | Default
    | Call
    | RegisterFaulthandler
    | RunLoop
    | HandleInLoop
    | TakeWakeup
    | Pause
    | Wake
    | Write
    | Flush
    | CloseStdout
    | FillStdout
    | HoldStdout
    | Say
    | StartThread
    | Submit
    | UsePool
    | JoinDaemon
    | Fork
    | ImportAtexit
    | Import
    | Use
    | Save
    | Busy
    | ReplaceExit
    | StartChild
    | StartProcess
    | JoinProcess
    | AwaitProcess
    | AwaitJoin
    | SubmitTask
    | ApplyTask
    | AwaitTask
    | ServeManager
    | PutUnread
    | TerminateProcess
    | Share
    | Unshare
    | StartInterpreter
    | EndInterpreter
    | ReplaceHooks
    | Rest
    | EndHere
    | Serve
    | Supervise
)


class Function(Frozen):
    """`def name(...)`: what atexit, a signal or the end of a `try` statement calls."""

    name: str
    body: tuple[Statement, ...] = ()


class Code(Frozen, kw_only=True):
    """A whole program: the main thread's code, and the functions that it names.

    A function that is not among `functions` has an empty body.
    """

    body: tuple[Statement, ...]
    functions: tuple[Function, ...] = ()
    start: str = ""  # how Python was given the program, where that is not as a file
    length: int = 0  # of each handler, in milliseconds; 0: no time to speak of
    printed: bool = False  # whether what is written to stderr is told
    library: tuple[str, ...] = ()  # functions that belong to libraries

    def function(self, name: str) -> tuple[Statement, ...]:
        """The body of a function; empty for one that does nothing."""
        return next((one.body for one in self.functions if one.name == name), ())
