"""Damaged laws, judged by what programs have shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from exitmatrix.cli.boundaries import neighbours
from exitmatrix.cli.programs import Run, profiles_of
from exitmatrix.declare.batch import file_of
from exitmatrix.declare.shrink import weight
from exitmatrix.judge.damage import Damage, moved_boundaries, notices, removed_laws
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.programs import compare
from exitmatrix.machine.store.corpus import Corpus
from exitmatrix.model import Frozen
from exitmatrix.model.boundary import Witness
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code


class Match(Frozen, kw_only=True):
    """What a program showed on a Python, as the laws foresee."""

    code: Code
    python: str
    seen: Seen
    laws: frozenset[str]  # that were used


def find_witnesses(run: Run, corpus: Corpus) -> Iterator[tuple[Damage, Witness | None]]:
    """For each damage the smallest program that notices it; None where there is none."""
    profiles = profiles_of(run.pythons)
    matches = sorted(_matches(run, corpus, profiles), key=lambda one: weight(one.code))
    pairs = [(left.id, right.id) for left, right in neighbours(run.pythons)]
    for damage in (*removed_laws(), *moved_boundaries(profiles, pairs)):
        yield damage, next(_noticing(damage, matches, profiles), None)


def _matches(run: Run, corpus: Corpus, profiles: Mapping[str, Profile]) -> Iterator[Match]:
    for number, code, _ in run:
        for id, seen in corpus.shown(number, file_of(code)[1]).items():
            if id in profiles and (compared := compare(code, profiles[id], seen)).word == "match":
                yield Match(code=code, python=id, seen=seen, laws=frozenset(compared.rules))


def _noticing(
    damage: Damage, matches: Sequence[Match], profiles: Mapping[str, Profile]
) -> Iterator[Witness]:
    for one in matches:
        concerned = damage.python in ("", one.python) and (not damage.law or damage.law in one.laws)
        if concerned and notices(one.code, profiles[one.python], one.seen, damage):
            yield Witness(damage=damage.name, python=one.python, program=one.code, shows=one.seen)


def print_damage(found: Sequence[tuple[Damage, Witness | None]]) -> None:
    """How many damages are noticed, and which are not."""
    missed = [damage.name for damage, witness in found if witness is None]
    for name in missed:
        click.echo(f"  no program notices: {name}")
    click.echo(f"{len(found) - len(missed)} of {len(found)} damages to the laws are noticed")
