"""The commands. Each one reads as the list of its stages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.plan import Selection
from harness.progress import Kind
from harness.stages import (
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    check_machine,
    check_selection,
    fail_if_too_little_was_seen,
    find_interpreters,
    load_scenarios,
    make_plan,
    open_store,
    plan_all,
    prepare_environments,
    run,
    stopping_cleanly,
    tell_the_end,
    without,
    write_reports,
)
from harness.terminations import CATALOGUE


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

    Patterns take * and ?; quote them. An option given twice means either.
    """


@main.command("matrix")
@_selection
@click.option(
    "--trials", default=1, type=click.IntRange(1, 1000), help="At least so many runs a cell."
)
@click.option(
    "--jobs",
    default=None,
    type=click.IntRange(1, 512),
    help="Trials that may use the processor at once.  [default: one a core and one more]",
)
@click.option(
    "--output",
    default="reports",
    type=click.Path(path_type=Path, file_okay=False),
    show_default=True,
    help="Where records and report are written.",
)
@click.option(
    "--progress",
    default="auto",
    type=click.Choice(["auto", "rich", "plain", "none"]),
    show_default=True,
    help="How progress is shown on stderr.",
)
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


def _selected(*axes: Sequence[str]) -> Selection:
    names = ("scenario", "termination", "target", "stack")
    return Selection(**{name: tuple(axis) for name, axis in zip(names, axes, strict=True)})


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
        where = f"{out.interpreter}/{out.stack}/{out.scenario}/{out.termination}@{out.target}"
        click.echo(f"left out: {where}: {out.reason}")
