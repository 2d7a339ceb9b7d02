"""Cells, as `explain --json` prints them."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.judge.texts import ALL_LAWS
from exitmatrix.model import Frozen, Judgement, Outcome, Record, Timeline
from exitmatrix.report.exchange import JSON_VERSION


class LawDocument(Frozen, kw_only=True):
    """A law that a prediction rests on."""

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
    rules: tuple[LawDocument, ...]
    packages: dict[str, str]
    unknown: tuple[str, ...] = ()
    why: str = ""  # where the verdict is not `match`
    allowed: tuple[Outcome, ...] | None = None  # null where no law covers it
    races: tuple[str, ...] = ()


class ExplainDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `explain --json` prints."""

    format: int = JSON_VERSION
    cells: tuple[CellDocument, ...]


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


def _law(id: str) -> LawDocument:
    rule = ALL_LAWS.get(id)
    return (
        LawDocument(id=id, because=rule.because, source=rule.source) if rule else LawDocument(id=id)
    )
