"""From a prediction and an observation to a verdict. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.launched import predict_launched
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.request import foresee_served
from exitmatrix.judge.used import with_libraries
from exitmatrix.model import Judgement, Prediction, Program, Record, Scenario, Verdict, VerdictWord
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.outcome_sets import allows, is_race

Profiler = Callable[[Mapping[str, Any], Mapping[str, str]], Profile]
"""From an interpreter and packages, as a record describes them, to parameters."""

NO_PROGRAM = "the scenario's header does not say what its program does"


def judge(
    record: Record,
    scenario: Scenario | None = None,
    laws: tuple[Law, ...] = LAWS,
    profiler: Profiler = profile,
) -> Judgement:
    """The verdict on one cell, with what the laws allow and why it is no match.

    What was not observed is unknown: a trial that showed too little, a process that
    nothing spoke from, and one whose end nobody saw. So is a cell in whose laws there
    is a mistake: what cannot be judged does not match, and does not stop the others.
    """
    prediction: Prediction | None = None
    word: VerdictWord
    try:
        prediction = expected(record, scenario, laws, profiler)
    except NotPredicted as error:
        word, why = "unpredicted", str(error)
    except Exception as error:  # noqa: BLE001 - a law is code, and may fail in any way
        word, why = "unknown", f"a rule failed: {type(error).__name__}: {error}"
    else:
        word, why = _compare(record, prediction)
    unseen = list(record.unknown) or list(dict.fromkeys(_unseen(record)))
    if unseen:
        word, why = "unknown", "; ".join(unseen)
    return _judgement(record, word, prediction, why)


def _unseen(record: Record) -> Iterator[str]:
    """What was not seen of the processes of its outcomes."""
    for one in (process for outcome in record.outcomes for process in outcome.processes):
        if one.fired is None:
            yield "a process was not observed from inside"
        if reason := (one.exit or {}).get("unknown"):
            yield f"the end of a process was not seen: {reason}"


def judge_all(
    records: Mapping[str, Iterable[Record]], scenarios: Mapping[str, Scenario]
) -> dict[tuple[str, str], Judgement]:
    """The judgement on each record of each platform, by platform and cell.

    What was predicted is kept of what is no match only: it is long.
    """
    return {key: brief(one) for key, _, one in judge_each(records, scenarios)}


def judge_each(
    records: Mapping[str, Iterable[Record]], scenarios: Mapping[str, Scenario]
) -> Iterator[tuple[tuple[str, str], Record, Judgement]]:
    """The platform and cell of each record, it, and the whole judgement on it."""
    for platform, rows in records.items():
        for record in rows:
            yield (platform, record.cell), record, judge(record, scenarios.get(record.scenario))


def brief(judgement: Judgement) -> Judgement:
    """The judgement; of a match, without the prediction."""
    return judgement if judgement.why else replace(judgement, prediction=None)


def expected(
    record: Record,
    scenario: Scenario | None,
    laws: tuple[Law, ...] = LAWS,
    profiler: Profiler = profile,
) -> Prediction:
    """What the laws allow for a record's cell; its outcomes are not looked at.

    Raises NotPredicted where the laws say nothing, and what a faulty law raises.
    """
    if record.termination not in TERMINATIONS:
        raise NotPredicted(f"{record.termination} is not in the catalogue any more")
    if scenario is not None and scenario.server:
        return foresee_served(record, scenario)
    about = profiler(record.interpreter, record.packages)
    if record.launcher != DIRECT and scenario is not None:
        return predict_launched(record, scenario, program_of(scenario), about, laws)
    termination = TERMINATIONS[record.termination]
    program = with_libraries(program_of(scenario), record.packages, record.interpreter)
    return predict(program, termination, record.target, about, laws)


def program_of(scenario: Scenario | None) -> Program:
    """The program that a scenario declares. Raises NotPredicted if it declares none."""
    if scenario is None or scenario.program is None:
        raise NotPredicted(NO_PROGRAM)
    program = scenario.program
    start = scenario.start.id if scenario.start else ""
    code = replace(program.code, printed=scenario.printed, length=scenario.length, start=start)
    return replace(program, code=code, clean=tuple(scenario.data.items()))


def _compare(record: Record, prediction: Prediction) -> tuple[VerdictWord, str]:
    strange = [one for one in record.outcomes if not allows(prediction.outcomes, one)]
    if not strange:
        return "match", ""
    return "mismatch", f"{len(strange)} of {len(record.outcomes)} outcomes are not allowed"


def _judgement(
    record: Record, word: VerdictWord, prediction: Prediction | None, why: str
) -> Judgement:
    return Judgement(
        verdict=Verdict(
            cell=record.cell,
            verdict=word,
            rules=prediction.rules if prediction else (),
            racy=is_race(record.outcomes),
        ),
        prediction=prediction,
        why=why,
    )
