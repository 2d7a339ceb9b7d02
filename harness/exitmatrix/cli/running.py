"""Have a user's command run and ended as often as it takes: for `run`, and for pytest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.declare import launchers, situations, texts
from exitmatrix.judge.app import disagreements
from exitmatrix.machine.run.app import session
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.session import default_jobs
from exitmatrix.model import Unknown
from exitmatrix.model.app import AppSpec, AppTrial, Situation
from exitmatrix.model.app_outcome import AppOutcome, EndingResult
from exitmatrix.model.base import Frozen
from exitmatrix.model.tree import Tree
from exitmatrix.observe.app import observe_app, was_lost, why_unknown
from exitmatrix.observe.naming import same_names
from exitmatrix.plan import app as plan
from exitmatrix.report.app.notes import (
    BESIDE,
    SHORTENED,
    about_the_first,
    made_again,
    not_ready_again,
    waits_for,
)
from exitmatrix.report.render.text import fill

TOLD = 12  # last lines of an app that was not ready


class Show(Protocol):
    """Told of each run: how many are done, of how many, and which one it was."""

    def __call__(self, done: int, total: int, note: str, *, now: bool = False) -> None:
        """`now`: nothing will happen for a while."""


class Call(Frozen, kw_only=True):
    """What a user asks for: the command, and how it is started and ended."""

    command: tuple[str, ...]
    ready: str = "auto"
    ready_within: str = "30s"
    launcher: str = "direct"
    grace: str = "30s"
    at: str = ""
    trials: int = 3
    blind: bool = True  # whether a run without the probe is made
    jobs: int = 0  # 0: as many as there are cores, and one more
    roles: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    request: str = ""
    env: Mapping[str, str] = {}
    clean_env: bool = False
    inherit_coverage: bool = False  # whether the caller's coverage is measured in it too
    before: tuple[str, ...] = ()  # a command that is run once, first
    before_each: tuple[str, ...] = ()  # a command that is run before each run
    folder: str = ""  # where it is started; "": where the caller is
    keep: str = ""  # a folder for a copy of what each run has in its own
    patient: bool = False  # whether each run is watched for the whole grace period


class Measured(Frozen, kw_only=True):
    """What all runs showed."""

    results: tuple[EndingResult, ...]
    runs: int
    seconds: float
    grace: float
    notes: tuple[str, ...]


def find_situations(names: Sequence[str]) -> list[Situation]:
    """The endings that are asked for."""
    try:
        return [situations.find(name) for name in names]
    except situations.NoSuchSituation as error:
        raise Failure(str(error), USAGE_ERROR) from error


def read_call(call: Call) -> AppSpec:
    """What is run, whatever the ending."""
    try:
        ready = texts.readiness(call.ready, texts.time_given(call.ready_within))
        grace = texts.time_given(call.grace)
        how = launchers.find(call.launcher)
        roles = dict(texts.role(one) for one in call.roles)
        addresses = tuple(texts.address(one) for one in call.addresses)
        request = texts.request(call.request)
        words, script = launchers.wrap(how, call.command)
    except (texts.CannotRead, launchers.NoSuchLauncher, launchers.CannotLaunch) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    environment = session.callers_environment(
        call.env, clean=call.clean_env, coverage=call.inherit_coverage
    )
    folder = call.folder or session.working_folder()
    if not session.is_folder(folder, ""):
        raise Failure(f"{folder}: no such folder", USAGE_ERROR)
    for word in dict.fromkeys((call.command[0], words[0])):
        if word != launchers.SCRIPT_PATH and not session.find_command(word, environment, folder):
            why = session.why_no_command(word, folder)
            if word == call.command[0]:
                has = texts.hint_of_command(call.command, session.programs(environment))
            else:
                has = f"; the package {how.package} has it" if word == how.words[0] else ""
            raise Failure(f"{word}: {why}{has}", USAGE_ERROR)
    for one in call.folders:
        if not session.is_folder(one, folder):
            raise Failure(f"--look-in {one}: no such folder", USAGE_ERROR)
    return AppSpec(
        id="",
        words=words,
        script=script,
        terminal=how.terminal,
        namespace=how.namespace,
        starter=how.starter,
        folder=folder,
        environment=environment,
        situation=situations.SITUATIONS[0],
        target="",
        ready=ready,
        inside=session.PROBE,
        mechanisms=session.MECHANISMS,
        grace=grace,
        roles=roles,
        folders=call.folders,
        addresses=addresses,
        request=request,
    )


def measure(call: Call, wanted: Sequence[Situation], show: Show) -> Measured:
    """Run the first ending once, then all that is asked for. Raises Failure."""
    try:
        return _measure(call, wanted, show)
    except EngineDied as error:
        raise Failure(str(error), HARNESS_FAILED) from error


def _measure(call: Call, wanted: Sequence[Situation], show: Show) -> Measured:
    base = read_call(call)
    if call.before and (problem := session.run_before(call.before, base)):
        raise Failure(f"--before: {problem}", HARNESS_FAILED)
    jobs = call.jobs or default_jobs()
    notes: list[str] = []
    with session.AppSession(jobs, base.folder) as running:
        beside = running.has_neighbours()
        runs = _Runs(running, show, call)
        begun, (spec, trial) = runs.first(
            [plan.spec_for(base, one, call.at, alone=True) for one in wanted]
        )
        beside = beside or running.has_neighbours()
        tree = _check_first(spec, trial, call.at, BESIDE if beside else "")
        out = {one.id: plan.left_out(one, tree, base) for one in wanted}
        # Who asks for several at once knows what they share; a port is no matter of taste.
        alone = plan.why_alone(call.command, trial, base.folder, forced=call.jobs > 1)
        if alone and jobs > 1:
            notes.append(alone)
        at_once = 1 if alone or jobs == 1 else max(4 * jobs, plan.AT_ONCE)
        kinds = [
            (one, _kinds(call, call.trials - (place < begun)))
            for place, one in enumerate(wanted)
            if not out[one.id]
        ]
        rest = plan.in_turn(kinds) if at_once > 1 else plan.one_by_one(kinds)
        runs.take(_specs(base, call, rest, alone=at_once == 1), at_once)
        late = plan.why_alone(call.command, runs.of(spec), base.folder)
        if late and not alone and at_once > 1 and call.jobs < 2:
            # What the first run wrote, it wrote at its end, when others were there already.
            notes.append(late)
            at_once = 1
            runs.forget(wanted)
            kinds = [(one, _kinds(call, call.trials)) for one, _ in kinds]
            runs.take(_specs(base, call, plan.one_by_one(kinds), alone=True), 1)
        results = _results(runs.seen, wanted, out, call.at)
        again = plan.differing(results) if at_once > 1 and not call.jobs else ()
        if again:
            # What two runs share besides a port would be taken for a race of the program's own.
            notes.append(made_again(again))
            kept = runs.forget(again)
            kinds = [(one, _kinds(call, call.trials - kept.count(one.id))) for one in again]
            runs.take(_specs(base, call, plan.one_by_one(kinds), alone=True), 1)
            results = _results(runs.seen, wanted, out, call.at)
        if differing := [one.situation for one in results if disagreements(one)]:
            # Of a race, no number of runs shows all; two kinds that have nothing in common differ.
            more = [
                plan.spec_for(base, one, call.at, blind=blind, alone=at_once == 1 or one in again)
                for one in differing
                for blind in (True, False) * plan.MORE
            ]
            runs.take(more, 1 if again else at_once)
            results = _results(runs.seen, wanted, out, call.at)
        beside = beside or running.has_neighbours()
    if beside and any(trial.changed for _, trial in runs.seen):
        notes.append(BESIDE)
    if any(one.shortened for result in results for one in (*result.outcomes, *result.blind)):
        notes.append(SHORTENED)
    if told := about_the_first(runs.seen[0][1]):
        notes.append(told)
    if told := not_ready_again([trial for _, trial in runs.seen]):
        notes.append(told)
    return Measured(
        results=results,
        runs=runs.done,
        seconds=running.seconds,
        grace=base.grace,
        notes=tuple(notes),
    )


def _specs(
    base: AppSpec, call: Call, runs: Sequence[tuple[Situation, bool]], *, alone: bool
) -> list[AppSpec]:
    return [plan.spec_for(base, one, call.at, blind=blind, alone=alone) for one, blind in runs]


def _kinds(call: Call, trials: int) -> list[bool]:
    """Of each run of an ending, whether it is blind."""
    return [False] * trials + [True] * call.blind


Runs = Sequence[tuple[AppSpec, AppTrial]]


def _results(
    seen: Runs, wanted: Sequence[Situation], out: Mapping[str, str], at: str
) -> tuple[EndingResult, ...]:
    trials = [observe_app(trial, spec.folder, spec.roles) for spec, trial in seen]
    runs = [(spec, what) for (spec, _), what in zip(seen, same_names(trials), strict=True)]
    return tuple(_gather(one, at, out[one.id], runs) for one in wanted)


class _Runs:
    """The runs that are made, and what they showed."""

    def __init__(self, running: session.AppSession, show: Show, call: Call) -> None:
        self.seen: list[tuple[AppSpec, AppTrial]] = []
        self.done = 0
        self._running = running
        self._show = show
        self._call = call
        self._asked: list[AppSpec] = []  # kept, so that what `id` tells stays true
        self._numbers: dict[int, int] = {}  # in which order they were asked for
        self._under_way: set[int] = set()
        self._met: set[int] = set()  # those beside which others were under way
        self._resting: set[int] = set()  # those in which nothing is done but to wait for somebody

    def first(self, specs: Sequence[AppSpec]) -> tuple[int, tuple[AppSpec, AppTrial]]:
        """Make a run, and the next where it costs the harness; how many, and what the last shows.

        That is what it has shown when it is over, or only waits: then it goes on.
        """
        for number, spec in enumerate(specs, start=1):
            self._show(self.done, self.done + 1, f"{spec.id}: until it is ready")
            self._ask(spec)
            answer = self._answer(self.done + 1)
            if not was_lost(answer[1]) or number == len(specs):
                return number, answer
        raise ValueError("no run is asked for")

    def take(self, specs: Sequence[AppSpec], at_once: int) -> None:
        """Make runs, so many at once at most; one by one, each finds what the first found."""
        waiting, total = list(reversed(specs)), self.done + self._running.running + len(specs)
        if specs and not self._running.running:
            self._show(self.done, total, f"{specs[0].id}: until it is ready")
        while waiting or self._running.running:
            while waiting and self._running.running < at_once:
                self._ask(waiting.pop())
            self._answer(total)

    def _ask(self, spec: AppSpec) -> None:
        before = self._call.before_each
        if before and (problem := session.run_before(before, spec)):
            raise Failure(f"--before-each: {problem}", HARNESS_FAILED)
        if spec.alone and not self._call.patient:
            spec = replace(spec, as_before=self._who_went_on(spec))
        if self._call.keep:
            spec = replace(spec, keep=session.new_folder(self._call.keep, spec.id))
        self._under_way.add(id(spec))
        if len(self._under_way) > 1:
            self._met |= self._under_way
        self._numbers[id(spec)] = len(self._asked)
        self._asked.append(spec)
        self._running.ask(spec)

    def _who_went_on(self, spec: AppSpec) -> tuple[tuple[str, ...], ...]:
        """Who went on in runs of this ending that were watched for the whole grace period."""
        shown = (
            plan.who_goes_on(one, trial)
            for one, trial in self.seen
            if one.situation.id == spec.situation.id and not why_unknown(trial)
        )
        return tuple(dict.fromkeys(filter(None, shown)))

    def _answer(self, total: int) -> tuple[AppSpec, AppTrial]:
        spec, trial = self._running.answer()
        if not trial.over:
            self._resting.add(id(spec))
            all_rest = len(self._resting) == self._running.running
            told = waits_for(spec, plan.who_lives(spec, trial))
            self._show(self.done, total, told, now=all_rest)
            return spec, trial
        self._resting.discard(id(spec))
        self._under_way.discard(id(spec))
        if spec.alone and not any(one.shared for one in trial.left):
            self._running.put_aside([one.name for one in trial.left])
        self.seen.append((spec, trial))
        self.seen.sort(key=lambda one: self._numbers[id(one[0])])
        self.done += 1
        self._show(self.done, total, spec.id)
        return spec, trial

    def of(self, spec: AppSpec) -> AppTrial:
        """What the run of a spec has shown."""
        return next(trial for one, trial in self.seen if one is spec)

    def forget(self, situations: Sequence[Situation]) -> list[str]:
        """Take back runs of some endings that met others; the endings of those that are kept."""
        ids = {one.id for one in situations}
        self.seen = [
            (spec, trial)
            for spec, trial in self.seen
            if id(spec) not in self._met or spec.situation.id not in ids
        ]
        return [spec.situation.id for spec, _ in self.seen if not spec.blind]


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
