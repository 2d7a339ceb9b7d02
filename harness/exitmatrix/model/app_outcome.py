"""What a run of a user's command showed once pids are taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from exitmatrix.model.app import Left, Situation
from exitmatrix.model.base import Frozen
from exitmatrix.model.tree import base_of

Fate = Literal["ran", "raised", "unfinished", "not run", "began", "displaced"]
"""`began`: how it ended could not be seen. `displaced`: another took its place before it ran."""


NOBODY = "nobody"
"""In the place of a role: a signal to the process group, in which no process of the run is."""


class Handler(Frozen, kw_only=True):
    """A clean-up callable that was registered."""

    label: str  # app.db:close_pool, signal.SIGTERM:stop
    place: str = ""  # app/db.py:31
    mechanism: str = "atexit"  # or signal.SIGTERM
    library: bool = False  # neither it nor the line that registered it is the user's own code

    @property
    def of_signal(self) -> bool:
        """Whether it runs when a signal comes, and not at the end."""
        return self.mechanism.startswith("signal.")


class Ran(Frozen, kw_only=True):
    """What became of a handler in one process."""

    handler: Handler
    fate: Fate
    began: float | None = None  # seconds after the first signal; before it, negative
    seconds: float | None = None  # that it took
    error: str = ""  # the type of the exception that left it
    left: bool = False  # and was not seen to return, as one that calls sys.exit()
    past: bool = False  # its process executed another program after that, which knows nothing of it
    inherited: bool = False  # its process was forked by one that had it
    due: bool = True  # False: for a signal that was not sent to the process while it was in place
    by: str = ""  # what displaced it, and where
    by_library: bool = False  # no line of the user's own code asked for that


class Member(Frozen, kw_only=True):
    """One process of the tree, and what became of it."""

    role: str
    family: bool  # it runs the program, and is no launcher and no helper
    serves: bool  # it held a listening socket when the tree was ready
    new: bool  # it was started after the first signal
    observed: bool  # from inside
    handlers: tuple[Ran, ...]
    exit: str  # "code 0", "signal SIGTERM", "unknown ..."; "" for one that lives
    seconds: float | None  # from the first signal to its end; None for one that lives
    born: float  # seconds after the first signal at which it was first seen; negative before
    signalled: tuple[str, ...] = ()  # the signals that were sent to it alone
    got: tuple[str, ...] = ()  # the signals that were sent to it, alone or with others
    finishing: bool = False  # its main thread has come to its end, and waits for the others
    executed: float | None = None  # seconds at which it replaced itself by another program
    accepts: float | None = None  # seconds at which one that is new waited for connections
    acted: float | None = None  # seconds at which it came to the ending that was asked for
    catches: tuple[str, ...] = ()  # signals that it had a handler for
    ignores: tuple[str, ...] = ()
    init: bool = False  # it is the first process of a PID namespace, as in a container
    launches: bool = False  # the program was started through it
    pipes: bool = False  # a shell whose command has a pipe in it
    beside: bool = False  # another program, which a launcher has started beside: `| tee log`
    python: bool = False  # its program is a Python

    @property
    def base(self) -> str:
        """`worker` for `worker#2`."""
        return base_of(self.role)

    @property
    def own(self) -> tuple[Ran, ...]:
        """The user's own handlers that were to run."""
        return tuple(one for one in self.registered if one.due)

    @property
    def over(self) -> tuple[Ran, ...]:
        """Those that can run no more; who executes a program on a signal has done its work."""
        own = (one for one in self.own if not (one.past and one.handler.of_signal))
        return tuple(one for one in own if self.exit or one.past)

    @property
    def registered(self) -> tuple[Ran, ...]:
        """All of the user's own handlers."""
        return tuple(one for one in self.handlers if not one.handler.library)

    @property
    def counts(self) -> bool:
        """Whether its clean-up is the user's matter: of a program that another one starts, too.

        Of a Python that is not observed nobody knows that it has nothing to clean up.
        """
        unknown = self.python and not (self.observed or self.launches or self.new)
        return self.family or bool(self.registered) or unknown

    @property
    def end(self) -> str:
        """How it ended, as far as that is no chance: SIGKILL to all finds `tee` there, or not.

        What it reads is at its end as soon as the program is killed, just before or after itself.
        """
        killed = self.got[-1:] == ("SIGKILL",) and "SIGKILL" not in self.signalled
        return "with all" if self.beside and killed else self.exit

    @property
    def lasting(self) -> bool:
        """Whether every run shows it: a helper that comes and goes is chance."""
        before = self.seconds is not None and self.seconds < 0
        return self.family or not (self.new or before)

    @property
    def alike(self) -> tuple[object, ...]:
        """What two that are interchangeable have in common."""
        return (
            *(self.base, self.family, self.new, self.observed, self.end, bool(self.signalled)),
            tuple((one.handler, one.fate, one.error) for one in self.telling),
        )

    @property
    def telling(self) -> tuple[Ran, ...]:
        """What two runs have in common: how often a signal comes is chance, as SIGCHLD shows.

        Whether a library's own handler has it is what the library does all the time; and what a
        library has registered by then, and did not come to, is chance as well.
        """
        found: dict[object, Ran] = {}
        for place, one in enumerate(self.handlers):
            if one.handler.library and (one.handler.of_signal or one.fate == "not run"):
                continue
            key = (one.handler, one.fate) if one.handler.of_signal else place
            found.setdefault(key, one)
        return tuple(found.values())


class Sent(Frozen, kw_only=True):
    """A signal that was sent."""

    seconds: float  # after the first
    signal: str
    to: str  # a role, `group`, `all`


class AppOutcome(Frozen, kw_only=True):
    """What one run showed."""

    situation: str
    blind: bool
    members: tuple[Member, ...]
    sent: tuple[Sent, ...]
    ready: float  # seconds from the start until it was ready
    gone: float | None  # seconds from the first signal until everybody was gone; None: not all are
    watched: float  # seconds from the first signal until the run was closed
    left: tuple[Left, ...]
    output: str
    unsure: tuple[Left, ...] = ()  # what is left, unless somebody who goes on has it in use
    listening: tuple[str, ...] = ()
    shortened: bool = False  # it was not watched for the whole grace period, as another was
    reply: str = ""  # what the client of a request got: a status, cut, none; "" without one
    answers: bool | None = None  # at its end, to the URL that showed that it was ready; if asked
    without: str = ""  # an answer, what it got instead: closed, reset, waits
    python: str = ""  # the version that the program's processes tell; "" where none is observed
    implementation: str = "cpython"  # or pypy, by the name of the file that is run
    interpreter: str = ""  # the word by which it was started: /venv/bin/python; "" for no Python

    @property
    def survivors(self) -> tuple[Member, ...]:
        """Those that live."""
        return tuple(one for one in self.members if not one.exit)

    @property
    def replacements(self) -> tuple[Member, ...]:
        """Those that were started since: of the program, or of one that ended and was no part."""
        ended = {one.base for one in self.members if one.exit and not one.new}
        new = (one for one in self.members if one.new)
        return tuple(one for one in new if one.family or (one.base in ended and one.python))

    @property
    def serves_again(self) -> float | None:
        """When the first of those that were started since waited for connections.

        None if nobody was seen to, or the URL by which the program was ready is not answered.
        """
        seen = [one.accepts for one in self.replacements if not one.exit]
        times = [one for one in seen if one is not None]
        return min(times) if times and self.answers is not False else None

    @property
    def shape(self) -> tuple[object, ...]:
        """What two runs that ended alike have in common; times and output are not of it."""
        members = sorted(repr(one.alike) for one in self.members if one.lasting)
        return self.answers, *members

    @property
    def there(self) -> tuple[str, ...]:
        """Who was there when it was ready to be ended."""
        return tuple(sorted(one.base for one in self.members if one.lasting and not one.new))

    @property
    def exits(self) -> tuple[tuple[str, bool, str], ...]:
        """How everybody ended: what a run without the probe shows as well."""
        return tuple(sorted((one.base, one.new, one.end) for one in self.members if one.lasting))


class EndingResult(Frozen, kw_only=True):
    """All runs of one ending."""

    situation: Situation
    target: str
    outcomes: tuple[AppOutcome, ...] = ()
    unknown: tuple[str, ...] = ()  # why other runs showed too little
    blind: tuple[AppOutcome, ...] = ()  # runs without the probe
    blind_unknown: str = ""
    left_out: str = ""  # why it was not run


def group_members(members: Sequence[Member]) -> list[tuple[Member, ...]]:
    """Members that are alike, together, in order of appearance."""
    groups: dict[tuple[object, ...], list[Member]] = {}
    for one in members:
        groups.setdefault(one.alike, []).append(one)
    return [tuple(group) for group in groups.values()]
