"""Changes in behaviour on stdout, for `check` and `diff`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from exitmatrix.judge.reasons import why_changed
from exitmatrix.model import Record, Scenario
from exitmatrix.model.change import Change
from exitmatrix.report.exchange.changes import ChangeDocument, change_document
from exitmatrix.report.pages import changes as words


def differ(number: int) -> str:
    """What is said of so many cells."""
    return "behaves differently" if number == 1 else "behave differently"


def explained(
    found: Iterable[Change], subjects: Mapping[str, Scenario]
) -> tuple[ChangeDocument, ...]:
    """The changes with what explains each, for programs."""
    return tuple(change_document(one, why_changed(one, subjects)) for one in found)


def print_changes(
    found: Iterable[Change],
    compared: Iterable[Record],
    labels: tuple[str, str],
    subjects: Mapping[str, Scenario],
) -> None:
    """The changes, those that are alike together, with what explains each."""
    told = [words.ExplainedChange(change=one, why=why_changed(one, subjects)) for one in found]
    for line in words.change_list(told, compared, labels):
        click.echo(line)
