"""`exitmatrix diff`: compare two folders of observations, or two interpreters or stacks."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exitmatrix.cli import options
from exitmatrix.cli.changes import ChangeFormat, differ, explained, print_changes
from exitmatrix.cli.errors import DIFFERS, HARNESS_FAILED, USAGE_ERROR, Failure, no_such
from exitmatrix.cli.records import folder_to_read, read_all
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.streams import say
from exitmatrix.cli.structured import echo_json
from exitmatrix.machine.store.records import find_records
from exitmatrix.model import Frozen, Record, Scenario, Side
from exitmatrix.model.record import Records
from exitmatrix.plan.cells import NothingMatches, Selection, check_pattern, matches
from exitmatrix.report.compare import Comparison, Pairs, compare, of_folders, of_interpreters
from exitmatrix.report.exchange.changes import DiffDocument
from exitmatrix.report.pages.changes import count


class Sides(Frozen, kw_only=True):
    """What is compared: the pairs, all that was measured, and what the sides are called."""

    pairs: Pairs
    everything: tuple[Record, ...]
    labels: tuple[str, str]


@click.command("diff")
@click.argument("old")
@click.argument("new")
@options.cells
@options.records("Where the records of two interpreters are looked up.")
@options.rules
@options.format
@options.as_json
def command(
    old: str,
    new: str,
    scenario: Sequence[str],
    launcher: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    folder: Path | None,
    rules: bool,
    format: str,  # noqa: A002 - as the option is called
    as_json: bool,
) -> None:
    """Compare two folders of records, two interpreters or two stacks.

    \b
      exitmatrix diff cpython-3.12.1 cpython-3.13.0
      exitmatrix diff cpython-3.12.1/flask-1.1 cpython-3.12.1/flask-3.1 \\
          --scenario flask-debug
      exitmatrix diff reports /tmp/measured
      exitmatrix diff before.jsonl after.jsonl     of exitmatrix run --json

    Exits with 1 if behaviour differs. Two interpreters are compared on the same
    stack, or on the newest that each supports; INTERPRETER/STACK names another.
    Where runs vary, two cells differ only if they have no outcome in common.
    """
    subjects, _ = load_scenarios()
    selection = Selection(
        scenario=tuple(scenario),
        launcher=tuple(launcher),
        termination=tuple(termination),
        target=tuple(target),
        stack=tuple(stack),
    )
    sides = find_sides(old, new, folder, selection)
    compared = compare_sides(sides)
    if as_json:
        echo_json(
            DiffDocument(
                old=sides.labels[0],
                new=sides.labels[1],
                compared=len(compared.pairs),
                unseen=compared.unseen,
                only_old=tuple(one.cell for one in sides.pairs.only_old),
                only_new=tuple(one.cell for one in sides.pairs.only_new),
                changes=explained(compared.changes, subjects),
            )
        )
    else:
        tell_differences(compared, sides, subjects, ChangeFormat(format=format, rules=rules))
    if compared.changes:
        sys.exit(DIFFERS)


def find_sides(old: str, new: str, named: Path | None, selection: Selection) -> Sides:
    """The two folders, or the two interpreters within the folder of records."""
    try:
        folders = [find_records(Path(name)) for name in (old, new)]
    except ValueError as error:
        raise Failure(f"the records cannot be used: {error}", HARNESS_FAILED) from error
    mine, its = folders
    if mine is not None and its is not None:
        everything = [record for side in (mine, its) for rows in side.values() for record in rows]
        check_on_record(selection, everything)
        pairs = of_folders(only(mine, selection), only(its, selection))
        labels = (old, new)
    elif mine is not None or its is not None:
        one, other = (old, new) if mine is not None else (new, old)
        raise Failure(
            f"'{other}' holds no observations, and '{one}' does: compare two folders, two files of"
            " run --json, or two interpreters",
            USAGE_ERROR,
        )
    else:
        folder = folder_to_read(named)
        records = read_all(folder)
        everything = [record for rows in records.values() for record in rows]
        check_on_record(selection, everything)
        labels = (old, new)
        both = (_the_side(old, everything, folder), _the_side(new, everything, folder))
        pairs = of_interpreters(only(records, selection), *both)
    if not pairs.pairs:
        raise Failure(f"nothing to compare: no cell of '{old}' is in '{new}' too", USAGE_ERROR)
    return Sides(pairs=pairs, everything=tuple(everything), labels=labels)


def only(records: Records, selection: Selection) -> dict[str, list[Record]]:
    """The records of the cells that are asked for."""
    return {
        platform: [record for record in rows if matches(record, selection)]
        for platform, rows in records.items()
    }


def check_on_record(selection: Selection, records: Sequence[Record]) -> None:
    """Fail for the first pattern that names nothing on record."""
    try:
        for axis in ("scenario", "termination", "target", "stack"):
            for pattern in getattr(selection, axis):
                check_pattern(axis, pattern, {getattr(one, axis) for one in records})
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error


def _the_side(name: str, records: Sequence[Record], folder: Path) -> Side:
    """The interpreter that a word names, and the stack where it names one."""
    side = Side.parse(name)
    _check_interpreter(side, name, {one.interpreter_id for one in records}, folder)
    stacks = {one.stack for one in records if one.interpreter_id == side.interpreter}
    if side.stack and side.stack not in stacks:
        raise no_such(f"stack of {side.interpreter} on record", side.stack, stacks)
    return side


def _check_interpreter(side: Side, name: str, ids: set[str], folder: Path) -> None:
    if side.interpreter in ids:
        return
    try:
        check_pattern("interpreter", side.interpreter, ids)
    except NothingMatches as error:
        hint = str(error).partition("; ")[2] or f"nothing is on record in {folder}"
        raise Failure(
            f"'{name}' is neither a folder with observations nor an interpreter that is on record"
            f" in {folder}; {hint}",
            USAGE_ERROR,
        ) from error
    raise Failure(f"'{name}' is a pattern; name one interpreter", USAGE_ERROR)


def compare_sides(sides: Sides) -> Comparison:
    """Compare the sides, and report records that have no partner."""
    compared = compare(sides.pairs.pairs, sides.everything)
    for label, rows in zip(sides.labels, (sides.pairs.only_old, sides.pairs.only_new), strict=True):
        if rows:
            whose = ", ".join(sorted({record.interpreter_id for record in rows}))
            say(f"only in {label}, not compared: {count(len(rows), 'cell')} ({whose})")
    if compared.unseen:
        say(f"{count(compared.unseen, 'pair')} not compared: in one of the two nothing was seen")
    return compared


def tell_differences(
    compared: Comparison, sides: Sides, subjects: Mapping[str, Scenario], shown: ChangeFormat
) -> None:
    """Print the differences on stdout, alike ones together, each with its explanation."""
    number = count(len(compared.pairs), "cell")
    between = " -> ".join(sides.labels)
    if not compared.changes:
        click.echo(f"{between}: {number} compared, all behave alike.")
        return
    title = f"{between}: {len(compared.changes)} of {number} {differ(len(compared.changes))}."
    everyone = [pair.new for pair in compared.pairs]
    print_changes(compared.changes, everyone, sides.labels, subjects, title, shown)
