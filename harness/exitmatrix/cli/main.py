"""The commands. Each one reads as the list of its stages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from exitmatrix.cli.blog import (
    DEEDS,
    Victim,
    choose_python,
    find_stack,
    painter,
    the_plan,
    the_program,
    watch,
)
from exitmatrix.cli.comparison import (
    DIFFERS,
    accept,
    choose,
    compare_sides,
    fail_if_not_all_was_seen,
    find_changes,
    find_sides,
    measure_again,
    read_committed,
    tell_changes,
    tell_differences,
    tell_what_is_not_checked,
)
from exitmatrix.cli.explain import find, read_some, tell, write_reproducer
from exitmatrix.cli.progress import Kind, outlive_readers
from exitmatrix.cli.publication import (
    choose as choose_claims,
)
from exitmatrix.cli.publication import (
    judge_claims,
    measure_missing,
    missing,
    tell_claims,
    tell_if_2020_is_missing,
    write_page,
)
from exitmatrix.cli.stages import (
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    check_machine,
    check_selection,
    ending_in_peace,
    fail_if_too_little_was_seen,
    find_interpreters,
    load_scenarios,
    make_plan,
    open_store,
    plan_all,
    prepare_environments,
    read,
    run,
    stopping_cleanly,
    tell_the_end,
    without,
    write_reports,
)
from exitmatrix.declare.terminations import CATALOGUE
from exitmatrix.plan.cells import Selection


def _many(*names: str, text: str) -> Callable[[Any], Any]:
    return click.option(*names, multiple=True, metavar="PATTERN", help=text)


def _selection(command: Any) -> Any:
    for option in (
        _many("--stack", text="Only these stacks."),
        _many("--target", text="Only these targets: a role, or group."),
        _many("--termination", text="Only these terminations."),
        _many("--scenario", text="Only these scenarios."),
        click.option(
            "--python",
            multiple=True,
            metavar="PATTERN|PATH",
            help="Only these interpreters: ids such as 'cpython-3.1*', or paths.",
        ),
    ):
        command = option(command)
    return command


_jobs = click.option(
    "--jobs",
    default=None,
    type=click.IntRange(1, 512),
    help="Trials that may use the processor at once.  [default: one a core and one more]",
)
_progress = click.option(
    "--progress",
    default="auto",
    type=click.Choice(["auto", "rich", "plain", "none"]),
    show_default=True,
    help="How progress is shown on stderr.",
)


def _output(text: str) -> Callable[[Any], Any]:
    return click.option(
        "--output",
        default="reports",
        type=click.Path(path_type=Path, file_okay=False),
        show_default=True,
        help=text,
    )


def entry() -> None:
    """The console script."""
    with ending_in_peace():
        main()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="exitmatrix")
def main() -> None:
    """When a process ends this way, does my clean-up run?

    exitmatrix starts small Python programs, ends each in many ways, and records
    which atexit handlers ran, in which process and in what order.

    \b
      exitmatrix matrix                        measure everything, write reports/
      exitmatrix matrix --python 'cpython-3.1*' --scenario plain
      exitmatrix list cells --scenario flask-debug --termination SIGKILL
      exitmatrix check                         measure again: what changed?
      exitmatrix diff cpython-3.12.1 cpython-3.13.0
      exitmatrix explain flask-debug/SIGKILL@child
      exitmatrix claims                        are published claims true?
      exitmatrix blog --victim parent          watch kill -9 to one of two pids

    Patterns take * and ?; quote them. An option given twice means either.
    """
    outlive_readers()


@main.command("matrix")
@_selection
@click.option(
    "--trials", default=1, type=click.IntRange(1, 1000), help="At least so many runs a cell."
)
@_jobs
@_output("Where records and report are written.")
@_progress
def matrix_command(
    python: Sequence[str],
    scenario: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    trials: int,
    jobs: int | None,
    output: Path,
    progress: Kind,
) -> None:
    """Measure cells and write the records, the verdicts and the report.

    \b
    OUTPUT/observations/<platform>/<interpreter>.jsonl   what was seen
    OUTPUT/timelines/<platform>/<interpreter>.jsonl      one run of each outcome
    OUTPUT/verdicts.jsonl                                 seen against expected
    OUTPUT/matrix.md                                      the report

    What is already there is kept: a cell whose record agrees takes one run, and
    an interrupted run goes on where it stopped.
    """
    selection = _selected(scenario, termination, target, stack)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        check_selection(selection, subjects)
        check_machine()
        found = find_interpreters(python)
        planned = make_plan(found, subjects, selection)
        store = open_store(output)
        environments, missing = prepare_environments(planned, found, progress)
        planned = without(planned, missing)
        interrupted, usage = run(
            planned, environments, found, subjects, store, trials, jobs, progress
        )
        records = write_reports(output, subjects)
    tell_the_end(planned, records, store, usage, interrupted, output)
    if interrupted:
        raise Failure(
            "stopped; what was measured is kept, and the same command goes on from there",
            INTERRUPTED,
        )
    fail_if_too_little_was_seen(planned, store, broken)


# -------------------------------------------------------------- check and diff


@main.command("check")
@_selection
@click.option("--update", is_flag=True, help="Accept what is seen now: write it as matrix would.")
@_jobs
@_output("The records that are compared with; written with --update only.")
@_progress
def check_command(
    python: Sequence[str],
    scenario: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    update: bool,
    jobs: int | None,
    output: Path,
    progress: Kind,
) -> None:
    """Measure again, and compare with what is on record.

    Exits with 1, and a list of the changes, where behaviour changed. A cell that
    agrees takes one run, one that does not takes twenty; a race agrees as long
    as it shows what is on record. Timing is never compared.

    Cells that have no record are counted, and are no change.
    """
    selection = _selected(scenario, termination, target, stack)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        check_selection(selection, subjects)
        check_machine()
        found = find_interpreters(python)
        planned = make_plan(found, subjects, selection)
        records = read_committed(output)
        tell_what_is_not_checked(planned, found, records, selection, python)
        planned = choose(planned, records, update)
        store = open_store(output) if update else None
        environments, missing = prepare_environments(planned, found, progress)
        planned = without(planned, missing)
        again = measure_again(planned, environments, subjects, records, jobs, progress)
        changes = find_changes(again, records, environments)
        if store:
            accept(store, again, changes, records, found, environments, subjects)
    tell_changes(changes, again, records, environments, subjects)
    if changes and not update:
        sys.exit(DIFFERS)
    fail_if_not_all_was_seen(planned, again, missing, broken)


@main.command("diff")
@click.argument("old")
@click.argument("new")
@_output("Where the records of two interpreters are looked up.")
def diff_command(old: str, new: str, output: Path) -> None:
    """Compare two folders of observations, or two interpreters.

    \b
      exitmatrix diff cpython-3.12.1 cpython-3.13.0
      exitmatrix diff reports /tmp/measured

    Exits with 1 where behaviour differs. Interpreters are compared with the same
    stack, else with the newest that each can have. Where runs vary, two differ
    only if they have no outcome in common.
    """
    subjects, _ = load_scenarios()
    sides = find_sides(old, new, output)
    compared = compare_sides(sides)
    tell_differences(compared, sides, subjects)
    if compared.changes:
        sys.exit(DIFFERS)


def _selected(*axes: Sequence[str]) -> Selection:
    names = ("scenario", "termination", "target", "stack")
    return Selection(**{name: tuple(axis) for name, axis in zip(names, axes, strict=True)})


# -------------------------------------------------------------------- explain


@main.command("explain")
@click.argument("cell")
@_output("Where the records and timelines are.")
@click.option(
    "--reproducer",
    default=None,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write a program that shows the cell without the harness; - for stdout.",
)
def explain_command(cell: str, output: Path, reproducer: Path | None) -> None:
    """Say what happens in a cell, in which order, why, and since which version.

    \b
      exitmatrix explain cpython-3.13.0/none/plain/SIGTERM@main
      exitmatrix explain 'pypy-*/flask-debug/SIGKILL@*'
      exitmatrix explain plain/SIGTERM

    Where CELL, a pattern or a part of an id, names several cells, they are listed
    with a short answer each. Nothing is run: all is told from the records.

    \b
      exitmatrix explain cpython-3.13.0/none/plain/SIGTERM@main \\
          --reproducer sigterm.py
      python3.13 sigterm.py

    writes a program for Python 2.7 or 3.6 and later that shows the same without
    exitmatrix. Its first lines name the packages that it needs.
    """
    records = read_some(output)
    found = find(cell, records)
    subjects, _ = load_scenarios()
    if reproducer:
        write_reproducer(found, subjects, reproducer)
    else:
        tell(found, records, subjects, output)


# --------------------------------------------------------------------- claims


@main.command("claims")
@click.argument("claim", nargs=-1)
@click.option(
    "--python",
    multiple=True,
    metavar="PATTERN|PATH",
    help="Measure with these only: ids such as 'cpython-3.1*', or paths.",
)
@_jobs
@_output("Where the records are, and where claims.md is written.")
@_progress
def claims_command(
    claim: Sequence[str], python: Sequence[str], jobs: int | None, output: Path, progress: Kind
) -> None:
    """Judge what was published about exit handlers by what was observed.

    \b
      exitmatrix claims            every claim: its verdict, and OUTPUT/claims.md
      exitmatrix claims B7 B8      these two in full, on the terminal as well

    Cells that a claim rests on and that have no record are measured first; where
    all have one, nothing is run. A verdict is computed from the records: holds,
    holds since or until a version, holds but not for the reason given,
    contradicted. An opinion cannot be tested.
    """
    chosen = choose_claims(claim)
    with stopping_cleanly():
        subjects, broken = load_scenarios()
        records = read(output)
        found = find_interpreters(python)
        tell_if_2020_is_missing(found, records)
        planned = missing(chosen, found, subjects, records)
        if planned.cells:
            measure_missing(planned, found, subjects, output, jobs, progress, broken)
        reading = judge_claims(output, subjects)
        write_page(reading, output)
    tell_claims(reading, chosen, bool(claim), output)


# ----------------------------------------------------------------------- blog


@main.command("blog")
@click.option(
    "--victim",
    default="child",
    type=click.Choice(list(DEEDS)),
    show_default=True,
    help="Who gets kill -9; request: a view calls os._exit(0) instead.",
)
@click.option("--stack", default="flask-1.1", show_default=True, help="The Flask to run.")
@click.option(
    "--python",
    multiple=True,
    metavar="PATTERN|PATH",
    help="The interpreter.  [default: the newest CPython that can have the stack]",
)
@click.option(
    "--pace",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0, 60),
    help="Seconds between the steps.",
)
def blog_command(victim: Victim, stack: str, python: Sequence[str], pace: float) -> None:
    """Watch the experiment with the two pids, live.

    Starts a Flask app under the debug server, shows its two processes, ends one,
    and marks each line that they write with who wrote it. Then the port is asked,
    and everything is cleaned up. Ctrl-C stops it, and leaves nothing running.

    \b
      exitmatrix blog                    kill -9 to the child: a handler is seen
      exitmatrix blog --victim parent    kill -9 to the parent: none is seen
      exitmatrix blog --victim request --stack flask-3.1
    """
    chosen = find_stack(stack)
    with stopping_cleanly():
        subjects, _ = load_scenarios()
        program = the_program(subjects)
        check_machine()
        found = find_interpreters(python, quiet=True)
        planned = the_plan(choose_python(found, chosen), chosen, victim)
        environments, _ = prepare_environments(planned, found, "none")
        cell = planned.cells[0]
        watch(cell, environments[cell.interpreter, cell.stack], program, pace, painter())


# ----------------------------------------------------------------------- list


@main.group("list")
def list_group() -> None:
    """List what there is: interpreters, scenarios, terminations, cells."""


_json = click.option("--json", "as_json", is_flag=True, help="One JSON list on stdout.")


def show(rows: Sequence[Any], as_json: bool, line: Callable[[Any], str]) -> None:
    """Print values, for people or for programs."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
    else:
        for row in rows:
            click.echo(line(row))


@list_group.command("interpreters")
@_json
def list_interpreters(as_json: bool) -> None:
    """The Pythons of this machine, by id."""
    found = find_interpreters((), quiet=as_json)
    show(list(found.values()), as_json, lambda one: f"{one.id:26} {one.path}")


@list_group.command("scenarios")
@_json
def list_scenarios(as_json: bool) -> None:
    """The programs that are run."""
    subjects, broken = load_scenarios()
    show(list(subjects.values()), as_json, lambda one: f"{one.id:28} {one.title}")
    if broken:
        sys.exit(USAGE_ERROR)


@list_group.command("terminations")
@_json
def list_terminations(as_json: bool) -> None:
    """The ways to end a program."""
    show(CATALOGUE, as_json, lambda one: f"{one.id:20} {one.does}")


@list_group.command("cells")
@_selection
@_json
def list_cells(
    python: Sequence[str],
    scenario: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    as_json: bool,
) -> None:
    """The cells of a selection, and what is left out and why."""
    selection = _selected(scenario, termination, target, stack)
    subjects, _ = load_scenarios()
    check_selection(selection, subjects)
    found = find_interpreters(python, quiet=True)
    planned = plan_all(found, subjects, selection)
    if as_json:
        rows = {"cells": [cell.id for cell in planned.cells], "left_out": planned.left_out}
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
        return
    for cell in planned.cells:
        click.echo(cell.id)
    for out in planned.left_out:
        click.echo(f"left out: {out}: {out.reason}")
