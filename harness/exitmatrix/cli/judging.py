"""Cells and claims, judged by records: for commands that measure nothing, without what measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from exitmatrix.claims.assess import Evidence, assess_all, gather
from exitmatrix.claims.claim import Claim
from exitmatrix.claims.conditions import RunShown
from exitmatrix.claims.texts import CLAIMS
from exitmatrix.cli.records import read_all
from exitmatrix.judge.texts import ALL_LAWS
from exitmatrix.judge.verdict import judge_all
from exitmatrix.machine.division import divided
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.machine.store.verdicts import read_verdicts
from exitmatrix.model import Judgement, Record, Scenario, Timeline
from exitmatrix.model.record import Records
from exitmatrix.report.pages.claims import Reading

ResultT = TypeVar("ResultT")

FEW = 1000
"""Records that one core judges sooner than a copy of the process is made."""

TimelinesByCell = Mapping[tuple[str, str], tuple[Timeline | None, ...]]
"""For each outcome of a record in its order, by platform and cell."""


def judge_claims(
    folder: Path, subjects: dict[str, Scenario], claims: Sequence[Claim] = CLAIMS
) -> Reading:
    """Every claim, or these, judged by all the records that there are."""
    records = read_all(folder)
    return judged_by(records, timelines_of(folder, records), subjects, claims)


def judge_records(
    records: Records, subjects: Mapping[str, Scenario]
) -> dict[tuple[str, str], Judgement]:
    """As `judge_all`, on all cores where there are many records."""
    return on_all_cores(judge_all, records, subjects)


def on_all_cores(
    work: Callable[[Records, Mapping[str, Scenario]], Mapping[tuple[str, str], ResultT]],
    records: Records,
    subjects: Mapping[str, Scenario],
) -> dict[tuple[str, str], ResultT]:
    """What `work` gives for each record, by platform and cell, in their order.

    What is asked of one scenario about one termination is kept together: Pythons share answers.
    """
    if sum(map(len, records.values())) < FEW:
        return dict(work(records, subjects))
    parts: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for platform, rows in records.items():
        for one in rows:
            part = parts.setdefault((one.scenario, one.termination), {})
            part.setdefault(platform, []).append(one)
    results = divided(lambda some: work(some, subjects), [*parts.values()])
    found = {key: one for part in results for key, one in part.items()}
    return {
        (name, one.cell): found[name, one.cell] for name, rows in records.items() for one in rows
    }


def judged(
    folder: Path, records: Records, subjects: Mapping[str, Scenario]
) -> dict[tuple[str, str], Judgement]:
    """The judgement on each record: the saved one of a match, where that may be relied on.

    Anything but a match needs its reason, so it is judged again.
    """
    saved = {
        cell: Judgement(verdict=one, prediction=None)
        for cell, one in read_verdicts(folder).items()
        if one.verdict == "match" and all(id in ALL_LAWS for id in one.rules)
    }
    others = {
        platform: [one for one in rows if one.cell not in saved]
        for platform, rows in records.items()
    }
    again = judge_records(others, subjects)
    return {
        key: again.get(key) or saved[record.cell]
        for platform, rows in records.items()
        for record in rows
        for key in [(platform, record.cell)]
    }


def timelines_of(folder: Path, records: Records) -> TimelinesByCell:
    """What was kept of a run for each outcome, by platform and cell."""
    return {
        (platform, record.cell): tuple(kept.get((record.cell, digest(one))) for one in outcomes)
        for platform, rows in records.items()
        for kept in [read_timelines(folder, platform)]
        for record in rows
        for outcomes in [record.outcomes]
    }


def judged_by(
    records: Records,
    timelines: TimelinesByCell,
    subjects: dict[str, Scenario],
    claims: Sequence[Claim] = CLAIMS,
) -> Reading:
    """Every claim, or these, judged by these records."""
    evidence = []
    for platform, rows in records.items():
        for record in rows:
            kept = timelines[platform, record.cell]
            sights = tuple(
                RunShown(outcome=outcome, timeline=timeline)
                for outcome, timeline in zip(record.outcomes, kept, strict=True)
            )
            evidence.append(Evidence(platform=platform, record=record, sights=sights))
    assessments = assess_all(claims, gather(evidence, subjects))
    return Reading(evidence=tuple(evidence), assessments=assessments, scenarios=subjects)
