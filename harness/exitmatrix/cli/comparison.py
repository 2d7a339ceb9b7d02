"""The stages of `check` and `diff`: each takes what the one before gave, or fails with a line."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from exitmatrix.cli.measure import Told, measure
from exitmatrix.cli.progress import Kind, reporter, say
from exitmatrix.cli.stages import (
    HARNESS_FAILED,
    INTERRUPTED,
    MOST_UNKNOWN,
    USAGE_ERROR,
    Failure,
    Interrupted,
    close,
    place_of,
    read,
    write_reports,
)
from exitmatrix.judge.reasons import why_changed
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.session import EngineDied, Session, default_jobs
from exitmatrix.machine.store.records import digest, find_records, platform_name
from exitmatrix.machine.store.store import Store
from exitmatrix.model import Cell, Frozen, Interpreter, Record, Scenario
from exitmatrix.model.change import Change
from exitmatrix.plan.cells import NothingMatches, Plan, Selection, check_pattern, selected
from exitmatrix.plan.changes import change, known, races, sort
from exitmatrix.plan.schedule import Result, Schedule
from exitmatrix.report import changes as words
from exitmatrix.report.pairs import Compared, Pairs, compare, of_folders, of_interpreters

DIFFERS = 1

Records = dict[str, list[Record]]  # by platform
Environments = Mapping[tuple[str, str], Environment]
Subjects = Mapping[str, Scenario]


class Again(Frozen, kw_only=True):
    """A cell that was measured again, with a timeline for each outcome."""

    result: Result
    told: Told


class Sides(Frozen, kw_only=True):
    """What `diff` compares: the pairs, all that was measured, and what the sides are called."""

    pairs: Pairs
    everything: tuple[Record, ...]
    labels: tuple[str, str]


# ---------------------------------------------------------------------- check


def read_committed(output: Path) -> dict[str, Record]:
    """The records of this platform by cell."""
    rows = read(output).get(platform_name(), [])
    if not rows:
        raise Failure(
            f"nothing is on record for {platform_name()} in {output}: `exitmatrix matrix` measures"
            " it, and --output names another folder",
            USAGE_ERROR,
        )
    return {record.cell: record for record in rows}


def choose(planned: Plan, records: Mapping[str, Record], update: bool) -> Plan:
    """The cells to measure: those on record, and the new ones when they are to be written."""
    found = sort(planned.cells, records)
    on_record = {record.interpreter_id for record in records.values()}
    strangers = sorted({cell.interpreter for cell in found.new} - on_record)
    if found.new:
        what = "measured too, and written" if update else "no change; --update writes them"
        say(f"{words.count(len(found.new), 'cell')} without a record: {what}")
    advice = "" if update else f": {_advice(strangers[0], on_record)}" if strangers else ""
    if not found.known and not update:
        reason = f"{', '.join(strangers)} not on record" if strangers else "no cell is on record"
        raise Failure(f"nothing to compare with: {reason}{advice}", USAGE_ERROR)
    if strangers:
        say(f"not on record: {', '.join(strangers)}{advice}")
    return Plan(cells=planned.cells if update else found.known, left_out=planned.left_out)


def _advice(interpreter: str, on_record: Iterable[str]) -> str:
    near = difflib.get_close_matches(interpreter, sorted(on_record), n=1, cutoff=0)[0]
    return (
        f"`exitmatrix matrix --python {interpreter}` measures it, and"
        f" `exitmatrix diff {near} {interpreter}` then compares it with its nearest"
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
    gone = [
        record.cell
        for record in records.values()
        if record.cell not in there
        and record.interpreter_id in found
        and all(
            selected(getattr(record, axis), getattr(selection, axis))
            for axis in ("scenario", "termination", "target", "stack")
        )
    ]
    if gone:
        number = words.count(len(gone), "cell")
        say(f"{number} on record that nothing plans any more: {', '.join(sorted(gone)[:5])}")


def measure_again(
    planned: Plan,
    environments: Environments,
    subjects: Subjects,
    records: Mapping[str, Record],
    jobs: int | None,
    progress: Kind,
) -> list[Again]:
    """Measure each cell once, or as often as it takes to be sure. Nothing is written."""
    schedule = Schedule(
        planned.cells,
        several={one.id: len(one.roles) > 1 for one in subjects.values()},
        known=known(records),
        racy=races(records.values()),
    )
    places = {key: place_of(one) for key, one in environments.items()}
    again: dict[str, Again] = {}
    done = Counter[str]()
    try:
        with Session(jobs or default_jobs()) as session, reporter(progress, "check", "runs") as bar:

            def seen(_cell: Cell, _trial: object) -> None:
                done["runs"] += 1
                left = session.outstanding + schedule.owed
                note = f"{schedule.settled} of {schedule.total} cells"
                bar.show(done["runs"], done["runs"] + left, note)

            def keep(result: Result, told: Told) -> None:
                earlier = again.get(result.cell.id)
                if earlier:  # a race has reopened it
                    result = earlier.result.and_then(result)
                    told = [*earlier.told, *told]
                again[result.cell.id] = Again(result=result, told=told)
                record = records.get(result.cell.id)
                if record and record.outcomes and change("", record, result, {}):
                    say(f"differs: {result.cell.id}")  # known at once, should the run be stopped

            measure(schedule, session, places, subjects, on_result=keep, on_trial=seen)
            session.finish()
    except (Interrupted, KeyboardInterrupt):
        raise Failure("stopped; nothing was written", INTERRUPTED) from None
    except (EngineDied, OSError) as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    return list(again.values())


def find_changes(
    again: Iterable[Again], records: Mapping[str, Record], environments: Environments
) -> list[Change]:
    """The cells that showed what is not on record."""
    found = [
        change(
            platform_name(),
            records[one.result.cell.id],
            one.result,
            environments[one.result.cell.interpreter, one.result.cell.stack].packages,
        )
        for one in again
        if one.result.cell.id in records and records[one.result.cell.id].outcomes
    ]
    return sorted((one for one in found if one), key=lambda one: one.new.cell)


def tell_changes(
    found: Sequence[Change],
    again: Sequence[Again],
    records: Mapping[str, Record],
    environments: Environments,
    subjects: Subjects,
) -> None:
    """The changes in behaviour, on stdout; other packages are told, and are none."""
    compared = [records[one.result.cell.id] for one in again if one.result.cell.id in records]
    other = sorted(
        {
            f"{record.interpreter_id}/{record.stack}"
            for record in compared
            if environments[record.interpreter_id, record.stack].packages != record.packages
        }
    )
    if other:
        say(f"measured with other packages than those on record: {', '.join(other)}")
    number = words.count(len(compared), "cell")
    if not found:
        click.echo(f"{number} checked: all behave as on record.")
        return
    click.echo(f"{len(found)} of {number} {_differ(len(found))}.")
    _echo(found, compared, ("expected", "seen"), subjects)


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
    resuming = bool(store.resumed)
    racy = races(records.values())
    for one in found:
        if one.replaces and one.old.question not in racy:
            store.forget(one.old.cell)
    try:
        for each in again:
            cell = each.result.cell
            store.save(
                each.result,
                interpreters[cell.interpreter],
                environments[cell.interpreter, cell.stack].packages,
                {digest(outcome): steps for outcome, steps in each.told},
            )
    except OSError as error:
        raise Failure(f"the new state is written in part: {error}", HARNESS_FAILED) from error
    finally:
        close(store, finished=not resuming)
    write_reports(store.output, subjects)


def fail_if_not_all_was_seen(
    planned: Plan, again: Iterable[Again], missing: Mapping[tuple[str, str], str], broken: int
) -> None:
    """Raise where a cell that was to be checked could not be: it must not look like agreement."""
    unknown = [one.result for one in again if one.result.unknown]
    for result in unknown[:10]:
        say(f"unknown: {result.cell.id}: {'; '.join(result.unknown)}")
    if len(unknown) * MOST_UNKNOWN > len(planned.cells):
        number = words.count(len(planned.cells), "cell")
        raise Failure(
            f"{len(unknown)} of {number} could not be seen well enough, more than one in a hundred",
            HARNESS_FAILED,
        )
    if missing:
        names = ", ".join(sorted("/".join(key) for key in missing))
        raise Failure(f"not checked, for want of an environment: {names}", HARNESS_FAILED)
    if broken:
        number = words.count(broken, "scenario")
        raise Failure(f"{number} in error, see above; the others were checked", HARNESS_FAILED)


# ----------------------------------------------------------------------- diff


def find_sides(old: str, new: str, output: Path) -> Sides:
    """The two folders, or the two interpreters within the output folder."""
    try:
        folders = [find_records(Path(name)) for name in (old, new)]
    except ValueError as error:
        raise Failure(f"the records cannot be used: {error}", HARNESS_FAILED) from error
    mine, its = folders
    if mine is not None and its is not None:
        pairs = of_folders(mine, its)
        everything = [record for side in (mine, its) for rows in side.values() for record in rows]
        labels = (old, new)
    else:
        records = read(output)
        everything = [record for rows in records.values() for record in rows]
        if mine is not None or its is not None:
            folder, other = (old, new) if mine is not None else (new, old)
            raise Failure(
                f"'{other}' is no folder with observations, and '{folder}' is one: compare two"
                " folders, or two interpreters",
                USAGE_ERROR,
            )
        ids = {record.interpreter_id for record in everything}
        labels = (_the_interpreter(old, ids, output), _the_interpreter(new, ids, output))
        pairs = of_interpreters(records, *labels)
    if not pairs.pairs:
        raise Failure(f"nothing to compare: no cell of '{old}' is in '{new}' too", USAGE_ERROR)
    return Sides(pairs=pairs, everything=tuple(everything), labels=labels)


def _the_interpreter(name: str, ids: set[str], output: Path) -> str:
    if name in ids:
        return name
    try:
        check_pattern("interpreter", name, ids)
    except NothingMatches as error:
        hint = str(error).partition("; ")[2] or f"nothing is on record in {output}"
        raise Failure(
            f"'{name}' is neither a folder with observations nor an interpreter that is on record"
            f" in {output}; {hint}",
            USAGE_ERROR,
        ) from error
    raise Failure(f"'{name}' is a pattern; name one interpreter", USAGE_ERROR)


def compare_sides(sides: Sides) -> Compared:
    """What differs; what has no partner is told."""
    compared = compare(sides.pairs.pairs, sides.everything)
    for label, rows in zip(sides.labels, (sides.pairs.only_old, sides.pairs.only_new), strict=True):
        if rows:
            whose = ", ".join(sorted({record.interpreter_id for record in rows}))
            say(f"only in {label}, not compared: {words.count(len(rows), 'cell')} ({whose})")
    if compared.unseen:
        say(f"{words.count(compared.unseen, 'pair')} not compared: of one nothing was seen")
    return compared


def tell_differences(compared: Compared, sides: Sides, subjects: Subjects) -> None:
    """What differs, on stdout, what is alike together, with what explains it."""
    number = words.count(len(compared.pairs), "cell")
    between = " -> ".join(sides.labels)
    if not compared.changes:
        click.echo(f"{between}: {number} compared, all behave alike.")
        return
    click.echo(f"{between}: {len(compared.changes)} of {number} {_differ(len(compared.changes))}.")
    _echo(compared.changes, [pair.new for pair in compared.pairs], sides.labels, subjects)


def _differ(number: int) -> str:
    return "behaves differently" if number == 1 else "behave differently"


def _echo(
    found: Iterable[Change],
    compared: Iterable[Record],
    labels: tuple[str, str],
    subjects: Subjects,
) -> None:
    told = [words.Told(change=one, why=why_changed(one, subjects)) for one in found]
    for line in words.change_list(told, compared, labels):
        click.echo(line)
