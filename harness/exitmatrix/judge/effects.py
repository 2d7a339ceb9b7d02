"""What rules say: the effects that an act, an exception or an end can have. Frozen data."""

from __future__ import annotations

from typing import Literal

from exitmatrix.model import DataState, Frozen


class Dies(Frozen):
    """The kernel ends the process by a signal; nothing in Python runs any more."""

    signal: str
    flushed: bool = False  # something wrote out what Python had buffered first


class Leaves(Frozen):
    """The process ends with a status, past Python's finalization."""

    status: int
    flushed: bool = False


class Raises(Frozen):
    """An exception is raised at this place."""

    exception: str
    status: int = 0  # that SystemExit carries


class Passes(Frozen):
    """The exception goes on to another place."""

    place: str


class Calls(Frozen):
    """The program's own handler of the signal is called, in the main thread."""


class Prints(Frozen):
    """What is written to stderr, without the frames of tracebacks."""

    lines: tuple[str, ...]


class Ends(Frozen):
    """The interpreter is finalized, and the process then ends with this status or signal."""

    status: int = 0
    signal: str = ""


class GoesOn(Frozen):
    """Nothing ends; `answer` is what a client sees of it."""

    answer: str = ""


class LosesStdout(Frozen):
    """Nobody reads what the process writes any more; it goes on."""


class Next(Frozen):
    """The next handler runs."""

    raised: bool = False  # this one ended by an exception
    status: int | None = None  # that replaces the one with which the process was to end


class HandlerOrder(Frozen):
    """The handlers in the order in which they run."""

    handlers: tuple[str, ...]


class Registered(Frozen):
    """The handlers that are registered from now on, oldest first."""

    handlers: tuple[str, ...]


class Writes(Frozen):
    """Whether buffers are written out now; `status` of a process that could not."""

    written: bool
    failed: int = 0


class Waits(Frozen):
    """Whether the main thread waits for another before handlers run."""

    waits: bool


class Imports(Frozen):
    """Handlers that libraries register: before the program's own, and after them."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Helps(Frozen):
    """Helper processes that the program starts; `leaves` is what is left when they are killed."""

    helpers: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


class Keeps(Frozen):
    """What becomes of data in flight."""

    state: DataState


class Restarts(Frozen):
    """The supervisor starts another child."""


Meeting = Literal["handler", "call", "atexit", "nobody"]
"""What a second signal meets in a process:

    handler     a handler that runs
    call        the call of one, before its first line
    atexit      the code that runs handlers
    nobody      a place where nobody catches what it raises
"""


class Child(Frozen):
    """What becomes of the child: it goes on, ends by itself, or is killed."""

    fate: str  # "goes on", "ends", "killed", "killed on its way"
    meets: tuple[tuple[str, Meeting], ...] = ()  # what a second signal met, by role


Effect = (
    Dies
    | Leaves
    | Raises
    | Passes
    | Calls
    | Prints
    | Ends
    | GoesOn
    | LosesStdout
    | Next
    | HandlerOrder
    | Registered
    | Writes
    | Waits
    | Imports
    | Helps
    | Keeps
    | Restarts
    | Child
)
