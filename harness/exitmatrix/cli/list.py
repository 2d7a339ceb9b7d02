"""`exitmatrix list`: what there is to select."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from exitmatrix.claims.texts import CLAIMS
from exitmatrix.cli import options
from exitmatrix.cli.groups import CommandGroup
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import (
    check_selection,
    find_interpreters,
    plan_all,
    selected,
)
from exitmatrix.cli.streams import one_line
from exitmatrix.cli.structured import echo_json
from exitmatrix.cli.unknown import fail_if_broken
from exitmatrix.declare.stacks import STACKS
from exitmatrix.declare.terminations import CATALOGUE
from exitmatrix.report.exchange.claims import claim_document
from exitmatrix.report.exchange.schemas import CellsDocument
from exitmatrix.report.render.text import fill


@click.group("list", cls=CommandGroup)
def command() -> None:
    """List interpreters, stacks, scenarios, terminations, cells or claims."""


def show(rows: Sequence[Any], as_json: bool, line: Callable[[Any], str]) -> None:
    """Print values, for people or for programs."""
    if as_json:
        echo_json(rows)
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
    fail_if_broken(broken, "are listed")


@command.command("terminations")
@options.as_json
def list_terminations(as_json: bool) -> None:
    """The ways to end a program."""
    show(CATALOGUE, as_json, lambda one: f"{one.id:20} {one.does}")


@command.command("stacks")
@options.as_json
def list_stacks(as_json: bool) -> None:
    """The pinned sets of packages, and the Pythons for each."""
    show(STACKS, as_json, lambda one: f"{one.name:20} Python {one.requires}")


@command.command("claims")
@options.as_json
def list_claims(as_json: bool) -> None:
    """The published claims, in our words."""
    if as_json:
        echo_json([claim_document(one) for one in CLAIMS])
        return
    for one in CLAIMS:
        for line in fill(one.says, f"{one.id:4} ", "     "):
            click.echo(line)


@command.command("cells")
@options.selection
@options.as_json
def list_cells(
    python: Sequence[str],
    scenario: Sequence[str],
    launcher: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
    as_json: bool,
) -> None:
    """The cells of a selection, and what is left out and why."""
    selection = selected(scenario, launcher, termination, target, stack)
    subjects, _ = load_scenarios()
    check_selection(selection, subjects)
    found = find_interpreters(python, quiet=True)
    planned = plan_all(found, subjects, selection)
    if as_json:
        cells = tuple(cell.id for cell in planned.cells)
        echo_json(CellsDocument(cells=cells, left_out=planned.left_out))
        return
    for cell in planned.cells:
        click.echo(cell.id)
    for out in planned.left_out:
        click.echo(one_line(f"left out: {out}: {out.reason}"))
