"""What the facts of a server allow: signals followed through its processes. Pure.

Three laws hold for every server. A signal that has its default action, or is raised
again with it, ends a process without finalization: no handler of `atexit` runs. A
process that leaves by an exception or by return finalizes: they all run, last registered
first. SIGKILL cannot be handled.
"""

from __future__ import annotations

from exitmatrix.judge.served.data import with_data
from exitmatrix.judge.served.facts import facts_now
from exitmatrix.judge.served.group import group_hit
from exitmatrix.judge.served.hits import master_hit, predict_hit
from exitmatrix.judge.served.process import reaction_of
from exitmatrix.model import Prediction, Record, Scenario
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction, Server
from exitmatrix.model.tree import GROUP


def predict_served(record: Record, scenario: Scenario) -> Prediction:
    """What a server's facts allow for a cell. Raises NotPredicted."""
    return with_data(_predict(record, scenario), scenario)


def _predict(record: Record, scenario: Scenario) -> Prediction:
    facts = facts_now(record, scenario)
    signal, target = record.termination, record.target
    if not facts.workers or target == "worker":
        return _either(facts, reaction_of(facts, signal), signal)
    if target == GROUP and not facts.apart:
        return group_hit(facts, signal)
    return master_hit(facts, signal)


def _either(facts: Server, reaction: Reaction, signal: str) -> Prediction:
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
