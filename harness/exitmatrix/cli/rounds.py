"""Have a user's command run and ended as often as it takes: for `run`, and for pytest.

In rounds, each of which is decided by what was seen before it: one run; all that are planned; those
that what they share may have changed, one by one; more of those that differ without the probe.
"""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.cli.invocation import Invocation, read_call
from exitmatrix.cli.runs import Runs, Show
from exitmatrix.judge.app import disagreements
from exitmatrix.machine.run.app import session
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.session import default_jobs
from exitmatrix.model import Unknown
from exitmatrix.model.app import AppSpec, AppTrial, Situation
from exitmatrix.model.app_outcome import AppOutcome, EndingResult
from exitmatrix.model.base import Frozen
from exitmatrix.model.tree import Tree
from exitmatrix.observe.app import observe_app, why_unknown
from exitmatrix.observe.naming import same_names
from exitmatrix.plan import app as plan
from exitmatrix.report.app.notes import (
    BESIDE,
    SHORTENED,
    about_the_first,
    made_again,
    not_ready_again,
)
from exitmatrix.report.render.text import fill

TOLD = 12  # last lines of an app that was not ready


class Measured(Frozen, kw_only=True):
    """What all runs showed."""

    results: tuple[EndingResult, ...]
    runs: int
    seconds: float
    grace: float
    notes: tuple[str, ...]


def measure_endings(call: Invocation, wanted: Sequence[Situation], show: Show) -> Measured:
    """Run the first ending once, then all that is asked for. Raises Failure."""
    base = read_call(call)
    if call.before and (problem := session.run_before(call.before, base)):
        raise Failure(f"--before: {problem}", HARNESS_FAILED)
    try:
        with session.AppSession(call.jobs or default_jobs(), base.folder) as running:
            rounds = _Rounds(base, call, wanted, running, show)
            rounds.first()
            rounds.planned()
            rounds.again_after_what_the_first_wrote()
            rounds.again_where_runs_differ()
            rounds.more_where_the_probe_may_matter()
            return rounds.measured()
    except (EngineDied, OSError) as error:
        raise Failure(str(error), HARNESS_FAILED) from error


class _Rounds:
    """Which runs are made in each round."""

    def __init__(
        self,
        base: AppSpec,
        call: Invocation,
        wanted: Sequence[Situation],
        running: session.AppSession,
        show: Show,
    ) -> None:
        self._base = base
        self._call = call
        self._wanted = wanted
        self._running = running
        self._runs = Runs(running, show, call)
        self._beside = running.shares_folder()
        self._begun = 0  # endings that have had a run, from the first on
        self._first: AppSpec = base  # the run that was made before all others
        self._left_out: dict[str, str] = {}  # by ending, why nothing is run of it
        self._at_once = 1
        self._notes: list[str] = []

    def first(self) -> None:
        """One run, which shows whether the others can be made at once. Raises Failure."""
        specs = [plan.spec_for(self._base, one, self._call.at, alone=True) for one in self._wanted]
        self._begun, (self._first, trial) = self._runs.first(specs)
        self._beside = self._beside or self._running.shares_folder()
        note = BESIDE if self._beside else ""
        tree = _check_first(self._first, trial, self._call.at, note)
        self._left_out = {one.id: plan.left_out(one, tree, self._base) for one in self._wanted}
        jobs = self._running.jobs
        # Who asks for several at once knows what they share; a port is no matter of taste.
        forced = self._call.jobs > 1
        alone = plan.why_alone(self._call.command, trial, self._base.folder, forced=forced)
        if alone and jobs > 1:
            self._notes.append(alone)
        self._at_once = 1 if alone or jobs == 1 else max(4 * jobs, plan.AT_ONCE)

    def planned(self) -> None:
        """All runs that are asked for, but for those that were made."""
        self._take(
            [
                (one, self._kinds(self._call.trials - (place < self._begun)))
                for place, one in enumerate(self._wanted)
            ]
        )

    def again_after_what_the_first_wrote(self) -> None:
        """One by one, if it wrote at its end: when others were there already."""
        if self._at_once == 1 or self._call.jobs > 1:
            return
        trial = self._runs.of(self._first)
        if why := plan.why_alone(self._call.command, trial, self._base.folder):
            self._notes.append(why)
            self._take_again(self._wanted)

    def again_where_runs_differ(self) -> None:
        """One by one: what two share besides a port would be taken for the program's own race."""
        if self._at_once == 1 or self._call.jobs:
            return
        if differing := plan.differing(self._results()):
            self._notes.append(made_again(differing))
            self._take_again(differing)

    def more_where_the_probe_may_matter(self) -> None:
        """More with and without it, where what they showed has nothing in common.

        Of a race, a few runs do not show all.
        """
        differing = [one.situation for one in self._results() if disagreements(one)]
        self._take([(one, (True, False) * plan.MORE) for one in differing])

    def measured(self) -> Measured:
        """What all of them showed."""
        results, trials = self._results(), [trial for _, trial in self._runs.seen]
        beside = self._beside or self._running.shares_folder()
        if beside and any(one.changed for one in trials):
            self._notes.append(BESIDE)
        if any(one.shortened for result in results for one in (*result.outcomes, *result.blind)):
            self._notes.append(SHORTENED)
        self._notes += filter(None, (about_the_first(trials[0]), not_ready_again(trials)))
        return Measured(
            results=results,
            runs=self._runs.done,
            seconds=self._running.seconds,
            grace=self._base.grace,
            notes=tuple(self._notes),
        )

    def _kinds(self, trials: int) -> list[bool]:
        """Of each run of an ending, whether it is blind."""
        return [False] * trials + [True] * self._call.blind

    def _take(self, endings: Sequence[tuple[Situation, Sequence[bool]]]) -> None:
        """Make runs of endings, of each of which is said whether it is blind."""
        alone = self._at_once == 1
        kinds = [(one, kinds) for one, kinds in endings if not self._left_out[one.id]]
        order = plan.one_by_one(kinds) if alone else plan.in_turn(kinds)
        at = self._call.at
        self._runs.take(
            [plan.spec_for(self._base, one, at, blind=blind, alone=alone) for one, blind in order],
            self._at_once,
        )

    def _take_again(self, endings: Sequence[Situation]) -> None:
        """Make runs of endings again that met others, and all that follow, one by one."""
        kept, trials = self._runs.forget(endings), self._call.trials
        self._at_once = 1
        self._take([(one, self._kinds(trials - kept.count(one.id))) for one in endings])

    def _results(self) -> tuple[EndingResult, ...]:
        seen, at = self._runs.seen, self._call.at
        trials = [observe_app(trial, spec.folder, spec.roles) for spec, trial in seen]
        runs = [(spec, what) for (spec, _), what in zip(seen, same_names(trials), strict=True)]
        return tuple(_gather(one, at, self._left_out[one.id], runs) for one in self._wanted)


def _check_first(spec: AppSpec, trial: AppTrial, at: str, note: str) -> Tree:
    """Fail where the command is never ready, or a target names nobody; else its tree."""
    tree = Tree(trial.tree, spec.roles)
    ready = any(one.event.kind == "ready" for one in trial.history)
    if not ready:
        last = tuple(f"  | {line}" for line in trial.output.splitlines()[-TOLD:])
        last += tuple(fill(note)) if note else ()
        raise Failure(why_unknown(trial) or "it was never ready", HARNESS_FAILED, last)
    if at and (reason := plan.unknown_target(at, tree)):
        raise Failure(reason, USAGE_ERROR)
    return tree


def _gather(
    situation: Situation,
    at: str,
    left_out: str,
    runs: Sequence[tuple[AppSpec, AppOutcome | Unknown]],
) -> EndingResult:
    """All runs of an ending."""
    outcomes: list[AppOutcome] = []
    unknown: list[str] = []
    blind: list[AppOutcome] = []
    blind_unknown = ""
    for spec, what in runs:
        if spec.situation.id != situation.id:
            continue
        if spec.blind and isinstance(what, Unknown):
            blind_unknown = what.reason
        elif spec.blind and isinstance(what, AppOutcome):
            blind.append(what)
        elif isinstance(what, Unknown):
            unknown.append(what.reason)
        else:
            outcomes.append(what)
    return EndingResult(
        situation=situation,
        target=at or situation.target,
        outcomes=() if left_out else tuple(outcomes),
        unknown=tuple(unknown),
        blind=tuple(blind),
        blind_unknown=blind_unknown,
        left_out=left_out,
    )
