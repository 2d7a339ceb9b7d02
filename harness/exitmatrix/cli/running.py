"""Have a user's command run and ended as often as it takes: for `run`, and for pytest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
from exitmatrix.report.app.notes import BESIDE, made_again, not_ready_again
from exitmatrix.report.render.text import fill

TOLD = 12  # last lines of an app that was not ready

Show = Callable[[int, int, str], None]
"""Told of each run: how many are done, of how many, and which one it was."""


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
    before: tuple[str, ...] = ()  # a command that is run once, first
    before_each: tuple[str, ...] = ()  # a command that is run before each run
    folder: str = ""  # where it is started; "": where the caller is


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
        ready = texts.readiness(call.ready, texts.duration(call.ready_within))
        grace = texts.duration(call.grace)
        how = launchers.find(call.launcher)
        roles = dict(texts.role(one) for one in call.roles)
        addresses = tuple(texts.address(one) for one in call.addresses)
        request = texts.request(call.request)
        words, script = launchers.wrap(how, call.command)
    except (texts.CannotRead, launchers.NoSuchLauncher, launchers.CannotLaunch) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    environment = session.callers_environment(call.env, clean=call.clean_env)
    folder = call.folder or session.working_folder()
    for word in dict.fromkeys((call.command[0], words[0])):
        if word != launchers.SCRIPT_PATH and not session.find_command(word, environment, folder):
            has = f"; the package {how.package} has it" if word == how.words[0] else ""
            why = session.why_no_command(word, folder)
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
        runs = _Runs(running, show, call.before_each)
        for one in wanted:
            first = plan.spec_for(base, one, call.at, alone=True)
            runs.take([first], 1)
            if not was_lost(runs.seen[-1][1]):
                break
        begun = len(runs.seen)
        spec, trial = runs.seen[-1]
        beside = beside or running.has_neighbours()
        tree = _check_first(spec, trial, call.at, BESIDE if beside else "")
        out = {one.id: plan.left_out(one, tree, base) for one in wanted}
        # Who asks for several at once knows what they share; a port is no matter of taste.
        alone = plan.why_alone(call.command, trial, base.folder, forced=call.jobs > 1)
        if alone and jobs > 1:
            notes.append(alone)
        at_once = 1 if alone or jobs == 1 else 4 * jobs
        rest = [
            plan.spec_for(base, one, call.at, blind=blind, alone=at_once == 1)
            for place, one in enumerate(wanted)
            if not out[one.id]
            for blind in _kinds(call, call.trials - (place < begun))
        ]
        runs.take(rest, at_once)
        results = _results(runs.seen, wanted, out, call.at)
        again = plan.differing(results) if at_once > 1 and not call.jobs else ()
        if again:
            # What two runs share besides a port would be taken for a race of the program's own.
            notes.append(made_again(again))
            kept = runs.forget(again)
            runs.take(
                [
                    plan.spec_for(base, one, call.at, blind=blind, alone=True)
                    for one in again
                    for blind in _kinds(call, call.trials - kept.count(one.id))
                ],
                1,
            )
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
    if told := not_ready_again([trial for _, trial in runs.seen]):
        notes.append(told)
    return Measured(
        results=results,
        runs=runs.done,
        seconds=running.seconds,
        grace=base.grace,
        notes=tuple(notes),
    )


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

    def __init__(
        self, running: session.AppSession, show: Show, before_each: tuple[str, ...]
    ) -> None:
        self.seen: list[tuple[AppSpec, AppTrial]] = []
        self.done = 0
        self._running = running
        self._show = show
        self._before = before_each

    def take(self, specs: Sequence[AppSpec], at_once: int) -> None:
        """Make runs, so many at once at most; one by one, each finds what the first found."""
        waiting, total = list(reversed(specs)), self.done + len(specs)
        if specs:
            self._show(self.done, total, f"{specs[0].id}: until it is ready")
        while waiting or self._running.running:
            while waiting and self._running.running < at_once:
                spec = waiting.pop()
                if self._before and (problem := session.run_before(self._before, spec)):
                    raise Failure(f"--before-each: {problem}", HARNESS_FAILED)
                self._running.ask(spec)
            spec, trial = self._running.answer()
            if spec.alone:
                self._running.put_aside([one.name for one in trial.left])
            self.seen.append((spec, trial))
            self.done += 1
            self._show(self.done, total, spec.id)

    def forget(self, situations: Sequence[Situation]) -> list[str]:
        """Take back runs of some endings that met others; the endings of those that are kept."""
        ids = {one.id for one in situations}
        self.seen = [
            (spec, trial) for spec, trial in self.seen if spec.alone or spec.situation.id not in ids
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
