"""Have a user's command run and ended as often as it takes: for `run`, and for pytest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.declare import launchers, situations, texts
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
        words, script = launchers.wrap(how, call.command)
    except (texts.CannotRead, launchers.NoSuchLauncher, launchers.CannotLaunch) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    environment = session.callers_environment(call.env, clean=call.clean_env)
    folder = call.folder or session.working_folder()
    for word in dict.fromkeys((call.command[0], words[0])):
        if word != launchers.SCRIPT_PATH and not session.find_command(word, environment, folder):
            has = f"; the package {how.package} has it" if word == how.words[0] else ""
            raise Failure(f"{word}: command not found{has}", USAGE_ERROR)
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
        addresses=call.addresses,
        request=call.request,
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
        raise Failure(problem, HARNESS_FAILED)
    jobs = call.jobs or default_jobs()
    notes: list[str] = []
    seen: list[tuple[AppSpec, AppTrial]] = []
    with session.AppSession(jobs) as running:
        for one in wanted:
            first = plan.spec_for(base, one, call.at, blind=False)
            total = len(wanted) * (call.trials + call.blind)
            show(len(seen), total, f"{first.id}: until it is ready")
            running.ask(first)
            seen.append(running.answer())
            if not was_lost(seen[-1][1]):
                break
        tree = _check_first(*seen[-1], call.at)
        out = {one.id: plan.left_out(one, tree, base) for one in wanted}
        alone = plan.one_at_a_time(call.command, seen[-1][1].listening)
        if alone and jobs > 1:
            notes.append(
                "It listens, and {port} is not in its command, so its runs came one after the"
                " other; with {port} in the place of its port they run side by side."
            )
        begun = len(seen)
        rest = [
            plan.spec_for(base, one, call.at, blind)
            for place, one in enumerate(wanted)
            if not out[one.id]
            for blind in (
                *[False] * (call.trials - (place < begun)),
                *[True] * call.blind,
            )
        ]
        _take_all(running, rest, 1 if alone else 4 * jobs, seen, show)
    shown = same_names([observe_app(trial, base.folder, base.roles) for _, trial in seen])
    runs = [(spec, what) for (spec, _), what in zip(seen, shown, strict=True)]
    results = tuple(_gather(one, call.at, out[one.id], runs) for one in wanted)
    return Measured(
        results=results,
        runs=len(seen),
        seconds=running.seconds,
        grace=base.grace,
        notes=tuple(notes),
    )


def _take_all(
    running: session.AppSession,
    specs: list[AppSpec],
    at_once: int,
    seen: list[tuple[AppSpec, AppTrial]],
    show: Show,
) -> None:
    """Run specs, so many at once at most."""
    waiting = list(reversed(specs))
    done = itertools.count(len(seen) + 1)
    total = len(seen) + len(specs)
    show(len(seen), total, seen[0][0].id)
    while waiting or running.running:
        while waiting and running.running < at_once:
            running.ask(waiting.pop())
        spec, trial = running.answer()
        seen.append((spec, trial))
        show(next(done), total, spec.id)


def _check_first(spec: AppSpec, trial: AppTrial, at: str) -> Tree:
    """Fail where the command is never ready, or a target names nobody; else its tree."""
    tree = Tree(trial.tree, spec.roles)
    ready = any(one.event.kind == "ready" for one in trial.history)
    if not ready:
        last = tuple(f"  | {line}" for line in trial.output.splitlines()[-TOLD:])
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
    blind: AppOutcome | Unknown | None = None
    for spec, what in runs:
        if spec.situation.id != situation.id:
            continue
        if spec.blind:
            blind = what
        elif isinstance(what, Unknown):
            unknown.append(what.reason)
        else:
            outcomes.append(what)
    return EndingResult(
        situation=situation,
        target=at or situation.target,
        outcomes=() if left_out else tuple(outcomes),
        unknown=tuple(unknown),
        blind=blind if isinstance(blind, AppOutcome) else None,
        blind_unknown=blind.reason if isinstance(blind, Unknown) else "",
        left_out=left_out,
    )
