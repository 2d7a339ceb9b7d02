"""How a command is started, and what becomes of signals and statuses on their way through that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from exitmatrix.model.base import Frozen

Passes = Literal[
    "to nobody",
    "to its child",
    "to its child's group",
    "to its own group",
    "to the program's group",
]
"""The program's group is that of the last launcher, where there are several."""

Then = Literal[
    "goes on",
    "dies",
    "dies when its child has ended",
    "ends when its child has ended",
    "starts it again",
]
ExitStatus = Literal["128 and more", "the number", "the same end", "success", "failure", "nothing"]
"""With what a launcher ends when the program has.

128 and more  the program's status; 128 and the number of the signal that killed it
the number    the program's status; the number of the signal that killed it
the same end  the program's status; the same signal kills it
success       0, whatever the program's status
failure       0, or another status of its own where the program's is not 0
nothing       it goes on
"""


class OnSignal(Frozen, kw_only=True):
    """What a launcher that stays does with a signal that it is sent."""

    passes: Passes = "to nobody"
    sends: str = ""  # another signal, in the place of the one that it is sent
    then: Then = "goes on"
    status: int = 0  # of then="ends when its child has ended"
    source: str


DIES = OnSignal(then="dies", source="signal(7), standard signals: the default action")


class Stays(Frozen, kw_only=True):
    """A launcher that is a process above the program, and waits for it."""

    name: str  # of its program, as the tree shows it
    on: Mapping[str, OnSignal] = {}  # by signal; any other has its default action
    exit_status: ExitStatus
    failure: int = 0  # its status, of exit_status="failure"
    restarts: bool = False  # it starts a program again that has failed
    waits_for_output: bool = False  # it waits until the program's output is closed by all
    signals_group: str = (
        ""  # what others of the program's group are sent when the program has ended
    )
    apart: bool = False  # the program is in a process group of its own
    source: str


class Launches(Frozen, kw_only=True):
    """What is known of a launcher."""

    stays: tuple[Stays, ...] = ()  # from the first down; none: it becomes the program, by exec
    ignored: tuple[str, ...] = ()  # signals that the program ignores from its start
    embeds: bool = False  # Python is within it: KeyboardInterrupt is an exception like any other
    source: str


class Wrapped(Frozen, kw_only=True):
    """A command as a launcher starts it."""

    launcher: Launcher
    words: tuple[str, ...]
    script: str = ""


class Launcher(Frozen, kw_only=True):
    """How a command is started: as the words of another command."""

    id: str
    does: str  # one sentence
    words: tuple[str, ...]  # COMMAND stands for the command's words, LINE for its shell line
    script: str = ""  # a shell script that the launcher runs, at SCRIPT; with LINE in it
    terminal: bool = False  # it runs in a terminal of its own
    wakes: float = 0.0  # seconds that it may take to see what became of the program
    namespace: bool = False  # its child is the first process of a PID namespace
    starter: str = ""  # its name, where it is a Python program itself
    doubled: str = ""  # a character that stands for itself only when it is doubled in LINE
    refuses: tuple[str, ...] = ()  # texts that LINE may not hold: a comment begins there
    builds: bool = False  # it starts what its tool has made of a scenario's program before
    requires: str = ""  # releases of CPython; "": whatever runs the program
    facts: Launches | None = None  # None: nothing is known of it yet, and nothing foreseen
    package: str = ""  # of Debian, or of Python's index, that has its program
