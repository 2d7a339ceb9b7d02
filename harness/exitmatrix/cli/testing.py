"""A program that tests end, and what they can ask about it: the plugin's own part."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from pathlib import PurePath

import msgspec
from msgspec.structs import asdict, replace

from exitmatrix.cli.errors import Failure
from exitmatrix.cli.invocation import Invocation, find_situations
from exitmatrix.cli.rounds import measure_endings
from exitmatrix.declare.texts import CannotRead, time_given
from exitmatrix.judge import expectations
from exitmatrix.model.app_outcome import AppOutcome, EndingResult
from exitmatrix.report.app.story import story


class CannotEnd(Exception):
    """A program was never ready, or a name is none: the text says which, in one line."""


def _check_name(what: str, given: object) -> None:
    __tracebackhide__ = True
    if not isinstance(given, str):
        raise CannotEnd(f"{what}: expected a name, got {given!r}")


class CheckResult:
    """The answer to a question: true, or false with the reasons, which `assert` shows."""

    def __init__(self, question: str, reasons: Iterable[str]) -> None:
        self.question = question
        self.reasons = tuple(dict.fromkeys(reasons))

    def __bool__(self) -> bool:
        return not self.reasons

    def __repr__(self) -> str:
        return f"<{self.question}: {'; '.join(self.reasons) or 'yes'}>"


class EndingSeen:
    """What all runs of an ending showed. A statement is true if it holds in each run.

    Asking adds the order of events to `sections` of the test, which pytest shows if it fails.
    """

    def __init__(
        self, result: EndingResult, sections: list[tuple[str, str]], kept: str = ""
    ) -> None:
        self.result = result
        self._sections = sections
        self._kept = kept

    def __repr__(self) -> str:
        count = len(self.result.outcomes)
        return f"<{self.result.situation.id}: {count} {'run' if count == 1 else 'runs'}>"

    @property
    def outcomes(self) -> tuple[AppOutcome, ...]:
        """What each run showed."""
        self.add_section()
        return self.result.outcomes

    def add_section(self) -> None:
        """Add the order of events to the running test; another one may have made the runs."""
        lines = story(self.result)
        if self._kept:
            lines.append(f"  Kept: {self._kept}/{self.result.situation.id}-*")
        section = f"exitmatrix: {self.result.situation.id}", "\n".join(lines)
        if section not in self._sections:
            self._sections.append(section)

    def ran(self, label: str = "all", role: str = "") -> CheckResult:
        """Whether a handler ran to its end in each process where it was registered.

        `label` names the handler, such as "app.db:close_pool"; "all" stands for all of the
        program's own. `role` asks for processes of that role alone. Raises CannotEnd if either is
        no text.
        """
        __tracebackhide__ = True
        _check_name("label", label)
        _check_name("role", role)
        reasons = [
            why for one in self.outcomes for why in expectations.handlers_ran(one, (label,), role)
        ]
        return CheckResult(f"ran {label}", reasons)

    def serves_again_within(self, seconds: float | str) -> CheckResult:
        """Whether a process is started in the place of one that ended, and serves in time."""
        __tracebackhide__ = True
        try:
            limit = f"{time_given(str(seconds)):g}"
        except CannotRead as error:
            raise CannotEnd(f"serves_again_within: {error}") from None
        reasons = [why for one in self.outcomes for why in expectations.serves_again(one, (limit,))]
        return CheckResult(f"serves again within {seconds}", reasons)

    @property
    def seconds(self) -> float:
        """The longest time from the first signal to the last end, in seconds; inf if one lives."""
        whole = [one for one in self.outcomes if not one.shortened]
        return max(inf if one.gone is None else one.gone for one in whole)

    @property
    def left(self) -> list[str]:
        """The names of what is left behind, or may be: a process that lives may have it in use."""
        found = [one for outcome in self.outcomes for one in (*outcome.left, *outcome.unsure)]
        return sorted({one.name for one in found})

    @property
    def exit(self) -> int | str | None:
        """How the first process ended: its exit status, or the name of the signal that killed it.

        None if it lives, or if runs differ, which `outcomes` shows.
        """
        ends = {one.members[0].exit for one in self.outcomes}
        if len(ends) != 1:
            return None
        how = ends.pop().partition(" ")[2]
        return int(how) if how.isdigit() else how or None

    @property
    def output(self) -> str:
        """What all runs wrote to stdout and stderr, one after the other."""
        return "".join(one.output for one in self.outcomes)

    @property
    def survivors(self) -> list[str]:
        """The roles of the processes that did not end, in any run, sorted."""
        return sorted({one.role for outcome in self.outcomes for one in outcome.survivors})


def _quietly(done: int, total: int, note: str, *, now: bool = False) -> None:
    """Show nothing: pytest has its own progress."""


class App:
    """A program that is started anew for each ending. What was seen once is not run again."""

    def __init__(self, call: Invocation, sections: list[tuple[str, str]]) -> None:
        self.call = call
        self._sections = sections
        self._seen: dict[tuple[str, str], EndingSeen] = {}

    def end(
        self,
        ending: str,
        *,
        grace: float | str | None = None,
        at: str = "",
        trials: int | None = None,
        request: str = "",
    ) -> EndingSeen:
        """End the program as `exitmatrix run --ending` does, and say what that showed.

        `ending`: a situation such as "deploy", or a signal such as "SIGQUIT". `grace`: the time
        until SIGKILL, in seconds or as text ("30s"). `at`: the role that gets the signal. `trials`:
        the number of runs. `request`: the path or URL that is requested meanwhile. What is left out
        is as in the fixture's options. Raises CannotEnd if the program never becomes ready, or a
        value is invalid.
        """
        __tracebackhide__ = True  # pytest shows the line of the test alone
        _check_name("ending", ending)
        changes = {
            "grace": f"{grace}s" if isinstance(grace, int | float) else grace,
            "at": at,
            "trials": trials,
            "request": request,
        }
        asked = {name: value for name, value in changes.items() if value not in (None, "")}
        call = _valid(replace(self.call, **asked))
        key = (ending, repr(call))
        if key not in self._seen:
            self._seen[key] = EndingSeen(_measured(call, ending), self._sections, call.keep)
        seen = self._seen[key]
        seen.add_section()
        return seen


def _valid(call: Invocation) -> Invocation:
    """Check the types, which no parser has seen. Raises CannotEnd."""
    __tracebackhide__ = True
    try:
        return msgspec.convert(asdict(call), Invocation)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        name = where.strip("`$.").partition("[")[0]
        raise CannotEnd(f"{NAMED.get(name, name)}: {what[:1].lower()}{what[1:]}") from None


NAMED = {"folders": "look_in", "addresses": "allow_address"}
"""What else options of an Invocation are called here."""


def _measured(call: Invocation, ending: str) -> EndingResult:
    __tracebackhide__ = True
    try:
        (result,) = measure_endings(call, find_situations([ending]), _quietly).results
    except Failure as error:
        raise CannotEnd("\n".join((error.message, *error.details))) from None
    if result.left_out or not result.outcomes or result.unknown:
        why = result.left_out or "; ".join(result.unknown) or "no run showed enough"
        raise CannotEnd(f"{ending}: {why}")
    return result


class Factory:
    """Makes programs that tests end."""

    def __init__(self, trials: int, grace: str, keep: str = "") -> None:
        """`keep`: a folder in which a copy is kept of what each run has in its own."""
        self.trials = trials
        self.grace = grace
        self.keep = keep
        self.sections: list[tuple[str, str]] = []  # what happened in the endings of this test

    def app(
        self,
        command: str | Sequence[str],
        *,
        ready: str | int = "auto",
        ready_within: float | str = "30s",
        launcher: str = "direct",
        env: Mapping[str, str] | None = None,
        folder: str = "",
        roles: Mapping[str, str] | None = None,
        look_in: Sequence[str | PurePath] = (),
        allow_address: Sequence[str] = (),
        inherit_coverage: bool = False,
    ) -> App:
        """Describe a program to end; it starts when an ending is asked for. Raises CannotEnd.

        `command` is what follows `exitmatrix run --`, as words or as text; no shell reads it.
        `ready` is a port, a path, a URL, ... (see --ready), `ready_within` seconds, or text with a
        unit. `env` adds variables, and `roles` maps names to expressions for command lines. The
        other parameters are as the options of these names. `inherit_coverage`: where the session
        measures coverage in its children, measure it in the program too.
        """
        __tracebackhide__ = True
        try:
            words = shlex.split(command) if isinstance(command, str) else list(command)
            named = [f"{name}={expression}" for name, expression in dict(roles or {}).items()]
            folders = [look_in] if isinstance(look_in, str | PurePath) else look_in
            addresses = [allow_address] if isinstance(allow_address, str) else allow_address
            call = Invocation(
                command=tuple(words),
                ready=str(ready),  # a port
                ready_within=str(ready_within),  # seconds, where no unit is told
                launcher=launcher,
                grace=self.grace,
                trials=self.trials,
                keep=self.keep,
                blind=False,
                env=dict(env or {}),
                folder=str(folder),
                roles=tuple(named),
                folders=tuple(map(str, folders)),
                addresses=tuple(addresses),
                inherit_coverage=inherit_coverage,
            )
        except (TypeError, ValueError) as error:
            raise CannotEnd(f"{command}: {str(error).lower()}") from None
        if not words:
            raise CannotEnd("no command: name the program that is to be ended")
        return App(_valid(call), self.sections)
