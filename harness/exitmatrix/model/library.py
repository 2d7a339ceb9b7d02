"""What is known of a library: what it adds to a program, from which the laws tell the rest."""

from __future__ import annotations

from exitmatrix.model.base import Frozen
from exitmatrix.model.language import Function, Shared


class Library(Frozen, kw_only=True):
    """The facts of a library, as a program uses it, in one range of releases.

    A name that begins with a hyphen is a function's that nobody sees from outside.
    """

    id: str  # what a program's header calls it, with the options that make a difference
    since: str = ""  # the first release for which this is so; "" for the oldest
    package: str
    implementation: str = ""  # of Python, for which alone this is so
    python: str = ""  # the versions for which alone this is so, as PEP 440 writes them
    handlers: tuple[str, ...] = ()  # that it registers with atexit, oldest first
    signals: tuple[tuple[str, str], ...] = ()  # that it handles, each by one of its functions
    around: str = ""  # what it does when the program that it runs is over, however that ends
    catches: tuple[tuple[str, int], ...] = ()  # exceptions, "" for any, with a status
    before_exit: str = ""  # what `os._exit` does first
    functions: tuple[Function, ...] = ()  # what these do
    data: tuple[tuple[str, str], ...] = ()  # kinds of data in flight, and of what nature each is
    shares: tuple[Shared, ...] = ()  # what it makes that has a name for others
    helpers: tuple[str, ...] = ()  # processes that it starts, by stable names
    source: str
