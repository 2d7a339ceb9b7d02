"""`exitmatrix list`: what there is to select."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

from exitmatrix.cli import options
from exitmatrix.cli.errors import USAGE_ERROR
from exitmatrix.cli.groups import Group
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import (
    check_selection,
    find_interpreters,
    plan_all,
    selected,
)
from exitmatrix.cli.streams import one_line
from exitmatrix.declare.terminations import CATALOGUE


@click.group("list", cls=Group)
def command() -> None:
    """List what there is: interpreters, scenarios, terminations, cells."""


def show(rows: Sequence[Any], as_json: bool, line: Callable[[Any], str]) -> None:
    """Print values, for people or for programs."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
    else:
        for row in rows:
            click.echo(one_line(line(row)))


@command.command("interpreters")
@options.as_json
def list_interpreters(as_json: bool) -> None:
    """The Pythons of this machine, by id."""
    found = find_interpreters((), quiet=as_json)
    show(list(found.values()), as_json, lambda one: f"{one.id:26} {one.path}")


@command.command("scenarios")
@options.as_json
def list_scenarios(as_json: bool) -> None:
    """The programs that are run."""
    subjects, broken = load_scenarios()
    show(list(subjects.values()), as_json, lambda one: f"{one.id:28} {one.title}")
    if broken:
        sys.exit(USAGE_ERROR)


@command.command("terminations")
@options.as_json
def list_terminations(as_json: bool) -> None:
    """The ways to end a program."""
    show(CATALOGUE, as_json, lambda one: f"{one.id:20} {one.does}")


@command.command("cells")
@options.selection
@options.as_json
def list_cells(
    python: Sequence[str],
    scenario: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    as_json: bool,
) -> None:
    """The cells of a selection, and what is left out and why."""
    selection = selected(scenario, termination, target, stack)
    subjects, _ = load_scenarios()
    check_selection(selection, subjects)
    found = find_interpreters(python, quiet=True)
    planned = plan_all(found, subjects, selection)
    if as_json:
        rows = {"cells": [cell.id for cell in planned.cells], "left_out": planned.left_out}
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    for cell in planned.cells:
        click.echo(cell.id)
    for out in planned.left_out:
        click.echo(one_line(f"left out: {out}: {out.reason}"))
