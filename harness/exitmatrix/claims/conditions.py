"""Conditions on what one run showed, each with the words that state it. Pure.

A claim is judged by these and by nothing else, and the page prints the words: what
is asked of the observations can be read there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exitmatrix.model import DataState, Frozen, Outcome, Process, StdoutFate, Timeline

REVERSED = ("C", "B", "A")
"""Every scenario that does not say otherwise registers A, B and C, in this order."""

MECHANISM = ":"  # in the name of a handler that is not atexit's: signal.SIGTERM:stop
TRACKER = "multiprocessing.resource_tracker"
TELLS_AN_ERROR = "Error: "  # the last line of a traceback: ValueError: B failed


class NotShown(Exception):
    """The run does not show what a condition asks about: it is neither met nor failed."""


class RunShown(Frozen, kw_only=True):
    """What one run showed."""

    outcome: Outcome
    timeline: Timeline | None = None

    def process(self, role: str) -> Process:
        """The process of a role. Raises NotSeen."""
        for one in self.outcome.processes:
            if one.role == role:
                return one
        raise NotShown(f"there was no {role}")

    def handlers(self, role: str) -> tuple[str, ...]:
        """The `atexit` handlers of a process that ran to their end. Raises NotSeen."""
        return tuple(name for name in self.seen(role) if MECHANISM not in name)

    def seen(self, role: str) -> tuple[str, ...]:
        """Its handlers of whatever mechanism. Raises NotSeen."""
        fired = self.process(role).fired
        if fired is None:
            raise NotShown(f"the {role} was not observed from inside")
        return fired


class Condition(Frozen, kw_only=True):
    """Something that a run shows or does not."""

    words: str
    met: Callable[[RunShown], bool]


def all_of(*conditions: Condition) -> Condition:
    """Each of several."""
    words = "; ".join(one.words for one in conditions)
    return Condition(words=words, met=lambda sight: all(one.met(sight) for one in conditions))


def _name(role: str) -> str:
    """As sentences have it: the program, the child, child 2."""
    base, number, count = role.partition("#")
    if number:
        return f"{base} {count}"
    return "the program" if role == "main" else f"the {role}"


def _where(role: str) -> str:
    return "" if role == "main" else f"in {_name(role)} "


# ------------------------------------------------------------------- handlers


def ran(role: str, *names: str) -> Condition:
    """Exactly these, in this order, and to their end."""
    return Condition(
        words=f"{_where(role)}{', '.join(names)} run, in this order",
        met=lambda sight: sight.handlers(role) == names and not sight.process(role).unfinished,
    )


def all_reversed(role: str = "main") -> Condition:
    """All of the scenario's handlers, last registered first."""
    return ran(role, *REVERSED)


def ran_any(role: str = "main") -> Condition:
    """At least one."""
    return Condition(
        words=f"{_where(role)}some handler runs",
        met=lambda sight: bool(sight.handlers(role)),
    )


def ran_none(role: str = "main") -> Condition:
    """None, not even to begin with."""
    return Condition(
        words=f"{_where(role)}no handler runs",
        met=lambda sight: not sight.handlers(role) and not sight.process(role).unfinished,
    )


def ran_all_but(name: str, role: str = "main") -> Condition:
    """The others ran, this one did not."""
    return Condition(
        words=f"{_where(role)}others run, {name} does not",
        met=lambda sight: bool(sight.handlers(role)) and name not in sight.handlers(role),
    )


def ran_times(name: str, times: int, role: str = "main") -> Condition:
    """One handler, so often."""
    return Condition(
        words=f"{_where(role)}{name} runs {times} times",
        met=lambda sight: sight.handlers(role).count(name) == times,
    )


def ran_where(words: str, test: Callable[[Sequence[str]], bool], role: str = "main") -> Condition:
    """Any other statement about the handlers that ran, of whatever mechanism, in order."""
    return Condition(words=f"{_where(role)}{words}", met=lambda sight: test(sight.seen(role)))


def raised(role: str = "main") -> Condition:
    """Some handler ended by an exception."""
    return Condition(
        words=f"{_where(role)}a handler raises",
        met=lambda sight: bool(sight.process(role).raised),
    )


def cut_off(role: str = "main") -> Condition:
    """Handlers had begun, and the process was killed before they were done."""
    return Condition(
        words=f"{_where(role)}a handler begins and is cut off by SIGKILL",
        met=lambda sight: (
            bool(sight.process(role).unfinished)
            and sight.process(role).exit == {"signal": "SIGKILL"}
        ),
    )


# ----------------------------------------------------------------------- ends


def exits(code: int, role: str = "main") -> Condition:
    """With an exit status."""
    return Condition(
        words=f"{_where(role)}the exit status is {code}",
        met=lambda sight: sight.process(role).exit == {"code": code},
    )


def dies_of(signal: str, role: str = "main") -> Condition:
    """Of a signal."""
    return Condition(
        words=f"{_name(role)} is killed by {signal}",
        met=lambda sight: sight.process(role).exit == {"signal": signal},
    )


def ends_cleanly(role: str = "main") -> Condition:
    """By itself, with handlers that all came to their end without an exception."""
    return Condition(
        words=f"{_where(role)}handlers run, none raises or is cut off, the exit status is 0",
        met=lambda sight: (
            bool(sight.handlers(role))
            and not sight.process(role).unfinished
            and not sight.process(role).raised
            and sight.process(role).exit == {"code": 0}
        ),
    )


def still_serves(role: str) -> Condition:
    """It is alive afterwards, and HTTP is answered."""
    return Condition(
        words=f"{_name(role)} still serves",
        met=lambda sight: sight.outcome.survivors == (role,) and sight.outcome.port == "open",
    )


def lives_on(role: str) -> Condition:
    """It is alive when all that was to happen has happened."""
    return Condition(
        words=f"{_name(role)} is alive afterwards",
        met=lambda sight: role in sight.outcome.survivors,
    )


def restarted() -> Condition:
    """A second child serves in the place of the first."""
    return Condition(
        words="another child is started, and is alive afterwards",
        met=lambda sight: "child#2" in sight.outcome.survivors,
    )


def buffered(fate: StdoutFate, role: str = "main") -> Condition:
    """What became of the text that was written to stdout and not flushed. Raises NotSeen."""

    def met(sight: RunShown) -> bool:
        seen = sight.process(role).stdout
        if seen is None:
            raise NotShown(f"the {role} wrote nothing that was to be flushed")
        return seen == fate

    return Condition(words=f"{_where(role)}text that was not flushed is {fate}", met=met)


def nobody_left() -> Condition:
    """All processes ended."""
    return Condition(words="no process is left", met=lambda sight: not sight.outcome.survivors)


def no_name_is_left() -> Condition:
    """No semaphore and no memory that has a name; System V's has a number."""
    return Condition(
        words="no name is left in shared memory",
        met=lambda sight: not set(sight.outcome.left) & {"semaphore", "shared memory"},
    )


def leaves_shared(thing: str) -> Condition:
    """Something that has a name in shared memory is still there."""
    return Condition(
        words=f"a {thing} is left in shared memory",
        met=lambda sight: thing in sight.outcome.left,
    )


def client_fails() -> Condition:
    """The client of the request got no answer."""

    def met(sight: RunShown) -> bool:
        if sight.timeline is None:
            raise NotShown("no run of it was kept")
        replies = [step[2:] for step in sight.timeline if step[1] == "replied"]
        if not replies:
            raise NotShown("nobody asked")
        return replies[-1] == ("none",)

    return Condition(words="the client gets no answer", met=met)


# ------------------------------------------------------- what else there is


def client_gets(what: str) -> Condition:
    """Of a request that was in flight, or whose view ended its process: a status, closed, ..."""
    return Condition(
        words=f"the client gets {what}", met=lambda sight: sight.outcome.client == what
    )


def processes(*roles: str) -> Condition:
    """These, and nothing that they have started besides."""
    return Condition(
        words=f"{' and '.join(roles)} are all the processes there are",
        met=lambda sight: (
            tuple(one.role for one in sight.outcome.processes) == roles
            and not sight.outcome.helpers
        ),
    )


def has_helper(name: str) -> Condition:
    """There is a further process of a kind."""
    return Condition(
        words=f"there is a {name} as well", met=lambda sight: name in sight.outcome.helpers
    )


def _errors(sight: RunShown) -> list[str]:
    if sight.outcome.printed is None:
        raise NotShown("what was printed was not recorded")
    return [line for line in sight.outcome.printed if TELLS_AN_ERROR in line]


def prints_errors(*errors: str) -> Condition:
    """The errors that stderr tells, one after the other."""
    return Condition(
        words=f"stderr tells {', then '.join(errors)}",
        met=lambda sight: _errors(sight) == list(errors),
    )


def data(kind: str, *states: DataState) -> Condition:
    """What became of a kind of data in flight."""

    def met(sight: RunShown) -> bool:
        found = sight.outcome.data
        if found is None or kind not in found:
            raise NotShown(f"nobody looked at the {kind}")
        return found[kind] in states

    return Condition(words=f"{kind}: {' or '.join(states)}", met=met)
