"""What the rules see: a Python, its packages, a program, and what happens to it now.

Never the name of a scenario, of an interpreter or of a cell. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace

from exitmatrix.model import Act, DataState, Frozen, Program

Place = Literal["main", "thread", "view", "view in main", "server", "reloader", "supervisor"]
"""Where the code runs that an act happens to:

    main            the program's own code, in the main thread
    thread          any thread but the main one
    view            a request, in a thread of its own
    view in main    a request, in the thread that accepts them
    server          the main thread, in the server's loop
    reloader        the main thread of a serving child that watches its files
    supervisor      the main thread of a reloader's parent, which waits for its child
"""

Version = tuple[int, ...]


class Context(Frozen, kw_only=True):
    """What is the same throughout one prediction, and what is asked about now."""

    implementation: str
    version: Version  # of the language, with the patch release
    own_version: Version  # of the implementation, where that differs
    packages: tuple[tuple[str, Version], ...]
    program: Program
    place: Place = "main"
    act: Act = Act(verb="return")
    exception: str = ""  # what was raised: SystemExit, KeyboardInterrupt, Exception
    status: int = 0  # an exit status on its way
    request: bool = False  # whether one is being answered
    handled: bool = False  # whether the program has a handler for the signal
    handler: str = ""  # the one that raised
    hooked: bool = False  # whether the program has replaced the hooks that print
    again: bool = False  # whether all handlers have run by now
    signal: str = ""  # what a child died of
    handlers: tuple[str, ...] = ()  # registered and not yet run, oldest first
    child: str = ""  # what the supervised child does meanwhile: serves, ends
    flushes: str = ""  # when: "code ended", "finalized"
    library: str = ""  # what is imported
    data: str = ""  # the nature of data in flight
    clean: DataState = "kept"  # what a clean end makes of it
    finalized: bool = False  # whether the interpreter came to its own end
    flushed: bool = False  # whether the C library wrote its buffers out instead
    needs: float = 0.0  # seconds that the handlers take together
    grace: float = 0.0  # seconds after which somebody sends SIGKILL
    everyone: bool = False  # whether a signal goes to the whole process group

    def asking(self, **changes: Any) -> Context:
        """The same with another thing to ask about."""
        return replace(self, **changes)

    @property
    def pypy(self) -> bool:
        """Whether this is PyPy."""
        return self.implementation == "pypy"

    def since(self, *version: int) -> bool:
        """Whether the language is of this version or later."""
        return self.version >= version

    def between(self, first: Version, last: Version) -> bool:
        """Whether this is a CPython of one of these releases, both included."""
        return not self.pypy and first <= self.version[: len(first)] and self.version <= last

    def package(self, name: str) -> Version:
        """The version of a package; () where it is not there."""
        return dict(self.packages).get(name, ())


def context(python: Mapping[str, Any], packages: Mapping[str, str], program: Program) -> Context:
    """What the rules may know: a Python and packages as a record describes them, and a program.

    Nothing measured is among it, so a Python that was never run can be asked about.
    """
    return Context(
        implementation=python["implementation"],
        version=numbers(python["version"]),
        own_version=numbers(python.get("implementation_version", "")),
        packages=tuple((name, numbers(text)) for name, text in sorted(packages.items())),
        program=program,
    )


def numbers(version: str) -> Version:
    """(3, 13, 0) for "3.13.0"; what follows the first letter of a pre-release is left out."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
