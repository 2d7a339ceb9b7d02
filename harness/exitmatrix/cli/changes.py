"""Changes in behaviour on stdout, for `check` and `diff`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from exitmatrix.judge.reasons import why_changed
from exitmatrix.model import Frozen, Record, Scenario
from exitmatrix.model.change import Change
from exitmatrix.report.exchange.changes import ChangeDocument, change_document
from exitmatrix.report.pages import changes as words
from exitmatrix.report.render.markdown import markdown


class ChangeFormat(Frozen, kw_only=True):
    """How changes are shown."""

    format: str = "text"
    rules: bool = False  # what explains each


def differ(number: int) -> str:
    """The verb for a number of cells."""
    return "behaves differently" if number == 1 else "behave differently"


def explained(
    found: Iterable[Change], subjects: Mapping[str, Scenario]
) -> tuple[ChangeDocument, ...]:
    """The changes with their explanations, as documents for `--json`."""
    return tuple(change_document(one, why_changed(one, subjects)) for one in found)


def print_changes(
    found: Iterable[Change],
    compared: Iterable[Record],
    labels: tuple[str, str],
    subjects: Mapping[str, Scenario],
    title: str,
    shown: ChangeFormat,
) -> None:
    """The changes below a line that counts them, those that are alike together."""
    with_reasons = [
        words.ExplainedChange(change=one, why=why_changed(one, subjects)) for one in found
    ]
    groups = words.group_changes(with_reasons, compared, with_rules=shown.rules)
    if shown.format == "markdown":
        section = words.change_section(title, groups, labels)
        click.echo(markdown(section), nl=False)
        return
    click.echo(title)
    for line in words.change_list(groups, labels):
        click.echo(line)
