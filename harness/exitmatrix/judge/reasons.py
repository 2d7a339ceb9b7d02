"""Why a cell behaves as it does, in the words of the laws. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.judge.texts import ALL_LAWS
from exitmatrix.judge.verdict import judge
from exitmatrix.model import Frozen, Judgement, Prediction, Record, Scenario
from exitmatrix.model.change import Change


class Reason(Frozen, kw_only=True):
    """A sentence; that of a law has its id, and may be about one of two interpreters."""

    text: str
    rule: str = ""
    subject: str = ""


Reasons = tuple[Reason, ...]


def why_changed(change: Change, scenarios: Mapping[str, Scenario]) -> Reasons:
    """What the laws say of a change.

    Of one cell they allow the same before and after, so they can say which of the
    two they allow. Of two cells, or of one with two releases of a package, they explain
    the difference where they predict one: by the laws that only one of the two rests on.
    """
    old = judge(change.old, scenarios.get(change.old.scenario))
    new = judge(change.new, scenarios.get(change.new.scenario))
    mine, its = old.prediction, new.prediction
    predicted = mine is not None and its is not None and mine.outcomes != its.outcomes
    if not predicted and change.old.cell == change.new.cell:
        return _which_is_right(old, new)
    return _by_rules_of_one(change, mine, its) if predicted and mine and its else ()


def _by_rules_of_one(change: Change, old: Prediction, new: Prediction) -> Reasons:
    mine, its = old.rules, new.rules
    apart = [
        (change.old, [id for id in mine if id not in its]),
        (change.new, [id for id in its if id not in mine]),
    ]
    reasons = tuple(_because(id, _subject(record, change)) for record, ids in apart for id in ids)
    return reasons or tuple(_because(id) for id in its)


def _which_is_right(old: Judgement, new: Judgement) -> Reasons:
    """One cell, before and now: what the laws expect, and who does it."""
    if new.prediction is None:
        return ()
    words = {
        ("match", "match"): "both are what the laws allow",
        ("match", "mismatch"): "what was expected is what the laws allow",
        ("mismatch", "match"): "what is seen now is what the laws allow",
        ("mismatch", "mismatch"): "neither is what the laws allow",
    }
    verdict = words.get((old.verdict.verdict, new.verdict.verdict))
    return (*((Reason(text=verdict),) if verdict else ()), *_reasons_of(new))


def _reasons_of(judgement: Judgement) -> Reasons:
    if judgement.prediction is None:
        return ()
    return tuple(_because(id) for id in judgement.prediction.rules)


def _because(id: str, subject: str = "") -> Reason:
    rule = ALL_LAWS.get(id)
    text = f"{rule.because} ({rule.source})" if rule else "a rule that is gone"
    return Reason(text=text, rule=id, subject=subject)


def _subject(record: Record, change: Change) -> str:
    """The interpreter, with the stack where that is not the same for both; else the packages."""
    python = record.interpreter_id
    if change.old.cell == change.new.cell:
        mine = dict(set(record.packages.items()) - set(_other(record, change).packages.items()))
        return ", ".join(f"{name} {version}" for name, version in sorted(mine.items()))
    return python if change.old.stack == change.new.stack else f"{python} with {record.stack}"


def _other(record: Record, change: Change) -> Record:
    return change.old if record is change.new else change.new
