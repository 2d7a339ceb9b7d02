"""What becomes of the data of a server's workers that are gone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from exitmatrix.model import DataState, Outcome, Prediction, Process, Scenario
from exitmatrix.model.outcome_sets import union


def with_data(prediction: Prediction, scenario: Scenario) -> Prediction:
    """The same with what becomes of each kind of data that the header tells the nature of."""
    natures = scenario.program.data if scenario.program else ()
    if not natures:
        return prediction
    return replace(
        prediction,
        outcomes=union(_told(one, natures) for one in prediction.outcomes),
        rules=(*prediction.rules, *(LAWS[nature] for _, nature in natures if nature in LAWS)),
    )


def _told(outcome: Outcome, natures: Sequence[tuple[str, str]]) -> Outcome:
    master, *workers = outcome.processes
    gone = [one for one in workers if one.exit is not None]
    return replace(
        outcome, data={kind: STATES[nature](master, gone) for kind, nature in sorted(natures)}
    )


def _on_disk(_master: Process, gone: Sequence[Process]) -> DataState:
    return "kept" if gone else "lost"


def _by_handlers(_master: Process, gone: Sequence[Process]) -> DataState:
    """Each worker removes its own, or did not come to it."""
    return "removed" if all("A" in (one.fired or ()) for one in gone) else "left behind"


def _by_master(master: Process, _gone: Sequence[Process]) -> DataState:
    """A master that lives, or leaves by itself, has seen the end of each worker."""
    return "left behind" if "signal" in (master.exit or {}) else "removed"


STATES: Mapping[str, Callable[[Process, Sequence[Process]], DataState]] = {
    "on disk": _on_disk,
    "until its handlers run": _by_handlers,
    "until its master sees the end": _by_master,
}
LAWS: Mapping[str, str] = {
    "until its handlers run": "server-worker-cleans-up",
    "until its master sees the end": "server-master-cleans-up",
}
