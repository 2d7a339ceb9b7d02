"""Cells that behaved differently when they were measured again. Pure.

A cell that was measured again has changed when it showed an outcome that its
record does not hold; a race may show any part of what is on record. Two records
of different interpreters or folders have changed by the law for versions, which
`report.pairs` applies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec.structs import replace

from exitmatrix.model import Cell, Frozen, Interpreter, Outcome, Question, Record
from exitmatrix.model.change import Change
from exitmatrix.model.outcome_sets import contains, is_race
from exitmatrix.plan.schedule import RACY, Known, Result


class Sorted(Frozen, kw_only=True):
    """The cells of a plan, by what their record allows."""

    known: tuple[Cell, ...]
    new: tuple[Cell, ...]  # nothing is on record that a run could be compared with


class AmbiguousPythonError(ValueError):
    """Two Pythons would be compared with the records of one. The text names both."""


def compared_as(
    interpreters: Iterable[Interpreter], on_record: Collection[str]
) -> dict[str, Interpreter]:
    """Interpreters by the id whose records they are compared with.

    A build that was named by its path, and has no records of its own, stands in for its
    release. Raises AmbiguousPythonError.
    """
    found: dict[str, Interpreter] = {}
    for one in interpreters:
        stands_in = one.build and one.named and one.id not in on_record and one.release in on_record
        id = one.release if stands_in else one.id
        if id in found:
            raise AmbiguousPythonError(
                f"{found[id].argument} and {one.argument} would both be compared with the"
                f" records of {id}: name one of them"
            )
        found[id] = replace(one, id=id)
    return found


def sort(cells: Iterable[Cell], records: Mapping[str, Record]) -> Sorted:
    """Which cells can be compared with a record, and which are new."""
    known: list[Cell] = []
    new: list[Cell] = []
    for cell in cells:
        record = records.get(cell.id)
        (known if record is not None and record.outcomes else new).append(cell)
    return Sorted(known=tuple(known), new=tuple(new))


def known(records: Mapping[str, Record], runs: int = RACY) -> Callable[[Cell], Known | None]:
    """What a schedule is told: a cell that agrees takes one run, one that does not takes twenty.

    What it takes depends on the cell alone, so the pytest suite, which runs each
    by itself, and `check` come to the same end. `runs` is how many stand behind the
    records: with none, a cell that agrees takes what a new one does.
    """

    def of(cell: Cell) -> Known | None:
        record = records.get(cell.id)
        return Known(outcomes=record.outcomes, trials=runs) if record else None

    return of


def races(records: Iterable[Record]) -> set[Question]:
    """The questions that have shown two outcomes."""
    return {one.question for one in records if is_race(one.outcomes)}


def change(
    platform: str,
    record: Record,
    result: Result,
    packages: Mapping[str, str],
    raced: Callable[[Record, Outcome], bool],
) -> Change | None:
    """What changed in a cell that was measured again; None when it showed nothing new.

    Beside what is on record, a race may show what no run has shown before: `raced` says whether
    the laws allow it.
    """
    now = replace(record, outcomes=result.outcomes, unknown=result.unknown, packages=dict(packages))
    new = [one for one in result.outcomes if not contains(record.outcomes, one)]
    if not new or (len(new) < len(result.outcomes) and all(raced(now, one) for one in new)):
        return None
    return Change(platform=platform, old=record, new=now, runs=result.trials)
