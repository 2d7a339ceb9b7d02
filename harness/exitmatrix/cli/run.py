"""`exitmatrix run`: a user's own command, ended in the ways that people and platforms do."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Sequence

import click

from exitmatrix.cli import options
from exitmatrix.cli.errors import (
    HARNESS_FAILED,
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    Interrupted,
    stopping_cleanly,
)
from exitmatrix.cli.progress import Kind, Reporter, reporter
from exitmatrix.cli.selecting import check_machine
from exitmatrix.declare import launchers, situations
from exitmatrix.machine.run.app import session
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.session import default_jobs
from exitmatrix.model import Unknown
from exitmatrix.model.app import AppSpec, AppTrial, Situation
from exitmatrix.model.app_outcome import AppOutcome, EndingResult
from exitmatrix.model.tree import Tree
from exitmatrix.observe.app import observe_app, why_unknown
from exitmatrix.plan import app as plan
from exitmatrix.report.app.page import AppReport, page

TRIALS = 3
TOLD = 12  # last lines of an app that was not ready


@click.command(
    "run",
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] --",
)
@click.option(
    "--ready",
    "ready_text",
    default="auto",
    show_default=True,
    metavar="HOW",
    help="When it can be ended: auto (it listens, or rests), PORT, URL, /PATH, 'line REGEX',"
    " 'file PATH', or so many seconds: 5s.",
)
@click.option(
    "--ready-within", default="30s", show_default=True, help="When it is given up instead."
)
@click.option(
    "--ending",
    "endings",
    multiple=True,
    metavar="NAME",
    help="What is done to it: "
    + ", ".join(situations.BY_ID)
    + ", or a signal such as SIGQUIT.  [default: "
    + ", ".join(situations.USUAL)
    + "]",
)
@click.option(
    "--at",
    default="",
    metavar="WHOM",
    help="To whom: first, group, all, serving, leaf, or a role: master, worker, worker#2.",
)
@click.option(
    "--as",
    "launcher",
    default="direct",
    show_default=True,
    metavar="LAUNCHER",
    help="How it is started: " + ", ".join(launchers.BY_ID) + ".",
)
@click.option(
    "--grace",
    default="30s",
    show_default=True,
    help="Time that it is given to end; then comes SIGKILL, or it is looked at no longer.",
)
@click.option(
    "--trials",
    default=TRIALS,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Runs of each ending; one more is made without the probe.",
)
@click.option("--thorough", is_flag=True, help="Twenty runs of each ending.")
@options.jobs
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="NAME=REGEX",
    help="Call processes whose command line matches by this name.",
)
@click.option(
    "--look-in",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="Look for what is left behind here too, besides the working folder and TMPDIR.",
)
@click.option(
    "--allow-address",
    "addresses",
    multiple=True,
    metavar="IP",
    help="An address besides loopback on which it may listen.",
)
@options.progress
@click.argument("command_line", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND")
def command(
    ready_text: str,
    ready_within: str,
    endings: Sequence[str],
    at: str,
    launcher: str,
    grace: str,
    trials: int,
    thorough: bool,
    jobs: int | None,
    roles: Sequence[str],
    folders: Sequence[str],
    addresses: Sequence[str],
    progress: Kind,
    command_line: Sequence[str],
) -> None:
    """Does the clean-up of your own program run when it is ended?

    Starts COMMAND again and again where you are, with your environment, and kills
    it: what it does to your files, databases and queues is your matter. Use a
    scratch copy of what must not be lost.

    \b
      exitmatrix run -- python app.py
      exitmatrix run -- gunicorn -w 2 -b 127.0.0.1:{port} app:app
      exitmatrix run --ending deploy --as sh -- python -m app

    {port} becomes a port that is free. Each ending takes runs of its own, and one
    without anything put into the program, which must end alike. Signals go to
    processes of the run and to nobody else. Each run has a TMPDIR of its own.
    """
    situation_list = find_situations(endings)
    base = read_spec(
        command_line, ready_text, ready_within, launcher, grace, roles, folders, addresses
    )
    with stopping_cleanly():
        check_machine()
        results, runs, seconds, notes = run_all(
            base, command_line, situation_list, at, 20 if thorough else trials, jobs, progress
        )
    report = AppReport(
        command=shlex.join(command_line),
        results=results,
        grace=base.grace,
        runs=runs,
        seconds=seconds,
        again=f"exitmatrix run --thorough ENDINGS -- {shlex.join(command_line)}",
        notes=notes,
    )
    for line in page(report):
        click.echo(line)
    if any(not one.outcomes and not one.left_out for one in results):
        raise Failure("an ending could not be seen; the reasons are above", HARNESS_FAILED)


def find_situations(names: Sequence[str]) -> list[Situation]:
    """The endings that are asked for."""
    try:
        return [situations.find(name) for name in names or situations.USUAL]
    except situations.NoSuchSituation as error:
        raise Failure(str(error), USAGE_ERROR) from error


def read_spec(
    command_line: Sequence[str],
    ready_text: str,
    ready_within: str,
    launcher: str,
    grace: str,
    roles: Sequence[str],
    folders: Sequence[str],
    addresses: Sequence[str],
) -> AppSpec:
    """What is run, whatever the ending."""
    try:
        ready = plan.readiness(ready_text, plan.duration(ready_within))
        seconds = plan.duration(grace)
        how = launchers.find(launcher)
        named = dict(plan.role(one) for one in roles)
    except (plan.CannotRead, launchers.NoSuchLauncher) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    environment = session.callers_environment()
    folder = session.working_folder()
    words, script = launchers.wrap(how, command_line)
    for word in dict.fromkeys((command_line[0], words[0])):
        if word != launchers.SCRIPT_PATH and not session.find_command(word, environment, folder):
            has = f"; the package {how.package} has it" if word == how.words[0] else ""
            raise Failure(f"{word}: command not found{has}", USAGE_ERROR)
    return AppSpec(
        id="",
        words=words,
        script=script,
        folder=folder,
        environment=environment,
        situation=situations.SITUATIONS[0],
        target="",
        ready=ready,
        inside=session.PROBE,
        grace=seconds,
        roles=named,
        folders=tuple(folders),
        addresses=tuple(addresses),
    )


def run_all(
    base: AppSpec,
    command_line: Sequence[str],
    wanted: Sequence[Situation],
    at: str,
    trials: int,
    jobs: int | None,
    progress: Kind,
) -> tuple[tuple[EndingResult, ...], int, float, tuple[str, ...]]:
    """Run the first ending once, then all that is asked for; results, runs, seconds, notes."""
    jobs = jobs or default_jobs()
    notes: list[str] = []
    total = len(wanted) * (trials + 1)
    done = itertools.count(1)
    seen: list[tuple[AppSpec, AppTrial]] = []
    try:
        with (
            session.AppSession(jobs) as running,
            reporter(progress, "run", "runs") as bar,
        ):
            first = plan.spec_for(base, wanted[0], at, blind=False)
            running.ask(first)
            bar.show(0, total, f"{first.id}: waiting until it is ready")
            seen.append(running.answer())
            bar.show(next(done), total, first.id)
            tree = check_first(*seen[0], at)
            out = {one.id: plan.left_out(one, tree) for one in wanted}
            alone = plan.one_at_a_time(command_line, seen[0][1].listening)
            if alone and jobs > 1:
                notes.append(
                    "Its port is fixed, so its runs came one after the other;"
                    " {port} in its place lets them run side by side."
                )
            rest = [
                plan.spec_for(base, one, at, blind)
                for one in wanted
                if not out[one.id]
                for blind in (*[False] * (trials - (one is wanted[0])), True)
            ]
            take_all(running, rest, 1 if alone else 4 * jobs, seen, done, bar)
    except (Interrupted, KeyboardInterrupt) as error:
        raise Failure("stopped; nothing of it runs any more", INTERRUPTED) from error
    except EngineDied as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    return (
        tuple(gather(one, at, out[one.id], seen, base) for one in wanted),
        len(seen),
        running.seconds,
        tuple(notes),
    )


def take_all(
    running: session.AppSession,
    specs: list[AppSpec],
    at_once: int,
    seen: list[tuple[AppSpec, AppTrial]],
    done: itertools.count[int],
    bar: Reporter,
) -> None:
    """Run specs, so many at once at most."""
    waiting = list(reversed(specs))
    total = len(seen) + len(specs)
    while waiting or running.running:
        while waiting and running.running < at_once:
            running.ask(waiting.pop())
        spec, trial = running.answer()
        seen.append((spec, trial))
        bar.show(next(done), total, spec.id)


def check_first(spec: AppSpec, trial: AppTrial, at: str) -> Tree:
    """Fail where the command is never ready, or a target names nobody; else its tree."""
    tree = Tree(trial.tree, spec.roles)
    ready = any(one.event.kind == "ready" for one in trial.history)
    if not ready:
        told = "".join(f"\n  | {line}" for line in trial.output.splitlines()[-TOLD:])
        reason = why_unknown(trial) or "it was never ready"
        raise Failure(f"{reason}{told}", HARNESS_FAILED)
    if at and (reason := plan.unknown_target(at, tree)):
        raise Failure(reason, USAGE_ERROR)
    return tree


def gather(
    situation: Situation,
    at: str,
    left_out: str,
    seen: Sequence[tuple[AppSpec, AppTrial]],
    base: AppSpec,
) -> EndingResult:
    """All runs of an ending."""
    outcomes: list[AppOutcome] = []
    unknown: list[str] = []
    blind: AppOutcome | Unknown | None = None
    for spec, trial in seen:
        if spec.situation.id != situation.id:
            continue
        what = observe_app(trial, base.folder, base.roles)
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
