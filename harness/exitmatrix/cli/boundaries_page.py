"""The page of boundaries, from what is committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exitmatrix.judge.damage import Damage, damages
from exitmatrix.judge.profile import profile
from exitmatrix.judge.programs import why
from exitmatrix.machine.store.programs import read_batches, read_boundaries, read_witnesses
from exitmatrix.machine.store.records import interpreters_on_record
from exitmatrix.model.boundary import Boundary
from exitmatrix.model.versions import adjacent
from exitmatrix.report.document import Section
from exitmatrix.report.pages.boundaries import page


def boundaries_page(output: Path) -> Section:
    """The page of boundaries, of what is committed. Raises ValueError for a line that is none."""
    batches = read_batches(output)
    profiles = {id: profile(about) for one in batches for id, about in one.pythons.items()}

    def reasons(one: Boundary) -> Sequence[str]:
        return why(one.program, profiles[one.left], profiles[one.right])

    noticed = {one.damage: one for one in read_witnesses(output)}
    found = {one.name: noticed.get(one.name) for one in all_damages(output)}
    return page(batches, read_boundaries(output), reasons, found)


def all_damages(
    output: Path, others: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Damage, ...]:
    """The damages that Pythons of the batches on record, and these others, can notice."""
    abouts: dict[str, Mapping[str, Any]] = dict(others or {})
    for one in read_batches(output):
        abouts |= one.pythons
    measured = interpreters_on_record(output)
    return damages(
        {id: profile(about) for id, about in abouts.items()},
        adjacent(abouts),
        adjacent({id: about for id, about in abouts.items() if id in measured}),
    )
