"""What the facts of a server allow: signals followed through its processes. Pure.

What Python makes of a process that leaves in one way or another is not said here: the laws of
all programs tell it (`python.py`).
"""

from __future__ import annotations

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.data import with_data
from exitmatrix.judge.served.facts import ServedFacts, facts_now, tells_both
from exitmatrix.judge.served.group import group_hit
from exitmatrix.judge.served.hits import master_hit, predict_hit, resized
from exitmatrix.judge.served.process import reaction_of
from exitmatrix.model import Prediction, Record, Scenario
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction
from exitmatrix.model.tree import GROUP


def predict_served(record: Record, scenario: Scenario) -> Prediction:
    """What a server's facts allow for a cell. Raises NotPredicted."""
    facts = facts_now(record, scenario)
    return with_data(_predict(record, facts), scenario, facts.profile)


def _predict(record: Record, facts: ServedFacts) -> Prediction:
    signal, target = record.termination, record.target
    if TERMINATIONS[signal].then and not tells_both(facts, signal, target):
        raise NotPredicted(f"what {signal} comes to with {facts.id}")
    if signal in facts.resizes and target == "master":
        return resized(facts, signal)
    if not facts.workers or target == "worker":
        return _either(facts, reaction_of(facts, signal), signal)
    if target == GROUP and not facts.apart:
        return group_hit(facts, signal)
    return master_hit(facts, signal)


def _either(facts: ServedFacts, reaction: Reaction, signal: str) -> Prediction:
    """What a process comes to, and what it may come to instead where it races with itself."""
    made = predict_hit(facts, reaction, signal)
    if reaction.race is None:
        return made
    other = predict_hit(facts, reaction.race.instead, signal)
    return Prediction(
        outcomes=union((*made.outcomes, *other.outcomes)),
        rules=tuple(dict.fromkeys((*made.rules, *other.rules))),
        races=(reaction.race.between, *made.races),
    )
