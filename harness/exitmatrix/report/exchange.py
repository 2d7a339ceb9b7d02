"""What `--json` prints: a type for each command, from which its JSON Schema is made. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from exitmatrix.claims.assess import Assessment
from exitmatrix.claims.claim import Claim
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.judge.reasons import Reasons
from exitmatrix.model import (
    Frozen,
    Interpreter,
    Judgement,
    Outcome,
    Record,
    Scenario,
    Skipped,
    Stack,
    Termination,
    Timeline,
)
from exitmatrix.model.change import Change
from exitmatrix.model.versions import subject_words
from exitmatrix.report.pages.changes import command

VERSION = 1
"""Of these documents. Keys may be added under one number, not renamed."""


class Law(Frozen, kw_only=True):
    """A rule that a prediction rests on."""

    id: str
    because: str = ""
    source: str = ""


class CellDocument(Frozen, kw_only=True):
    """One cell, as `explain` tells it."""

    cell: str
    platform: str
    answer: str  # in a few words, with a symbol
    outcomes: tuple[Outcome, ...]
    timelines: tuple[Timeline | None, ...]  # of each outcome; null where no run of it was kept
    verdict: str
    rules: tuple[Law, ...]
    packages: dict[str, str]
    unknown: tuple[str, ...] = ()
    why: str = ""  # where the verdict is not `match`
    allowed: tuple[Outcome, ...] | None = None  # null where no rule speaks of it
    races: tuple[str, ...] = ()


class ExplainDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `explain --json` prints."""

    format: int = VERSION
    cells: tuple[CellDocument, ...]


class Side(Frozen, kw_only=True, omit_defaults=False):
    """One side of a change."""

    cell: str
    packages: dict[str, str]
    outcomes: tuple[Outcome, ...]


class ChangeDocument(Frozen, kw_only=True):
    """A cell that behaves otherwise."""

    platform: str
    old: Side
    new: Side
    why: Reasons
    runs: int = 0  # how many runs the new side rests on; left out where that is not told
    again: str = ""  # the command that measures it again


class CheckDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `check --json` prints."""

    format: int = VERSION
    checked: int
    changes: tuple[ChangeDocument, ...]
    unknown: dict[str, tuple[str, ...]]  # reasons, by cell
    not_checked: dict[str, str]  # why there is no environment, by INTERPRETER/STACK


class DiffDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `diff --json` prints."""

    format: int = VERSION
    old: str
    new: str
    compared: int
    unseen: int  # pairs that were not compared: of one nothing was seen
    only_old: tuple[str, ...]  # cells
    only_new: tuple[str, ...]
    changes: tuple[ChangeDocument, ...]


class RulingDocument(Frozen, kw_only=True, omit_defaults=False):
    """What a claim is worth for some of those who were asked."""

    verdict: str
    because: str
    who: str  # in words; "" for all


class ClaimDocument(Frozen, kw_only=True, omit_defaults=False):
    """A published claim; its verdict stands where it was judged."""

    id: str
    says: str
    rests_on: tuple[str, ...]  # patterns of SCENARIO/TERMINATION@TARGET


class JudgedClaimDocument(ClaimDocument, kw_only=True, omit_defaults=False):
    """A published claim, judged."""

    verdict: str
    rulings: tuple[RulingDocument, ...]


class ClaimsDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `claims --json` prints."""

    format: int = VERSION
    claims: tuple[JudgedClaimDocument, ...]


class CellsDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `list cells --json` prints."""

    cells: tuple[str, ...]
    left_out: tuple[Skipped, ...]


DOCUMENTS: Mapping[str, Any] = {
    "check": CheckDocument,
    "diff": DiffDocument,
    "explain": ExplainDocument,
    "claims": ClaimsDocument,
    "list-interpreters": list[Interpreter],
    "list-scenarios": list[Scenario],
    "list-terminations": list[Termination],
    "list-stacks": list[Stack],
    "list-claims": list[ClaimDocument],
    "list-cells": CellsDocument,
}
"""By the name of the command."""


def schema_texts() -> dict[str, str]:
    """The text of schemas/NAME.schema.json, by name."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        name: json.dumps(head | {"title": name} | msgspec.json.schema(kind), indent=2) + "\n"
        for name, kind in DOCUMENTS.items()
    }


def cell_document(
    platform: str,
    record: Record,
    judgement: Judgement,
    timelines: Sequence[Timeline | None],
    answer: str,
) -> CellDocument:
    """One cell with all that is known of it."""
    prediction = judgement.prediction
    return CellDocument(
        cell=record.cell,
        platform=platform,
        answer=answer,
        outcomes=record.outcomes,
        timelines=tuple(timelines),
        verdict=judgement.verdict.verdict,
        rules=tuple(_law(id) for id in prediction.rules) if prediction else (),
        packages=record.packages,
        unknown=record.unknown,
        why=judgement.why,
        allowed=prediction.outcomes if prediction else None,
        races=prediction.races if prediction else (),
    )


def change_document(change: Change, why: Reasons) -> ChangeDocument:
    """One change with the reasons for it."""
    return ChangeDocument(
        platform=change.platform,
        old=_side(change.old),
        new=_side(change.new),
        why=why,
        runs=change.runs,
        again=command(change.old, change.python) if change.runs else "",
    )


def claim_document(claim: Claim) -> ClaimDocument:
    """A claim that is not judged."""
    return ClaimDocument(id=claim.id, says=claim.says, rests_on=claim.rests_on)


def judged_claims(assessments: Iterable[Assessment]) -> ClaimsDocument:
    """Claims with their verdicts."""
    return ClaimsDocument(
        claims=tuple(
            JudgedClaimDocument(
                id=one.claim.id,
                says=one.claim.says,
                rests_on=one.claim.rests_on,
                verdict=one.verdict,
                rulings=_rulings(one),
            )
            for one in assessments
        )
    )


def _rulings(assessment: Assessment) -> tuple[RulingDocument, ...]:
    everyone = [who for ruling in assessment.rulings for who in ruling.subjects]
    return tuple(
        RulingDocument(
            verdict=one.verdict, because=one.because, who=subject_words(one.subjects, everyone)
        )
        for one in assessment.rulings
    )


def _law(id: str) -> Law:
    rule = LAWS_BY_ID.get(id)
    return Law(id=id, because=rule.because, source=rule.source) if rule else Law(id=id)


def _side(record: Record) -> Side:
    return Side(cell=record.cell, packages=record.packages, outcomes=record.outcomes)
