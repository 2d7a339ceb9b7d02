"""The releases that `bisect` goes through, and what a cell shows with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from exitmatrix.cli.environments import place_of
from exitmatrix.cli.errors import USAGE_ERROR, Failure, no_such
from exitmatrix.cli.measure import OutcomeTimelines, measure
from exitmatrix.cli.progress import Kind
from exitmatrix.cli.streams import say
from exitmatrix.declare import stacks
from exitmatrix.machine.environments.cache import UnusableCacheError, check_cache, default_cache
from exitmatrix.machine.environments.installer import (
    UNREACHABLE,
    CommandFailedError,
    UnreachableError,
)
from exitmatrix.machine.environments.prepare import Environment, Unavailable, prepare
from exitmatrix.machine.environments.releases import Releases
from exitmatrix.machine.environments.replacements import tools_at
from exitmatrix.machine.interpreters.found import Found
from exitmatrix.machine.interpreters.selection import NoSuchInterpreterError, select
from exitmatrix.machine.run.session import Session
from exitmatrix.machine.store.records import describe
from exitmatrix.model import FORMAT, Cell, Interpreter, Record, Scenario, Stack
from exitmatrix.model.versions import age, in_order, python_of
from exitmatrix.plan.cells import Selection, plan
from exitmatrix.plan.schedule import Result, Schedule
from exitmatrix.report.pages.changes import count
from exitmatrix.report.survey import apart

HANDFUL = 5
"""Runs of a cell with one release; of a race it takes twenty."""


class ReleaseRow(Protocol):
    """Releases from new to old, each of which gives an interpreter and a stack."""

    def has(self, place: int) -> bool:
        """Whether there is one so far back."""

    def label(self, place: int) -> str:
        """What it is called: uvicorn 0.29.0."""

    def word(self, place: int) -> str:
        """What names it on the command line."""

    def subject(self, place: int) -> tuple[Interpreter, Stack]:
        """What is measured with it."""


class PackageReleases:
    """The releases of a package, in the stack of a cell."""

    def __init__(
        self,
        releases: Releases,
        package: str,
        interpreter: Interpreter,
        stack: Stack,
    ) -> None:
        self._releases = releases
        self._package = package
        self._interpreter = interpreter
        self._stack = stack

    def has(self, place: int) -> bool:
        """See ReleaseRow."""
        return self._releases.has(place)

    def label(self, place: int) -> str:
        """See ReleaseRow."""
        return f"{self._package} {self._releases[place]}"

    def word(self, place: int) -> str:
        """See ReleaseRow."""
        return self._releases[place]

    def subject(self, place: int) -> tuple[Interpreter, Stack]:
        """See ReleaseRow."""
        pin = f"{self._package}=={self._releases[place]}"
        return self._interpreter, replace(self._stack, instead=(*self._stack.instead, pin))


class PythonReleases:
    """The interpreters of this machine that are built alike, with the stack of a cell."""

    def __init__(self, interpreters: Sequence[Interpreter], stack: Stack) -> None:
        self._interpreters = interpreters
        self._stack = stack

    def has(self, place: int) -> bool:
        """See ReleaseRow."""
        return place < len(self._interpreters)

    def label(self, place: int) -> str:
        """See ReleaseRow."""
        return self._interpreters[place].id

    def word(self, place: int) -> str:
        """See ReleaseRow."""
        return self._interpreters[place].id

    def subject(self, place: int) -> tuple[Interpreter, Stack]:
        """See ReleaseRow."""
        return self._interpreters[place], self._stack


def stack_of(cell: Cell, instead: tuple[str, ...]) -> Stack:
    """The stack of a cell, with other packages."""
    (stack,) = (one for one in stacks.STACKS if one.name == cell.stack)
    return replace(stack, instead=instead)


def packages_row(
    package: str,
    old: str,
    new: str,
    cell: Cell,
    interpreter: Interpreter,
    instead: tuple[str, ...],
) -> PackageReleases:
    """The releases of a package between two of them. Raises UnreachableError."""
    try:
        check_cache(default_cache())
        releases = Releases(tools_at(default_cache()), package, interpreter)
        releases.between(old, new)
    except (CommandFailedError, UnusableCacheError) as error:
        raise Failure(f"{error}, for {interpreter.id}", USAGE_ERROR) from error
    row = PackageReleases(releases, package, interpreter, stack_of(cell, instead))
    if old and not releases.has(1):
        raise Failure(f"{old} is not an earlier release than {row.word(0)}", USAGE_ERROR)
    return row


def pythons_row(
    old: str,
    new: str,
    cell: Cell,
    found: Mapping[str, Interpreter],
    instead: tuple[str, ...],
) -> PythonReleases:
    """The interpreters here that are built as that of the cell, between two of them."""
    by_python = {python_of(id, describe(one)): one for id, one in found.items()}
    newest = _the_python(new, found) if new else found[cell.interpreter]
    family = python_of(newest.id, describe(newest)).family
    ends = age(python_of(newest.id, describe(newest)))
    alike = [one for one in in_order(by_python) if one.family == family and age(one) <= ends]
    if old:
        oldest = _the_python(old, found)
        start = age(python_of(oldest.id, describe(oldest)))
        alike = [one for one in alike if age(one) >= start]
        if oldest not in [by_python[one] for one in alike]:
            raise Failure(f"{oldest.id} is not an earlier release than {newest.id}", USAGE_ERROR)
    here = [by_python[one] for one in reversed(alike)]
    if len(here) < 2:
        raise Failure(f"there is only one such Python here, {newest.id}", USAGE_ERROR)
    return PythonReleases(here, stack_of(cell, instead))


def _the_python(word: str, found: Mapping[str, Interpreter]) -> Interpreter:
    try:
        named = select(Found(interpreters=tuple(found.values())), [word])
    except NoSuchInterpreterError as error:
        raise no_such("Python here", word, found) from error
    return max(named, key=lambda one: age(python_of(one.id, describe(one))))


class Looking:
    """What a cell shows with each release that is looked at."""

    def __init__(
        self,
        row: ReleaseRow,
        cell: Cell,
        subjects: Mapping[str, Scenario],
        session: Session,
        progress: Kind,
    ) -> None:
        self.cell = cell
        self.racy = False
        self.shown: dict[int, Record | None] = {}
        self.reasons: dict[int, str] = {}  # why one is not measured
        self._row = row
        self._subjects = subjects
        self._session = session
        self._quiet = progress == "none"

    def __call__(self, place: int) -> Record | None:
        """The record of the cell with a release; None where there can be none."""
        if place not in self.shown:
            record = self._measure(place)
            if isinstance(record, str):
                self.reasons[place] = record
                self._report(place, f"not measured: {record}")
                self.shown[place] = None
            else:
                self.shown[place] = record
        return self.shown[place]

    def same(self, one: Record, other: Record) -> bool:
        """Whether two behave alike; of two races, whether they have an outcome in common."""
        return not apart(one.outcomes, other.outcomes, self.racy)

    def _report(self, place: int, what: str) -> None:
        if not self._quiet:
            say(f"{self._row.label(place)}: {what}")

    def _measure(self, place: int) -> Record | str:
        interpreter, stack = self._row.subject(place)
        scenario = self._subjects[self.cell.scenario]
        cell = replace(self.cell, interpreter=interpreter.id)
        selection = Selection(
            scenario=(cell.scenario,), termination=(cell.termination,), target=(cell.target,)
        )
        planned = plan([interpreter], [scenario], [stack], stacks.applies, selection)
        if cell not in planned.cells:
            return planned.left_out[0].reason
        environment = _environment(interpreter, stack)
        if isinstance(environment, Unavailable):
            return environment.reason
        schedule = Schedule(
            [cell],
            several={scenario.id: len(scenario.roles) > 1},
            known=lambda _: None,
            racy=[cell.question] if self.racy else (),
            trials=HANDFUL,
        )
        results: list[Result] = []

        def keep(result: Result, _timelines: OutcomeTimelines) -> None:
            results[:] = [results[0].and_then(result)] if results else [result]

        places = {(cell.interpreter, cell.stack): place_of(environment)}
        measure(schedule, self._session, places, self._subjects, on_result=keep)
        (result,) = results
        if schedule.racy and not self.racy:
            # Those that were looked at before with a handful of runs are looked at again.
            self.racy = True
            self.shown.clear()
        if result.unknown or not result.outcomes:
            return "; ".join(result.unknown) or "nothing was seen"
        self._report(place, f"{count(len(result.outcomes), 'outcome')} in {result.trials} runs")
        return _record(cell, interpreter, environment, result)


def _environment(interpreter: Interpreter, stack: Stack) -> Environment | Unavailable:
    (made,) = prepare([(interpreter, stack)], default_cache()).values()
    if isinstance(made, Unavailable) and UNREACHABLE in made.reason:
        raise UnreachableError(made.reason)
    return made


def _record(
    cell: Cell, interpreter: Interpreter, environment: Environment, result: Result
) -> Record:
    """A cell with a release as it would be on record, so that the laws can be asked."""
    return Record(
        format=FORMAT,
        cell=cell.id,
        interpreter=describe(interpreter),
        packages=environment.packages,
        stack=cell.stack,
        scenario=cell.scenario,
        launcher=cell.launcher,
        termination=cell.termination,
        target=cell.target,
        platform={},
        since="",
        outcomes=result.outcomes,
        runs=result.trials,
    )
