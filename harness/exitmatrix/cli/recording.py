"""Measure the cells of a plan, and save each as it ends."""

from __future__ import annotations

import itertools
import textwrap
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from exitmatrix.cli.environments import Environments, place_of
from exitmatrix.cli.errors import (
    HARNESS_FAILED,
    USAGE_ERROR,
    Failure,
    Interrupted,
    uninterrupted,
)
from exitmatrix.cli.measure import OutcomeTimelines, measure
from exitmatrix.cli.progress import Kind, reporter
from exitmatrix.cli.streams import say
from exitmatrix.cli.unknown import fail_if_broken, fail_if_unknown
from exitmatrix.machine import processor
from exitmatrix.machine.clock import current_date, stopwatch
from exitmatrix.machine.environments.cache import UnusableCacheError, check_cache, default_cache
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.messages import Usage
from exitmatrix.machine.run.session import Session, default_jobs
from exitmatrix.machine.store.files import CannotWrite
from exitmatrix.machine.store.records import check_records, digest
from exitmatrix.machine.store.store import Store
from exitmatrix.model import Cell, Interpreter, Scenario, Trial
from exitmatrix.plan.cells import Plan
from exitmatrix.plan.schedule import Result, Schedule, in_turn


def open_store(output: Path) -> Store:
    """The store at the output folder, which can be written."""
    try:
        check_cache(default_cache())
        # Of all platforms, and before anything is measured: the report needs them all.
        check_records(output)
        return Store(output, default_cache(), current_date())
    except (CannotWrite, UnusableCacheError) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    except ValueError as error:
        raise Failure(f"the records cannot be read: {error}", HARNESS_FAILED) from error


def measure_and_save(
    planned: Plan,
    environments: Environments,
    found: dict[str, Interpreter],
    subjects: dict[str, Scenario],
    store: Store,
    trials: int,
    jobs: int | None,
    progress: Kind,
    *,
    steered: bool = False,
) -> bool:
    """Measure what the plan asks for and save each cell as it ends.

    Returns whether all was measured: not so when a signal asked to stop.
    """
    schedule = Schedule(
        in_turn(planned.cells, subjects),
        several={one.id: len(one.roles) > 1 for one in subjects.values()},
        known=lambda cell: store.known(cell, environments[cell.interpreter, cell.stack].packages),
        racy=store.racy,
        trials=trials,
    )
    if store.resumed:
        say(f"continuing an interrupted run: {store.resumed:,} cells are already measured")
    places = {key: place_of(one) for key, one in environments.items()}
    interrupted = False
    usage = None
    trials_done = itertools.count(1)
    elapsed = stopwatch()
    costs = defaultdict[str, float](float)
    try:
        with (
            Session(jobs or default_jobs()) as session,
            reporter(progress, "matrix", "runs") as bar,
        ):

            def seen(cell: Cell, trial: Trial) -> None:
                store.keep(cell, trial)
                costs[cell.stack] += trial.used + (trial.blind.used if trial.blind else 0.0)
                done = next(trials_done)
                settled = f"{schedule.settled:,} of {schedule.total:,} cells"
                note = f"{settled}, {session.outstanding} running"
                bar.show(done, done + session.outstanding + schedule.owed, note)

            def save(result: Result, timelines: OutcomeTimelines) -> None:
                # Record, timelines and count of a cell belong together.
                with uninterrupted:
                    store.save(
                        result,
                        found[result.cell.interpreter],
                        environments[result.cell.interpreter, result.cell.stack].packages,
                        {digest(outcome): steps for outcome, steps in timelines},
                    )

            measure(
                schedule,
                session,
                places,
                subjects,
                on_result=save,
                on_trial=seen,
                steered=steered,
            )
            usage = session.finish()
            for why in session.losses:
                say(f"the engine was started again: {why}")
    except (Interrupted, KeyboardInterrupt):
        interrupted = True
    except EngineDied as error:
        raise Failure(f"{error}; what was measured is kept", HARNESS_FAILED) from error
    except (OSError, CannotWrite) as error:
        raise Failure(f"what was measured is kept, but: {error}", HARNESS_FAILED) from error
    finally:
        close(store, finished=not interrupted and usage is not None)
    if usage:
        _tell_usage(usage, elapsed())
        _tell_costs(costs)
    return usage is not None and not interrupted


def close(store: Store, *, finished: bool) -> None:
    """Bring the records into order; what was appended is on disk whatever happens here."""
    try:
        store.close(finished=finished)
    except CannotWrite as error:
        raise Failure(f"what was measured is kept, but: {error}", HARNESS_FAILED) from error


def fail_if_too_little_was_seen(planned: Plan, store: Store, broken: int) -> None:
    """Fail when more than one cell in a hundred is unknown, or a scenario is in error."""
    records = (store.record(cell) for cell in planned.cells)
    fail_if_unknown(
        [(one.cell, one.unknown) for one in records if one and one.unknown], len(planned.cells)
    )
    fail_if_broken(broken, "ran")


def _tell_costs(costs: Mapping[str, float]) -> None:
    """What each stack has cost, the dearest first, where there are several."""
    if len(costs) < 2:
        return
    dear = sorted(costs, key=lambda one: (-costs[one], one))
    text = f"of that, by stack: {', '.join(f'{one} {costs[one]:.1f} s' for one in dear)}"
    for line in textwrap.wrap(text, 79, subsequent_indent="  ", break_on_hyphens=False):
        say(line)


def _tell_usage(usage: Usage, seconds: float) -> None:
    """How well the processors were used while measuring."""
    own = processor.used()
    cores = processor.cores()
    harness = usage.harness + own.seconds
    say(
        f"measured in {seconds:.0f} s: observed programs used {usage.observed:.1f} s of processor,"
        f" {usage.observed / (cores * seconds):.2f} of {cores} cores;"
        f" the harness {harness:.1f} s, {harness / max(usage.observed, 0.001):.2f} of theirs"
        f" (at most {usage.peak_kilobytes // 1024} MiB in the engine,"
        f" {own.peak_kilobytes // 1024} MiB here)"
    )
