"""Run the cells of a plan until each has the trials that it takes.

The loop between the schedule, which is pure, and the session, which is not.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from exitmatrix.cli.errors import HARNESS_FAILED, Failure
from exitmatrix.declare import launchers
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.bundles import CannotBundle, bundle
from exitmatrix.machine.launchers import found
from exitmatrix.machine.run.spawn import PROGRAM
from exitmatrix.model import Cell, Frozen, Outcome, Scenario, Timeline, Trial, TrialSpec, Unknown
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.launcher import Wrapped
from exitmatrix.model.outcome_sets import add, contains, essence, is_race, join, union
from exitmatrix.observe import observe, timeline
from exitmatrix.observe.blind import PRINTED, differs, outside, printed
from exitmatrix.plan.schedule import Result, Schedule
from exitmatrix.plan.steering import steering_of

PrintedLines = tuple[str, ...]

ORDERS_PER_JOB = 20
"""Orders under way per job: enough that the engine never waits for one, also while most of them
only wait, as servers do that are watched for seconds; and memory stays bounded."""


class Runner(Protocol):
    """What runs trials: a session, or a stand-in in tests."""

    jobs: int

    @property
    def outstanding(self) -> int:
        """How many orders have no trial yet."""

    def submit(self, order: TrialSpec) -> None:
        """Send one order."""

    def take(self) -> tuple[TrialSpec, Trial]:
        """Wait for the next trial that ends."""


class Workplace(Frozen, kw_only=True):
    """Where the cells of one interpreter and stack are started."""

    python: str
    path: tuple[str, ...]
    blind: tuple[str, ...] = ()  # the path without the probe


OutcomeTimelines = list[tuple[Outcome, Timeline]]
OnResult = Callable[[Result, OutcomeTimelines], None]
OnTrial = Callable[[Cell, Trial], None]


def measure(
    schedule: Schedule,
    runner: Runner,
    places: Mapping[tuple[str, str], Workplace],
    scenarios: Mapping[str, Scenario],
    on_result: OnResult,
    on_trial: OnTrial = lambda _cell, _trial: None,
    steered: bool = False,
) -> None:
    """Run what the schedule asks for. `on_result` is called as each cell has enough.

    A cell that is measured for the first time, and each outcome that is new to it, has a trial
    without the probe beside it, whose result must be among those of the cell.

    `steered`: who is held back is another in each trial of a cell, by turns (`steering_of`). Such
    a trial says what is possible and not how often, so a result does not count it.

    `on_result` also gets a timeline for each distinct outcome of the cell that was
    seen since it was last called for it; nothing is kept of a cell that has enough.
    Raises what the runner raises.
    """
    blind_runs = BlindRuns(schedule)
    timelines: dict[str, OutcomeTimelines] = {}
    turns, held = Counter[str](), Counter[str]()
    equal: dict[bytes, Outcome] = {}  # memory follows the different outcomes, not the cells
    cells: dict[str, Cell] = {}
    seeing: dict[str, deque[Trial]] = {}  # trials that wait for the same without the probe
    while True:
        while runner.outstanding < ORDERS_PER_JOB * runner.jobs and (cell := schedule.next()):
            ordered = order(cell, places[cell.interpreter, cell.stack], scenarios)
            name = ordered.cell
            cells[name] = cell
            if steered:
                ordered = replace(ordered, steering=steering_of(turns[name]))
                turns[name] += 1
                held[name] += ordered.steering is not None
            runner.submit(ordered)
        if not runner.outstanding:
            return
        ordered, trial = runner.take()
        name = ordered.cell
        cell = cells[name]
        place = places[cell.interpreter, cell.stack]
        if seeing.get(name) and ordered.is_blind:
            trial = replace(seeing[name].popleft(), blind=trial)
        shown = observe(trial, ordered.scenario, ordered.termination)
        if trial.blind is None and place.blind and blind_runs.wants(cell, ordered.scenario, shown):
            seeing.setdefault(name, deque()).append(trial)
            runner.submit(replace(ordered, path=place.blind))
            continue
        blind_runs.compare(cell, ordered, trial, shown)
        if not isinstance(shown, Unknown):
            shown = equal.setdefault(msgspec.json.encode(shown), shown)
            _keep(timelines.setdefault(name, []), shown, trial, ordered.scenario)
        before = schedule.shown(cell)
        result = schedule.take(cell, shown)
        on_trial(cell, trial)
        if result:
            del cells[name]
            seeing.pop(name, None)
            seen = (*before, *result.outcomes)
            result = replace(result, trials=result.trials - held.pop(name, 0))
            on_result(blind_runs.judge(result, seen), timelines.pop(name, []))


class _Doubt(Frozen, kw_only=True):
    """A blind trial that differs from the one that it stands beside."""

    why: str
    outcome: Outcome | None  # None where it showed too little
    lines: PrintedLines


class BlindRuns:
    """The trials without the probe that stand beside those of the cells at work."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._asked: dict[Cell, tuple[Outcome, ...]] = {}
        self._doubts: dict[Cell, list[_Doubt]] = {}
        self._printed: dict[Cell, set[PrintedLines]] = {}  # what runs with the probe printed

    def wants(self, cell: Cell, scenario: Scenario, shown: Outcome | Unknown) -> bool:
        """Whether a trial is to be followed by a blind one: it shows what none has shown yet.

        A scenario whose stderr is recorded has that of a blind trial each time.
        """
        if scenario.printed:
            return True
        if isinstance(shown, Unknown):
            return False
        asked = self._asked.get(cell, ())
        if contains(union((*asked, *self._schedule.shown(cell))), shown):
            return False
        self._asked[cell] = add(asked, shown)
        return True

    def compare(self, cell: Cell, order: TrialSpec, trial: Trial, shown: Outcome | Unknown) -> None:
        """Note where a blind trial differs from the one that it stands beside."""
        if isinstance(shown, Unknown):
            return
        self._printed.setdefault(cell, set()).add(tuple(printed(trial, shown)))
        if trial.blind is None:
            return
        alone = observe(trial.blind, replace(order.scenario, printed=False), order.termination)
        if why := differs(trial, shown, trial.blind, alone, order.termination):
            self._schedule.doubt(cell)
            outcome = None if isinstance(alone, Unknown) else alone
            lines = tuple(printed(trial.blind, outcome)) if outcome else ()
            doubt = _Doubt(why=why, outcome=outcome, lines=lines)
            self._doubts.setdefault(cell, []).append(doubt)

    def judge(self, result: Result, seen: tuple[Outcome, ...]) -> Result:
        """A cell's result: unknown where a blind trial showed what no other did.

        What several runs of a race print is not compared, and where runs with the probe print
        different things, it may print what one of them did.
        """
        self._asked.pop(result.cell, None)
        printed_by_others = self._printed.pop(result.cell, set())
        reasons = set(result.unknown)
        for one in self._doubts.pop(result.cell, ()):
            if one.why == PRINTED and one.lines in printed_by_others:
                continue
            if one.outcome is None or not is_race(union(seen)):
                reasons.add(one.why)
            elif apart := outside(one.outcome, seen):
                reasons.add(apart)
        return replace(result, unknown=tuple(sorted(reasons)))


def order(cell: Cell, place: Workplace, scenarios: Mapping[str, Scenario]) -> TrialSpec:
    """What the engine needs to run one trial of a cell."""
    return TrialSpec(
        cell=cell.id,
        python=place.python,
        path=place.path,
        scenario=scenarios[cell.scenario],
        termination=TERMINATIONS[cell.termination],
        target=cell.target,
        wrapped=_wrapped(cell, place, scenarios[cell.scenario]),
    )


def _wrapped(cell: Cell, place: Workplace, scenario: Scenario) -> Wrapped | None:
    """The scenario's program as the cell's launcher starts it."""
    how = launchers.LAUNCHERS_BY_ID.get(cell.launcher)
    if how is None or how.id == DIRECT:
        return None
    command: tuple[str, ...] = (place.python, PROGRAM)
    if how.builds:
        try:
            command = (bundle(place.python, scenario.path),)
        except CannotBundle as error:
            raise Failure(f"{scenario.id}: {error}", HARNESS_FAILED) from error
    words, script = launchers.wrap(how, command)
    return Wrapped(launcher=how, words=(found(words[0]), *words[1:]), script=script)


def _keep(timelines: OutcomeTimelines, shown: Outcome, trial: Trial, scenario: Scenario) -> None:
    """Keep one timeline per distinct outcome: the first, or that of a longer run of a cut one."""
    for place, (known, steps) in enumerate(timelines):
        joined = join(known, shown)
        if joined is not None:
            grew = essence(joined) != essence(known)
            timelines[place] = (joined, timeline(trial, scenario) if grew else steps)
            return
    timelines.append((shown, timeline(trial, scenario)))
