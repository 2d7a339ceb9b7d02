"""Every claim, judged by records: for the commands that measure nothing, without what measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exitmatrix.claims.assess import Evidence, assess_all, gather
from exitmatrix.claims.claim import Claim
from exitmatrix.claims.conditions import Run
from exitmatrix.claims.texts import CLAIMS
from exitmatrix.cli.records import Records, read
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import Scenario, Timeline
from exitmatrix.report.pages.claims import Reading

Timelines = Mapping[tuple[str, str], tuple[Timeline | None, ...]]
"""For each outcome of a record in its order, by platform and cell."""


def judge_claims(
    folder: Path, subjects: dict[str, Scenario], claims: Sequence[Claim] = CLAIMS
) -> Reading:
    """Every claim, or these, judged by all the records that there are."""
    records = read(folder)
    return judged_by(records, timelines_of(folder, records), subjects, claims)


def timelines_of(folder: Path, records: Records) -> Timelines:
    """What was kept of a run for each outcome, by platform and cell."""
    return {
        (platform, record.cell): tuple(told.get((record.cell, digest(one))) for one in outcomes)
        for platform, rows in records.items()
        for told in [read_timelines(folder, platform)]
        for record in rows
        for outcomes in [record.outcomes]
    }


def judged_by(
    records: Records,
    timelines: Timelines,
    subjects: dict[str, Scenario],
    claims: Sequence[Claim] = CLAIMS,
) -> Reading:
    """Every claim, or these, judged by these records."""
    evidence = []
    for platform, rows in records.items():
        for record in rows:
            kept = timelines[platform, record.cell]
            sights = tuple(
                Run(outcome=outcome, timeline=timeline)
                for outcome, timeline in zip(record.outcomes, kept, strict=True)
            )
            evidence.append(Evidence(platform=platform, record=record, sights=sights))
    assessments = assess_all(claims, gather(evidence, subjects))
    return Reading(evidence=tuple(evidence), assessments=assessments, scenarios=subjects)
