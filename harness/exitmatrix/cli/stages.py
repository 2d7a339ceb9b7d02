"""The stages of the commands: each takes what the one before gave, or fails with one clear line.

Here the pure parts and those that touch the machine come together.
"""

from __future__ import annotations

import datetime
import errno
import itertools
import os
import resource
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from msgspec.structs import replace

from exitmatrix.cli.measure import Place, Told, measure
from exitmatrix.cli.progress import Kind, reporter, say
from exitmatrix.declare import stacks
from exitmatrix.judge.verdict import judge
from exitmatrix.machine import interpreters as pythons
from exitmatrix.machine import scenarios as programs
from exitmatrix.machine.environments.prepare import (
    Environment,
    Progress,
    Unavailable,
    default_cache,
    prepare,
)
from exitmatrix.machine.run.engine import Usage
from exitmatrix.machine.run.kernel.facilities import refusal
from exitmatrix.machine.run.session import EngineDied, Session, default_jobs
from exitmatrix.machine.store.files import CannotWrite, write
from exitmatrix.machine.store.records import check_records, digest, read_records
from exitmatrix.machine.store.store import Store, write_verdicts
from exitmatrix.model import Cell, Interpreter, Judgement, Record, Scenario, Skipped, Stack, Trial
from exitmatrix.plan.cells import NothingMatches, Plan, Selection, check, plan
from exitmatrix.plan.schedule import Result, Schedule, spread
from exitmatrix.report import matrix as pages

USAGE_ERROR = 2
HARNESS_FAILED = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells count
MOST_UNKNOWN = 100  # one cell in so many may be unknown


class Interrupted(BaseException):
    """A signal asked the harness to stop."""


class _Undisturbed:
    """A part of a run that a signal ends only when it is whole."""

    def __init__(self) -> None:
        self._inside = self._asked = False

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *_: object) -> None:
        self._inside = False
        if self._asked:
            self._asked = False
            raise Interrupted

    def stop(self) -> None:
        """Raise Interrupted, now or when the part is whole."""
        if not self._inside:
            raise Interrupted
        self._asked = True


_undisturbed = _Undisturbed()


class Failure(click.ClickException):
    """One clear line, and an exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc]

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the line."""
        click.echo(f"exitmatrix: {self.message}", err=True)


def check_machine() -> None:
    """Fail where trials cannot be run."""
    if reason := refusal():
        raise Failure(reason, HARNESS_FAILED)


def find_interpreters(named: Sequence[str], quiet: bool = False) -> dict[str, Interpreter]:
    """The interpreters asked for, by id; what was found is told on stderr."""
    found = pythons.find(named)
    try:
        chosen = pythons.select(found, named)
    except pythons.NoSuchInterpreterError as error:
        raise Failure(str(error), USAGE_ERROR) from error
    if not chosen:
        raise Failure("no Python was found; name one with --python PATH", USAGE_ERROR)
    if not quiet:
        say(f"{len(chosen)} interpreters: {', '.join(one.id for one in chosen)}")
        for rejected in found.rejected:
            say(f"  left out: {rejected.path}: {rejected.reason}")
        for twin in found.shadowed:
            say(f"  left out: {twin.left}: {twin.id} is already at {twin.path}")
    return {one.id: one for one in chosen}


def load_scenarios() -> tuple[dict[str, Scenario], int]:
    """The scenarios by id, and how many files were in error; each is told on stderr."""
    loaded = programs.load(programs.find_folder())
    for error in loaded.errors:
        key = f", {error.key}" if error.key else ""
        say(f"scenario in error: {error.file}{key}: {error.text}")
    return {one.id: one for one in loaded.scenarios}, len(loaded.errors)


def check_selection(selection: Selection, subjects: dict[str, Scenario]) -> None:
    """Fail for the first pattern that names nothing."""
    try:
        check(selection, list(subjects.values()), stacks.STACKS)
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error


def plan_all(
    found: dict[str, Interpreter], subjects: dict[str, Scenario], selection: Selection
) -> Plan:
    """The cells asked for, and what is left out."""
    pythons_here, programs_here = list(found.values()), list(subjects.values())
    return plan(pythons_here, programs_here, stacks.STACKS, stacks.applies, selection)


def make_plan(
    found: dict[str, Interpreter], subjects: dict[str, Scenario], selection: Selection
) -> Plan:
    """The cells asked for, of which there is at least one."""
    try:
        planned = plan_all(found, subjects, selection)
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error
    if not planned.cells:
        reasons = sorted({one.reason for one in planned.left_out})
        why = f": {'; '.join(reasons[:3])}" if reasons else ""
        raise Failure(f"the selection holds no cell{why}", USAGE_ERROR)
    return planned


def open_store(output: Path) -> Store:
    """The store at the output folder, which can be written."""
    try:
        # Of all platforms, and before anything is measured: the report needs them all.
        check_records(output)
        return Store(output, default_cache(), datetime.datetime.now(datetime.UTC).date())
    except CannotWrite as error:
        raise Failure(str(error), USAGE_ERROR) from error
    except ValueError as error:
        raise Failure(f"the records cannot be read: {error}", HARNESS_FAILED) from error


def prepare_environments(
    planned: Plan, found: dict[str, Interpreter], progress: Kind
) -> tuple[dict[tuple[str, str], Environment], dict[tuple[str, str], str]]:
    """An environment for each interpreter and stack of the plan, or why there is none."""
    by_name = {stack.name: stack for stack in stacks.STACKS}
    wanted: dict[tuple[str, str], tuple[Interpreter, Stack]] = {
        (cell.interpreter, cell.stack): (found[cell.interpreter], by_name[cell.stack])
        for cell in planned.cells
    }
    with reporter(progress, "environments", "ready") as bar:

        def show(step: Progress) -> None:
            bar.show(step.done, step.total, f"{step.interpreter}/{step.stack} {step.state}")

        made = prepare(wanted.values(), default_cache(), show)
    ready: dict[tuple[str, str], Environment] = {}
    missing: dict[tuple[str, str], str] = {}
    for key, environment in made.items():
        if isinstance(environment, Unavailable):
            missing[key] = environment.reason
            say(f"left out: {'/'.join(key)}: {environment.reason}")
        else:
            ready[key] = environment
    if not ready:
        raise Failure("no environment could be made; the reasons are above", HARNESS_FAILED)
    return ready, missing


def without(planned: Plan, missing: dict[tuple[str, str], str]) -> Plan:
    """The plan without the cells whose environment cannot be had."""
    there: list[Cell] = []
    gone: list[Cell] = []
    for cell in planned.cells:
        (gone if (cell.interpreter, cell.stack) in missing else there).append(cell)
    out = [
        Skipped(
            interpreter=cell.interpreter,
            stack=cell.stack,
            scenario=cell.scenario,
            termination=cell.termination,
            target=cell.target,
            reason=missing[cell.interpreter, cell.stack],
        )
        for cell in gone
    ]
    return Plan(cells=tuple(there), left_out=(*planned.left_out, *out))


def place_of(environment: Environment) -> Place:
    """Where the trials of an environment are started."""
    endings = str(environment.endings)
    return Place(
        python=str(environment.python),
        path=(str(environment.probe), endings),
        blind=(endings,),
    )


def _in_turn(cells: Iterable[Cell], subjects: Mapping[str, Scenario]) -> list[Cell]:
    """One interpreter after the other, as the store holds them."""
    return [
        cell
        for _, here in itertools.groupby(cells, lambda cell: cell.interpreter)
        for cell in spread(here, lambda cell: subjects[cell.scenario].length > 0)
    ]


def run(
    planned: Plan,
    environments: dict[tuple[str, str], Environment],
    found: dict[str, Interpreter],
    subjects: dict[str, Scenario],
    store: Store,
    trials: int,
    jobs: int | None,
    progress: Kind,
) -> tuple[bool, Usage | None]:
    """Measure what the plan asks for and save each cell as it ends."""
    schedule = Schedule(
        _in_turn(planned.cells, subjects),
        several={one.id: len(one.roles) > 1 for one in subjects.values()},
        known=lambda cell: store.known(cell, environments[cell.interpreter, cell.stack].packages),
        racy=store.racy,
        trials=trials,
    )
    if store.resumed:
        say(f"going on with an interrupted run: {store.resumed} cells were measured in it")
    places = {key: place_of(one) for key, one in environments.items()}
    interrupted = False
    usage = None
    trials_done = itertools.count(1)
    begun = time.monotonic()
    try:
        with (
            Session(jobs or default_jobs()) as session,
            reporter(progress, "matrix", "runs") as bar,
        ):

            def seen(cell: Cell, trial: Trial) -> None:
                store.keep(cell, trial)
                done = next(trials_done)
                note = (
                    f"{schedule.settled} of {schedule.total} cells, {session.outstanding} running"
                )
                bar.show(done, done + session.outstanding + schedule.owed, note)

            def save(result: Result, told: Told) -> None:
                # Record, timelines and count of a cell belong together.
                with _undisturbed:
                    store.save(
                        result,
                        found[result.cell.interpreter],
                        environments[result.cell.interpreter, result.cell.stack].packages,
                        {digest(outcome): steps for outcome, steps in told},
                    )

            measure(
                schedule,
                session,
                places,
                subjects,
                on_result=save,
                on_trial=seen,
            )
            usage = session.finish()
    except (Interrupted, KeyboardInterrupt):
        interrupted = True
    except EngineDied as error:
        raise Failure(f"{error}; what was measured is kept", HARNESS_FAILED) from error
    except (OSError, CannotWrite) as error:
        raise Failure(f"what was measured is kept, but: {error}", HARNESS_FAILED) from error
    finally:
        close(store, finished=not interrupted and usage is not None)
    if usage:
        tell_usage(usage, time.monotonic() - begun)
    return interrupted, usage


def close(store: Store, *, finished: bool) -> None:
    """Bring the records into order; what was appended is on disk whatever happens here."""
    try:
        store.close(finished=finished)
    except CannotWrite as error:
        raise Failure(f"what was measured is kept, but: {error}", HARNESS_FAILED) from error


def read(output: Path) -> dict[str, list[Record]]:
    """All records of an output folder, which agree with each other."""
    try:
        return read_records(output)
    except ValueError as error:
        raise Failure(f"the records cannot be used: {error}", HARNESS_FAILED) from error


def write_reports(output: Path, subjects: dict[str, Scenario]) -> dict[str, list[Record]]:
    """Derive verdicts and report from all records that there are, of whatever machine."""
    try:
        records = read_records(output)
        judged = {
            (platform, record.cell): _judged(record, subjects)
            for platform, rows in records.items()
            for record in rows
        }
        in_order = sorted(judged, key=lambda key: (key[1], key[0]))
        write_verdicts(output, [judged[key].verdict for key in in_order])
        write(output / "matrix.md", pages.render(records, judged, subjects).encode())
    except CannotWrite as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    return records


def _judged(record: Record, subjects: Mapping[str, Scenario]) -> Judgement:
    """The judgement on a cell; what was predicted is told only of what is no match."""
    judgement = judge(record, subjects.get(record.scenario))
    return judgement if judgement.why else replace(judgement, prediction=None)


def tell_usage(usage: Usage, seconds: float) -> None:
    """How well the processors were used while measuring."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    harness = usage.harness + own.ru_utime + own.ru_stime
    cores = os.cpu_count() or 1
    say(
        f"measured in {seconds:.0f} s: observed programs used {usage.observed:.1f} s of processor,"
        f" {usage.observed / (cores * seconds):.2f} of {cores} cores;"
        f" the harness {harness:.1f} s, {harness / max(usage.observed, 0.001):.2f} of theirs"
        f" (at most {usage.peak_kilobytes // 1024} MiB in the engine,"
        f" {own.ru_maxrss // 1024} MiB here)"
    )


def tell_the_end(
    planned: Plan,
    records: dict[str, list[Record]],
    store: Store,
    usage: Usage | None,
    interrupted: bool,
    output: Path,
) -> None:
    """What was measured now, what was carried over, and where it is."""
    here = {cell.interpreter for cell in planned.cells}
    known = {
        f"{record.interpreter_id} ({name})"
        for name, rows in records.items()
        for record in rows
        if name != store.platform or record.interpreter_id not in here
    }
    if usage and not interrupted:
        say(f"measured now: {len(planned.cells)} cells of {', '.join(sorted(here))}")
    if known:
        say(f"carried over from earlier runs: {', '.join(sorted(known))}")
    click.echo(output / "matrix.md")


def fail_if_too_little_was_seen(planned: Plan, store: Store, broken: int) -> None:
    """Raise when more than one cell in a hundred is unknown, or a scenario is broken."""
    records = (store.record(cell) for cell in planned.cells)
    unknown = [record for record in records if record and record.unknown]
    for record in unknown[:10]:
        say(f"unknown: {record.cell}: {'; '.join(record.unknown)}")
    if len(unknown) * MOST_UNKNOWN > len(planned.cells):
        raise Failure(
            f"{len(unknown)} of {len(planned.cells)} cells are unknown, more than one in a hundred",
            HARNESS_FAILED,
        )
    if broken:
        raise Failure(f"{broken} scenarios are in error, see above; the others ran", HARNESS_FAILED)


@contextmanager
def ending_in_peace() -> Iterator[None]:
    """Once a command is done, no signal changes its exit status: Python takes a moment to end."""
    try:
        yield
    finally:
        for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(signum, signal.SIG_IGN)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP stop the run as Ctrl-C does, once: what is tidied up is brief."""
    stopping = False

    def stop(_signum: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        # Ignored until the very end: what Python handles, it stops handling in its own last
        # moments (_PySignal_Fini), and one more signal would then change the exit status.
        for signum in signals:
            signal.signal(signum, signal.SIG_IGN)
        raise Interrupted

    signals = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signals.remove(signal.SIGINT)  # as for a job in the background
    before = {s: signal.signal(s, stop) for s in signals}
    try:
        yield
    except Interrupted:
        raise Failure("stopped before anything was measured", INTERRUPTED) from None
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        reason = os.strerror(errno.EAGAIN)  # Python does not say it: Modules/_threadmodule.c
        raise Failure(f"no thread can be started: {reason}", HARNESS_FAILED) from error
    finally:
        if not stopping:  # else the little that is left to say is said in peace
            for signum, handler in before.items():
                signal.signal(signum, handler)
