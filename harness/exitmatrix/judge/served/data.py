"""What becomes of the data of a server's workers that are gone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, product

from msgspec.structs import replace

from exitmatrix.judge.laws import LAWS as OF_PROGRAMS
from exitmatrix.judge.laws.law import Facts, Keeps
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.model import DataState, Outcome, Prediction, Process, Scenario
from exitmatrix.model.language import Code
from exitmatrix.model.outcome_sets import union

States = tuple[DataState, ...]
"""One, or those between which it depends on when somebody looks."""


def with_data(prediction: Prediction, scenario: Scenario, python: Profile) -> Prediction:
    """The prediction with what becomes of the data of each kind whose nature the header tells."""
    natures = scenario.program.data if scenario.program else ()
    if not natures:
        return prediction
    ask = Ask(OF_PROGRAMS, Code(body=()), python)

    def with_states(outcome: Outcome) -> Iterator[Outcome]:
        first, *workers = outcome.processes
        gone = [one for one in workers if one.exit is not None]
        states_of = {
            kind: STATES[nature](first, gone)
            if nature in STATES
            else _by_laws(nature, scenario.data.get(kind, "kept"), gone, ask)
            for kind, nature in sorted(natures)
        }
        for states in product(*states_of.values()):
            yield replace(outcome, data=dict(zip(states_of, states, strict=True)))

    outcomes = union(chain.from_iterable(map(with_states, prediction.outcomes)))
    own = dict.fromkeys(LAWS[nature] for _, nature in natures if nature in LAWS)
    return replace(prediction, outcomes=outcomes, rules=(*prediction.rules, *own, *ask.used))


def _by_laws(nature: str, clean: DataState, gone: Sequence[Process], ask: Ask) -> States:
    """What the laws of programs say of each worker; if they differ, of one that ends uncleanly.

    A worker finalizes if it leaves by itself and its handlers run. How far one came that a signal
    ended meanwhile, nobody says. Raises NotPredicted.
    """
    if not gone:
        raise NotPredicted(f"what becomes of the data while every worker lives: {nature}")
    states = [clean]
    for one in gone:
        finalizing = bool(one.fired)
        if finalizing and "signal" in (one.exit or {}):
            raise NotPredicted(f"how far the end of a worker came: {nature}")
        (effect,) = ask(
            "data", Facts(profile=ask.profile, data=nature, clean=clean, finalizing=finalizing)
        )
        if isinstance(effect, Keeps):
            states.append(effect.state)
    return (next((one for one in states if one != clean), clean),)


def _on_disk(_first: Process, gone: Sequence[Process]) -> States:
    return ("kept",) if gone else ("lost",)


def _by_handlers(_first: Process, gone: Sequence[Process]) -> States:
    """Each worker removes its own, or did not come to it."""
    return ("removed",) if all("A" in (one.fired or ()) for one in gone) else ("left behind",)


def _saved_by_handlers(_first: Process, gone: Sequence[Process]) -> States:
    return ("kept",) if all("A" in (one.fired or ()) for one in gone) else ("lost",)


def _by_master(first: Process, _gone: Sequence[Process]) -> States:
    """A master that lives, or leaves by itself, has seen the end of each worker."""
    return ("left behind",) if "signal" in (first.exit or {}) else ("removed",)


def _done(first: Process, gone: Sequence[Process]) -> States:
    """Nobody who runs tasks was ended by a signal: whoever goes on, or leaves by itself, finishes.

    One of a pool leaves with 0 then, and with the signal's number where that ended its task.
    """
    finished = [one.exit == {"code": 0} for one in gone] or ["signal" not in (first.exit or {})]
    return ("kept",) if all(finished) else ("lost",)


def _done_or_queued(first: Process, gone: Sequence[Process]) -> States:
    """The first process gives back what was not acknowledged, when it comes to its end."""
    if first.exit is None and gone:  # it is on the way to that
        return "kept", "lost"
    return ("kept",) if "code" in (first.exit or {}) else _done(first, gone)


def _done_or_not_acknowledged(first: Process, gone: Sequence[Process]) -> States:
    """The broker keeps it; but the first process acknowledges what its lost workers had."""
    return ("kept",) if "signal" in (first.exit or {}) else _done(first, gone)


STATES: Mapping[str, Callable[[Process, Sequence[Process]], States]] = {
    "on disk": _on_disk,
    "until its handlers run": _by_handlers,
    "of a worker, until its handlers save it": _saved_by_handlers,
    "of tasks, when they are done": _done,
    "of tasks, or in the queue again": _done_or_queued,
    "of tasks, or not acknowledged": _done_or_not_acknowledged,
    "until its master sees the end": _by_master,
}
LAWS: Mapping[str, str] = {
    "of tasks, when they are done": "server-tasks-are-finished",
    "of tasks, or in the queue again": "server-tasks-are-given-back",
    "of tasks, or not acknowledged": "server-tasks-are-acknowledged",
    "until its handlers run": "server-worker-cleans-up",
    "of a worker, until its handlers save it": "server-worker-saves",
    "until its master sees the end": "server-master-cleans-up",
}
