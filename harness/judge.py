"""From a prediction and an observation to a verdict. Pure."""

from __future__ import annotations

from harness.model import Judgement, Record, Scenario, Verdict
from harness.outcomes import is_race


def judge(record: Record, scenario: Scenario | None = None) -> Judgement:
    """The verdict on one cell. Without rules nothing is predicted, and nothing can match.

    What was not observed is unknown: a trial that showed too little, and a process
    that nothing spoke from.
    """
    mute = any(one.fired is None for outcome in record.outcomes for one in outcome.processes)
    return Judgement(
        verdict=Verdict(
            cell=record.cell,
            verdict="unknown" if record.unknown or mute else "unpredicted",
            rules=(),
            racy=is_race(record.outcomes),
        )
    )
