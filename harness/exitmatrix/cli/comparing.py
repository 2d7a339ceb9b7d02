"""What a check compares with which records, and what it leaves alone."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from shlex import quote

from exitmatrix.cli.errors import USAGE_ERROR, Failure
from exitmatrix.cli.streams import say
from exitmatrix.model import Interpreter, Record
from exitmatrix.model.cell import DIRECT
from exitmatrix.plan.cells import Plan, Selection, matches
from exitmatrix.plan.changes import AmbiguousPythonError, compared_as, sort
from exitmatrix.report.pages.changes import count


def compare_as(
    found: Mapping[str, Interpreter], records: Mapping[str, Record], update: bool
) -> dict[str, Interpreter]:
    """The interpreters, by the ids whose records they are compared with.

    A build is compared with its release, and never written in the release's place.
    """
    on_record = {record.interpreter_id for record in records.values()}
    try:
        compared = compared_as(found.values(), on_record)
    except AmbiguousPythonError as error:
        raise Failure(str(error), USAGE_ERROR) from error
    for id, one in compared.items():
        if one.build and id == one.release:
            if update:
                raise Failure(
                    f"{one.argument} is not the {id} that is on record, and is not written in its"
                    f" place: `exitmatrix matrix --python {quote(one.argument)}` records it as"
                    f" {one.built(one.build).id}",
                    USAGE_ERROR,
                )
            say(f"{one.argument} is compared with the records of {id}")
    return compared


def cells_to_measure(
    planned: Plan,
    interpreters: Mapping[str, Interpreter],
    records: Mapping[str, Record],
    update: bool,
) -> Plan:
    """The cells to measure: those on record, and the new ones when they are to be written."""
    found = sort(planned.cells, records)
    on_record = {record.interpreter_id for record in records.values()}
    strangers = sorted({cell.interpreter for cell in found.new} - on_record)
    if found.new:
        what = "measured too, and written" if update else "no change; --update writes them"
        say(f"{count(len(found.new), 'cell')} without a record: {what}")
    advice = (
        "" if update else f": {_advice(interpreters[strangers[0]], on_record)}" if strangers else ""
    )
    if not found.known and not update:
        reason = f"{', '.join(strangers)} not on record" if strangers else "no cell is on record"
        raise Failure(f"nothing to compare with: {reason}{advice}", USAGE_ERROR)
    if strangers:
        say(f"not on record: {', '.join(strangers)}{advice}")
    return Plan(cells=planned.cells if update else found.known, left_out=planned.left_out)


def _advice(interpreter: Interpreter, on_record: Iterable[str]) -> str:
    near = difflib.get_close_matches(interpreter.id, sorted(on_record), n=1, cutoff=0)[0]
    return (
        f"`exitmatrix matrix --python {quote(interpreter.argument)}` measures it, and"
        f" `exitmatrix diff {near} {interpreter.id}` then compares it with its nearest"
    )


def tell_what_is_not_checked(
    planned: Plan,
    found: Mapping[str, Interpreter],
    records: Mapping[str, Record],
    selection: Selection,
    named: Sequence[str],
) -> None:
    """Records that this run cannot look at: of other interpreters, and of cells that are gone."""
    on_record = {record.interpreter_id for record in records.values()}
    absent = sorted(on_record - set(found))
    if absent and not named:
        say(f"on record but not on this machine, so not checked: {', '.join(absent)}")
    there = {cell.id for cell in planned.cells}
    others = [
        record
        for record in records.values()
        if record.cell not in there
        and record.interpreter_id in found
        and matches(record, selection)
    ]
    # Below a launcher cells are run where they are asked for: without a word of it, no launcher is.
    gone = sorted(one.cell for one in others if one.launcher == DIRECT or selection.launcher)
    if unasked := len(others) - len(gone):
        number = count(unasked, "cell")
        say(f"not checked: {number} on record below launchers (--launcher '*' checks these)")
    if gone:
        number = count(len(gone), "cell")
        say(f"{number} on record, but no longer planned: {', '.join(gone[:5])}")
