"""The small language in which a program can be described: a tree of typed statements.

A program is a body and the functions that it registers as handlers. Any
statement may stand anywhere: in the main thread, in another thread, in a
function, after a fork. Each stands for one line of Python, which its docstring
names; `declare/source.py` writes that line and `judge/semantics` executes it.

A function first says that it began. It says that it ended when its body did,
and that it raised when an exception left its body.
"""

from __future__ import annotations

from typing import Literal

from exitmatrix.model.base import Frozen

ExceptionName = Literal["RuntimeError", "ValueError", "KeyboardInterrupt"]
ThreadEnd = Literal["joined", "after main", "never"]
LibcCall = Literal["exit", "_exit", "quick_exit"]


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


# --------------------------------------------------------------------- exceptions


class Raise(Frozen, tag="raise"):
    """`raise exception(message)`."""

    exception: ExceptionName = "RuntimeError"
    message: str = ""


class SysExit(Frozen, tag="sys.exit"):
    """`sys.exit(argument)`."""

    argument: int | str | None = None


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


# ------------------------------------------------------------------------ buffers


class Write(Frozen, tag="write"):
    """`sys.stdout.write(text)`, to a pipe or file, not flushed; `text` has no newline."""

    text: str


class Flush(Frozen, tag="flush"):
    """`sys.stdout.flush()`."""


class CloseStdout(Frozen, tag="close stdout"):
    """Descriptor 1 becomes the end of a pipe that nobody reads; `sys.stdout` stays open."""


class Say(Frozen, tag="say"):
    """A line on stderr."""

    text: str


# ---------------------------------------------------------- threads and processes


class StartThread(Frozen, tag="thread"):
    """A thread that executes `body`.

    joined      `Thread.start` and `Thread.join` at once
    after main  no daemon; it waits until the main thread's code has ended, then executes `body`
    never       a daemon, for which the starter waits until `body` has been executed; an exception
                or SystemExit in it ends it, otherwise it then sleeps for ever
    """

    body: tuple[Statement, ...] = ()
    ends: ThreadEnd = "joined"


class Fork(Frozen, tag="fork"):
    """`os.fork()`. The parent waits for the child's end (`os.waitpid`), then goes on.

    The child executes `body` and then goes on with what follows the fork, as its parent does.
    """

    body: tuple[Statement, ...] = ()


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
    | OsExit
    | LibcExit
    | Abort
    | Segfault
    | FatalError
    | Exec
    | Signal
    | Handle
    | Ignore
    | Default
    | Write
    | Flush
    | CloseStdout
    | Say
    | StartThread
    | Fork
)


class Function(Frozen):
    """`def name(...)`: what is registered with atexit, or handles a signal."""

    name: str
    body: tuple[Statement, ...] = ()


class Code(Frozen, kw_only=True):
    """A whole program: the main thread's code, and the functions that it names.

    A function that is not among `functions` has an empty body.
    """

    body: tuple[Statement, ...]
    functions: tuple[Function, ...] = ()

    def function(self, name: str) -> tuple[Statement, ...]:
        """The body of a function; empty for one that does nothing."""
        return next((one.body for one in self.functions if one.name == name), ())
