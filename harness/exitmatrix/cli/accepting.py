"""Write what `check` measured: in the place of what is on record, or as a stack of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from exitmatrix.cli.derived import write_reports
from exitmatrix.cli.environments import Environments
from exitmatrix.cli.errors import HARNESS_FAILED, Failure
from exitmatrix.cli.measure import OutcomeTimelines
from exitmatrix.cli.recording import close
from exitmatrix.machine.store.records import digest
from exitmatrix.machine.store.store import Store
from exitmatrix.model import Frozen, Interpreter, Record, Scenario
from exitmatrix.model.change import Change
from exitmatrix.plan.changes import races
from exitmatrix.plan.schedule import Result


class Again(Frozen, kw_only=True):
    """A cell that was measured again, with a timeline for each outcome."""

    result: Result
    timelines: OutcomeTimelines


def accept(
    store: Store,
    again: Iterable[Again],
    found: Iterable[Change],
    records: Mapping[str, Record],
    interpreters: Mapping[str, Interpreter],
    environments: Environments,
    subjects: dict[str, Scenario],
) -> None:
    """Write what was measured as `matrix` would.

    But what no run of a changed cell showed any more is replaced: kept beside what
    is seen now, it would make a race of a question that has none. Of one that has,
    all that was ever seen is kept: twenty runs under load may show one side alone.
    """
    racy = races(records.values())
    for one in found:
        if one.replaces and one.old.question not in racy:
            store.forget(one.old.cell)
    _write(store, again, interpreters, environments, subjects)


def write_as(
    name: str,
    store: Store,
    again: Iterable[Again],
    interpreters: Mapping[str, Interpreter],
    environments: Environments,
    subjects: dict[str, Scenario],
) -> None:
    """Write what was measured with other packages, as the records of a stack of that name."""
    _write(store, again, interpreters, environments, subjects, name)


def _write(
    store: Store,
    again: Iterable[Again],
    interpreters: Mapping[str, Interpreter],
    environments: Environments,
    subjects: dict[str, Scenario],
    name: str = "",
) -> None:
    """Write the records, of a stack by another name where there is one, and the reports."""
    try:
        for each in again:
            cell = each.result.cell
            written = replace(cell, stack=name) if name else cell
            store.save(
                replace(each.result, cell=written),
                interpreters[cell.interpreter],
                environments[cell.interpreter, cell.stack].packages,
                {digest(outcome): steps for outcome, steps in each.timelines},
            )
    except OSError as error:
        raise Failure(f"not all that was measured is written: {error}", HARNESS_FAILED) from error
    finally:
        close(store, finished=not store.resumed)
    write_reports(store.output, subjects)
