"""What is compared with what, when two folders or two interpreters are, and what differs. Pure.

An interpreter may be named with a stack: then one stack is compared with another.

Two that were asked the same question differ by the law of the report: their sets
of outcomes hold nothing in common. That holds in a race too, because every cell
of a racy question is run twenty times. One of which nothing was seen is not compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from exitmatrix.model import Frozen, Question, Record, Side
from exitmatrix.model.change import Change
from exitmatrix.model.record import Records
from exitmatrix.model.versions import stack_age
from exitmatrix.report.survey import apart, varies, visible


class Pair(Frozen, kw_only=True):
    """Two records that answer the same question."""

    platform: str
    old: Record
    new: Record


class Pairs(Frozen, kw_only=True):
    """What can be compared, and what cannot: records that have no partner."""

    pairs: tuple[Pair, ...]
    only_old: tuple[Record, ...] = ()
    only_new: tuple[Record, ...] = ()


class Comparison(Frozen, kw_only=True):
    """The pairs of which both were seen, those of them that differ, and how many were not."""

    pairs: tuple[Pair, ...]
    changes: tuple[Change, ...]
    unseen: int


def of_folders(old: Records, new: Records) -> Pairs:
    """The same cell on the same platform, here and there."""
    mine = {(platform, r.cell): r for platform, rows in old.items() for r in rows}
    its = {(platform, r.cell): r for platform, rows in new.items() for r in rows}
    return Pairs(
        pairs=tuple(
            Pair(platform=key[0], old=mine[key], new=its[key]) for key in sorted(mine.keys() & its)
        ),
        only_old=tuple(mine[key] for key in sorted(mine.keys() - its)),
        only_new=tuple(its[key] for key in sorted(its.keys() - mine)),
    )


def of_interpreters(records: Records, old: Side, new: Side) -> Pairs:
    """The same question put to two interpreters, on each platform that has both."""
    pairs: list[Pair] = []
    only_old: list[Record] = []
    only_new: list[Record] = []
    for platform, rows in sorted(records.items()):
        mine, its = _by_question(rows, old), _by_question(rows, new)
        if not mine or not its:
            continue
        for key in sorted(mine.keys() | its):
            here, there = mine.get(key, {}), its.get(key, {})
            partners = comparable(here, there)
            pairs += [Pair(platform=platform, old=here[a], new=there[b]) for a, b in partners]
            if not partners:
                only_old += here.values()
                only_new += there.values()
    return Pairs(pairs=tuple(pairs), only_old=tuple(only_old), only_new=tuple(only_new))


def comparable(old: Iterable[str], new: Iterable[str]) -> list[tuple[str, str]]:
    """Stacks that are compared: each with itself, and the newest of those that only one has."""
    mine, its = set(old), set(new)
    same = mine & its
    pairs = [(stack, stack) for stack in sorted(same, key=stack_age)]
    if mine - same and its - same:
        pairs.append((max(mine - same, key=stack_age), max(its - same, key=stack_age)))
    return pairs


def compare(pairs: Sequence[Pair], everything: Iterable[Record]) -> Comparison:
    """What differs. `everything` that was measured says which questions are racy."""
    racy = {one.question for one in everything if varies(visible(one.outcomes))}
    seen = [pair for pair in pairs if pair.old.outcomes and pair.new.outcomes]
    return Comparison(
        pairs=tuple(seen),
        changes=tuple(
            Change(platform=pair.platform, old=pair.old, new=pair.new)
            for pair in seen
            if apart(pair.old.outcomes, pair.new.outcomes, pair.old.question in racy)
        ),
        unseen=len(pairs) - len(seen),
    )


def _by_question(rows: Iterable[Record], side: Side) -> dict[Question, dict[str, Record]]:
    """The records of an interpreter by question and stack."""
    found: defaultdict[Question, dict[str, Record]] = defaultdict(dict)
    for record in rows:
        if record.interpreter_id == side.interpreter and side.stack in ("", record.stack):
            found[record.question][record.stack] = record
    return found
