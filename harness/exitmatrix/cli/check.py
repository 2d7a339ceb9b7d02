"""`exitmatrix check`: measure again, and compare with what is on record."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from exitmatrix.cli import options
from exitmatrix.cli.accepting import Again, accept, write_as
from exitmatrix.cli.changes import ChangeFormat, differ, explained, print_changes
from exitmatrix.cli.comparing import cells_to_measure, compare_as, tell_what_is_not_checked
from exitmatrix.cli.environments import (
    Environments,
    place_of,
    prepare_environments,
    unreached,
    without_bundles,
)
from exitmatrix.cli.errors import (
    DIFFERS,
    HARNESS_FAILED,
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    Interrupted,
    stopping_cleanly,
)
from exitmatrix.cli.measure import OutcomeTimelines, measure
from exitmatrix.cli.progress import Kind, reporter
from exitmatrix.cli.recording import open_store
from exitmatrix.cli.records import folder_to_read, read_all
from exitmatrix.cli.replacing import (
    Replacements,
    by_stack,
    find_replacements,
    other_releases,
    tell_how_to_find_out,
    tell_replaced,
    with_replacements,
    without_interpreters,
)
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import (
    check_machine,
    check_selection,
    find_interpreters,
    make_plan,
    selected,
    take_part,
)
from exitmatrix.cli.streams import say
from exitmatrix.cli.structured import echo_json
from exitmatrix.cli.unknown import fail_if_broken, fail_if_unknown
from exitmatrix.declare.stacks import STACK_NAME, STACKS
from exitmatrix.judge.races import is_raced
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.session import Session, default_jobs
from exitmatrix.machine.store.places import HERE, nearest_records
from exitmatrix.machine.store.records import platform_name
from exitmatrix.model import Cell, Interpreter, Outcome, Record, Scenario
from exitmatrix.model.change import Change
from exitmatrix.model.outcome_sets import contains
from exitmatrix.plan.cells import Plan, without
from exitmatrix.plan.changes import change, known, races
from exitmatrix.plan.schedule import RACY, Result, Schedule
from exitmatrix.report.exchange.changes import CheckDocument
from exitmatrix.report.pages.changes import count

Subjects = Mapping[str, Scenario]


@click.command("check")
@options.selection
@options.instead
@click.option("--newest", is_flag=True, help="Install the newest releases in the newest stacks.")
@click.option("--pre", is_flag=True, help="With --newest: include pre-releases.")
@click.option("--as", "name", metavar="NAME", help="Record the result of --with as stack NAME.")
@click.option("--update", is_flag=True, help="Record what is seen now, as matrix does.")
@options.shard
@options.jobs
@options.records("The records that are compared with; written with --update only.")
@options.progress
@options.rules
@options.format
@options.as_json
def command(
    python: Sequence[str],
    scenario: Sequence[str],
    launcher: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    instead: Sequence[str],
    newest: bool,
    pre: bool,
    name: str | None,
    update: bool,
    shard: str | None,
    jobs: int | None,
    folder: Path | None,
    progress: Kind,
    rules: bool,
    format: str,  # noqa: A002 - as the option is called
    as_json: bool,
) -> None:
    """Measure again, and compare with the records.

    Lists the changes, and exits with 1 if behaviour changed. A cell that agrees
    takes one run, and one that does not takes twenty. A race agrees if it shows an
    outcome that is on record, and no other but those that the laws allow. Timing is
    not compared. Cells without a record are counted, but are not changes.

    \b
      exitmatrix check --scenario 'flask*' --with werkzeug==3.0.6
      exitmatrix check --python 3.13 --with ./checkout --with dist/x.whl
      exitmatrix check --newest

    --with installs other packages in the stacks that hold them, and compares the
    result with the stacks' own records. --newest does so with the newest release of
    every package, in the newest stack of each server and framework; --pre includes
    pre-releases. No record is written, unless --as gives the result a name as a
    stack of its own, or --update accepts what was seen.
    """
    writes = update or name is not None
    if pre and not newest:
        raise Failure("--pre goes with --newest: --with names a pre-release itself", USAGE_ERROR)
    check_names(instead, newest, name, update)
    if writes and folder is None and nearest_records() != HERE:
        option = "--update" if update else "--as"
        raise Failure(f"{option} writes the records: name their folder with --records", USAGE_ERROR)
    folder = folder_to_read(folder)
    selection = selected(scenario, launcher, termination, target, stack)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        check_selection(selection, subjects)
        check_machine()
        found = find_interpreters(python)
        records = read_committed(folder)
        found = compare_as(found, records, writes)
        replacements = find_replacements(instead, found, newest, pre)
        others = by_stack(replacements, selection)
        selection = with_replacements(selection, replacements)
        found = without_interpreters(found, replacements)
        planned = make_plan(found, subjects, selection)
        tell_what_is_not_checked(planned, found, records, selection, python)
        planned = take_part(planned, subjects, selection, shard)
        planned = cells_to_measure(planned, found, records, writes)
        store = open_store(folder) if writes else None
        environments, missing = prepare_environments(
            planned, found, progress, others, replacements.renewed
        )
        planned = without_bundles(without(planned, missing), environments, subjects)
        runs = 0 if name else RACY
        again = measure_again(planned, environments, subjects, records, runs, jobs, progress)
        changes = find_changes(again, records, environments, found, replacements, subjects)
        if store and name:
            write_as(name, store, again, found, environments, subjects)
        elif store:
            accept(store, again, changes, records, found, environments, subjects)
    compared = [records[one.result.cell.id] for one in again if one.result.cell.id in records]
    if instead or newest:
        tell_replaced(replacements, compared, environments)
        tell_how_to_find_out(changes)
    else:
        tell_other_packages(compared, environments)
    if as_json:
        echo_json(
            CheckDocument(
                checked=len(compared),
                changes=explained(changes, subjects),
                unknown={
                    one.result.cell.id: one.result.unknown for one in again if one.result.unknown
                },
                not_checked={"/".join(key): reason for key, reason in missing.items()},
            )
        )
    else:
        tell_changes(changes, compared, subjects, ChangeFormat(format=format, rules=rules))
    if changes and not update:
        sys.exit(DIFFERS)
    if (instead or newest) and not stack:
        missing = unreached(missing)  # of the others it was told that they cannot have it
    fail_if_not_all_was_seen(planned, again, missing, broken)


def check_names(instead: Sequence[str], newest: bool, name: str | None, update: bool) -> None:
    """Fail if results with other packages would be written as those of the stack's own."""
    if newest and (instead or name):
        raise Failure(
            "--newest takes no --with and no --as: those name single packages", USAGE_ERROR
        )
    if newest and update:
        raise Failure(
            "--newest writes nothing: a stack's file in declare/pins is what names its releases",
            USAGE_ERROR,
        )
    if update and instead:
        raise Failure(
            "--update would write it as the stack's own record: --as NAME writes what --with shows",
            USAGE_ERROR,
        )
    if name is None:
        return
    if not instead:
        raise Failure(
            "--as names what --with shows: say what, as --with PACKAGE==VERSION", USAGE_ERROR
        )
    if any(name == one.name for one in STACKS):
        raise Failure(
            f"--as {name}: that is a stack with pins of its own; take another", USAGE_ERROR
        )
    if not STACK_NAME.fullmatch(name):
        raise Failure(
            f"--as {name}: a stack is called by small letters, digits, '.' and '-'", USAGE_ERROR
        )


def read_committed(folder: Path) -> dict[str, Record]:
    """The records of this platform by cell."""
    rows = read_all(folder).get(platform_name(), [])
    if not rows:
        raise Failure(
            f"nothing is on record for {platform_name()} in {folder}: `exitmatrix matrix` measures"
            " it, and --records names another folder",
            USAGE_ERROR,
        )
    return {record.cell: record for record in rows}


def measure_again(
    planned: Plan,
    environments: Environments,
    subjects: Subjects,
    records: Mapping[str, Record],
    runs: int,
    jobs: int | None,
    progress: Kind,
) -> list[Again]:
    """Measure each cell once, or as often as it takes to be sure. Nothing is written.

    `runs` is how many stand behind the records: a new stack's record has none.
    """
    schedule = Schedule(
        planned.cells,
        several={one.id: len(one.roles) > 1 for one in subjects.values()},
        known=known(records, runs),
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
                note = f"{schedule.settled:,} of {schedule.total:,} cells"
                bar.show(done["runs"], done["runs"] + left, note)

            def keep(result: Result, timelines: OutcomeTimelines) -> None:
                earlier = again.get(result.cell.id)
                if earlier:  # a race has reopened it
                    result = earlier.result.and_then(result)
                    timelines = [*earlier.timelines, *timelines]
                again[result.cell.id] = Again(result=result, timelines=timelines)
                record = records.get(result.cell.id)
                if record and record.outcomes and shows_more(record, result, subjects):
                    say(f"differs: {result.cell.id}")  # known at once, should the run be stopped

            measure(schedule, session, places, subjects, on_result=keep, on_trial=seen)
            session.finish()
    except (Interrupted, KeyboardInterrupt):
        raise Failure("stopped; nothing was written", INTERRUPTED) from None
    except (EngineDied, OSError) as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    return list(again.values())


def shows_more(record: Record, result: Result, subjects: Subjects) -> bool:
    """Whether a cell shows what is neither on record nor allowed by the laws as part of a race."""
    return any(
        not contains(record.outcomes, one) and not raced(subjects)(record, one)
        for one in result.outcomes
    )


def raced(subjects: Subjects) -> Callable[[Record, Outcome], bool]:
    """Whether the laws know of a race in a cell of these programs, and allow an outcome of it."""
    return lambda record, shown: is_raced(record, subjects.get(record.scenario), shown)


def find_changes(
    again: Iterable[Again],
    records: Mapping[str, Record],
    environments: Environments,
    interpreters: Mapping[str, Interpreter],
    replacements: Replacements,
    subjects: Subjects,
) -> list[Change]:
    """The cells that showed what is not on record, and is no race by the laws."""
    found = [
        change(
            platform_name(),
            records[one.result.cell.id],
            one.result,
            environments[one.result.cell.interpreter, one.result.cell.stack].packages,
            raced(subjects),
        )
        for one in again
        if one.result.cell.id in records and records[one.result.cell.id].outcomes
    ]
    changed = [
        replace(
            one,
            python=interpreters[one.old.interpreter_id].argument,
            instead=replacements.asked or (other_releases(one) if replacements.newest else ()),
        )
        for one in found
        if one
    ]
    return sorted(changed, key=lambda one: one.new.cell)


def tell_other_packages(compared: Iterable[Record], environments: Environments) -> None:
    """Say where packages are not those on record: that is no change in behaviour."""
    other = sorted(
        {
            f"{record.interpreter_id}/{record.stack}"
            for record in compared
            if environments[record.interpreter_id, record.stack].packages != record.packages
        }
    )
    if other:
        say(f"measured with other packages than those on record: {', '.join(other)}")


def tell_changes(
    found: Sequence[Change], compared: Sequence[Record], subjects: Subjects, shown: ChangeFormat
) -> None:
    """The changes in behaviour, on stdout."""
    number = count(len(compared), "cell")
    if not found:
        click.echo(f"{number} checked: all behave as on record.")
        return
    title = f"{len(found)} of {number} {differ(len(found))}."
    print_changes(found, compared, ("expected", "seen"), subjects, title, shown)


def fail_if_not_all_was_seen(
    planned: Plan, again: Iterable[Again], missing: Mapping[tuple[str, str], str], broken: int
) -> None:
    """Fail if a cell could not be checked: that must not pass for agreement."""
    fail_if_unknown(
        [(one.result.cell.id, one.result.unknown) for one in again if one.result.unknown],
        len(planned.cells),
    )
    if missing:
        names = ", ".join(sorted("/".join(key) for key in missing))
        raise Failure(f"not checked: no environment for {names}", HARNESS_FAILED)
    fail_if_broken(broken, "were checked")
