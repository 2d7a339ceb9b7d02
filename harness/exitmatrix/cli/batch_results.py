"""What was learnt from a batch, written to be committed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from exitmatrix.cli.boundaries import find_boundaries
from exitmatrix.cli.boundaries_page import all_damages, boundaries_page
from exitmatrix.cli.programs import BatchRun, Tally
from exitmatrix.declare.batch import file_of
from exitmatrix.declare.shrink import weight
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.store.corpus import Corpus
from exitmatrix.machine.store.files import write
from exitmatrix.machine.store.programs import (
    read_batches,
    read_boundaries,
    read_witnesses,
    write_programs,
)
from exitmatrix.machine.store.records import describe
from exitmatrix.model.boundary import BatchResult, Boundary, Witness
from exitmatrix.model.versions import in_order, python_of
from exitmatrix.report.render.markdown import markdown


def write_learnt(
    run: BatchRun,
    corpus: Corpus,
    tally: Tally,
    witnesses: Sequence[Witness],
    output: Path,
    search: bool,
    jobs: int | None,
) -> None:
    """Add a batch to what is there, and what notices damaged laws; and boundaries, as found.

    Raises CannotWrite.
    """
    batches = {one.batch: one for one in read_batches(output)} | {
        run.batch.name: _result(run, tally)
    }
    names = {one.name for one in all_damages(output)}
    known = {one.damage: one for one in read_witnesses(output) if one.damage in names}
    known |= {one.damage: one for one in witnesses}
    boundaries = read_boundaries(output)

    def save() -> None:
        write_programs(
            output,
            [batches[name] for name in sorted(batches)],
            _in_order(boundaries, batches.values()),
            [known[name] for name in sorted(known)],
        )
        write_page(output)

    save()
    if not search:
        return
    shown = [(code, corpus.shown(number, file_of(code)[1])) for number, code, _ in run]
    with BareSession(jobs) as session:
        for one in find_boundaries(shown, tuple(boundaries), run.pythons, session):
            boundaries.append(one)
            save()


def write_page(output: Path) -> None:
    """Derive the page from what is committed. Raises CannotWrite."""
    write(output / "boundaries.md", markdown(boundaries_page(output)).encode())


def _result(run: BatchRun, tally: Tally) -> BatchResult:
    return BatchResult(
        batch=run.batch.name,
        programs=tally.programs,
        runs=tally.runs,
        pythons={id: describe(one) for id, one in run.pythons.items()},
        mispredicted=len(tally.mispredictions),
        withheld=tally.words.get("withheld", 0),
        endless=tally.endless,
        unknown=len(tally.unknown),
    )


def _in_order(boundaries: Sequence[Boundary], batches: Iterable[BatchResult]) -> list[Boundary]:
    """By pair, from old to new; of each pair the smallest program first."""
    abouts = {id: about for batch in batches for id, about in batch.pythons.items()}
    order = in_order(python_of(id, about) for id, about in abouts.items())
    place = {python.id: number for number, python in enumerate(order)}
    return sorted(
        boundaries, key=lambda one: (place[one.left], place[one.right], weight(one.program))
    )
