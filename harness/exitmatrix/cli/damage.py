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
from exitmatrix.model.boundary import Witness
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code

Shown = Sequence[tuple[Code, Mapping[str, Seen]]]


def find_witnesses(run: Run, corpus: Corpus) -> Iterator[tuple[Damage, Witness | None]]:
    """For each damage the smallest program that notices it; None where there is none."""
    profiles = profiles_of(run.pythons)
    programs = [(code, corpus.shown(number, file_of(code)[1])) for number, code, _ in run]
    programs.sort(key=lambda one: weight(one[0]))
    pairs = [(left.id, right.id) for left, right in neighbours(run.pythons)]
    for damage in (*removed_laws(), *moved_boundaries(profiles, pairs)):
        yield damage, next(_noticing(damage, programs, profiles), None)


def _noticing(
    damage: Damage, programs: Shown, profiles: Mapping[str, Profile]
) -> Iterator[Witness]:
    for code, shown in programs:
        for id in [damage.python] if damage.python else profiles:
            if id not in shown:
                continue
            compared = compare(code, profiles[id], shown[id])
            unused = damage.law and damage.law not in compared.rules
            if compared.word != "match" or unused:
                continue
            if notices(code, profiles[id], shown[id], damage):
                yield Witness(damage=damage.name, python=id, program=code, shows=shown[id])


def print_damage(found: Sequence[tuple[Damage, Witness | None]]) -> None:
    """How many damages are noticed, and which are not."""
    missed = [damage.name for damage, witness in found if witness is None]
    for name in missed:
        click.echo(f"  no program notices: {name}")
    click.echo(f"{len(found) - len(missed)} of {len(found)} damages to the laws are noticed")
