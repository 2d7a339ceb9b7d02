"""What a law is: a question, a condition, an effect, a reason and a source. Pure.

Laws exclude each other: of those about a question at most one holds, whatever
their order. Where none holds, nothing is predicted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from exitmatrix.judge.profile import Profile
from exitmatrix.model import Frozen
from exitmatrix.model.language import Nothing, Statement

Question = Literal[
    "statement",  # what a statement does, besides what its definition says
    "signal",  # what a process does with a signal that it gets
    "noticing",  # when the main thread handles a signal that another thread has sent
    "main exception",  # what an exception does that leaves the main thread's code
    "thread exception",  # what one does that leaves another thread's code
    "late exception",  # what one does that is raised while the end waits for threads
    "code ended",  # what happens to stdout when the code has ended
    "thread",  # whether the end waits for a thread
    "handlers",  # how the list of handlers is gone through
    "handler exception",  # what an exception does that leaves a handler
    "run over",  # what a run of the handlers ends with that the program asked for
    "end of handlers",  # what the last run of the handlers does to the exit of the process
    "streams",  # what becomes of stdout at the very end
    "forked thread",  # how a child ends that was forked by another thread than the main one
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


class Calls(Frozen):
    """The function that the program has set is called, in the main thread."""


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


Effect = (
    Proceeds | Dies | Leaves | Raises | Calls | Later | Finalizes | Writes | Walks | Waits | Exits
)


# ---------------------------------------------------------------------------- laws


class Facts(Frozen, kw_only=True):
    """All that a law may know."""

    profile: Profile
    statement: Statement = Nothing()
    in_main: bool = True  # whether the main thread executes it
    finalizing: bool = False  # whether the main thread's code has ended
    signal: str = ""
    disposition: str = "default"  # ignored, interrupt, or a function: ":stop"
    exception: str = ""
    status: int = 0  # that a SystemExit carries
    reader: bool = True  # whether anybody reads stdout
    buffered: bool = False  # whether anything is buffered for it
    daemon: bool = False
    rootless: bool = False  # whether another thread than the main one forked this process


class Law(Frozen, kw_only=True):
    """One law."""

    id: str
    about: Question
    when: Callable[[Facts], bool]
    then: Callable[[Facts], Effect | tuple[Effect, ...]]  # several: a race, any may happen
    because: str
    source: str
    race: str = ""  # between which two events, where there are several effects


def always(_: Facts) -> bool:
    """Whatever the facts."""
    return True


def does(*kinds: type) -> Callable[[Facts], bool]:
    """Whether the statement is of one of these kinds."""
    return lambda facts: isinstance(facts.statement, kinds)


def low_byte(status: int) -> int:
    """What the kernel keeps of an exit status."""
    return status & 0xFF
