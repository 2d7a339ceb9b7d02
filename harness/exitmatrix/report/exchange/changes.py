"""Changes in behaviour, as `check --json` and `diff --json` print them."""

from __future__ import annotations

from exitmatrix.judge.reasons import Reasons
from exitmatrix.model import Frozen, Outcome, Record
from exitmatrix.model.change import Change
from exitmatrix.report.exchange import JSON_VERSION
from exitmatrix.report.pages.changes import command


class SideDocument(Frozen, kw_only=True, omit_defaults=False):
    """One side of a change."""

    cell: str
    packages: dict[str, str]
    outcomes: tuple[Outcome, ...]


class ChangeDocument(Frozen, kw_only=True):
    """A cell that behaves differently."""

    platform: str
    old: SideDocument
    new: SideDocument
    why: Reasons
    runs: int = 0  # how many runs the new side rests on; left out where that is not told
    again: str = ""  # the command that measures it again


class CheckDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `check --json` prints."""

    format: int = JSON_VERSION
    checked: int
    changes: tuple[ChangeDocument, ...]
    unknown: dict[str, tuple[str, ...]]  # reasons, by cell
    not_checked: dict[str, str]  # why there is no environment, by INTERPRETER/STACK


class DiffDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `diff --json` prints."""

    format: int = JSON_VERSION
    old: str
    new: str
    compared: int
    unseen: int  # pairs that were not compared: in one nothing was seen
    only_old: tuple[str, ...]  # cells
    only_new: tuple[str, ...]
    changes: tuple[ChangeDocument, ...]


class BisectDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `bisect --json` prints."""

    format: int = JSON_VERSION
    cell: str  # SCENARIO/TERMINATION@TARGET
    old: str  # the last release that behaves as before, or the oldest where all behave alike
    new: str  # the first that behaves differently, or the newest
    between: tuple[str, ...]  # releases that cannot be measured: any may be the first
    change: ChangeDocument | None  # none where all behave alike
    runs: tuple[int, int]  # of the old release and of the new one
    not_measured: dict[str, str]  # why, by release
    again: str  # the command that measures the two again


def change_document(change: Change, why: Reasons) -> ChangeDocument:
    """One change with the reasons for it."""
    return ChangeDocument(
        platform=change.platform,
        old=_side(change.old),
        new=_side(change.new),
        why=why,
        runs=change.runs,
        again=command(change.old, change.python, change.instead) if change.runs else "",
    )


def _side(record: Record) -> SideDocument:
    return SideDocument(cell=record.cell, packages=record.packages, outcomes=record.outcomes)
