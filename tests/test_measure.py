"""Laws of measuring: what is submitted, what is kept, and what is handed on."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Callable
from itertools import count

import pytest
from exitmatrix.cli.measure import ORDERS_PER_JOB, OutcomeTimelines, Workplace, measure
from exitmatrix.model import Cell, Scenario, Steering, Trial, TrialSpec
from exitmatrix.model.outcome_sets import essence
from exitmatrix.plan.schedule import RACY, Known, Result
from exitmatrix.plan.steering import TURNS
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.histories import DEBUG, PLAIN, Log, Remembering, debug, plain

PLACES = {("x", "none"): Workplace(python="/usr/bin/python", path=("/probe", "/endings"))}
SCENARIOS = {one.id: one for one in (PLAIN, DEBUG)}
SEVERALLY = {one.id: len(one.roles) > 1 for one in SCENARIOS.values()}

MANY = 10_000
Play = Callable[[TrialSpec, int], Log]


class Runner:
    """Stands in for a session: trials end in the order in which they were asked for."""

    def __init__(self, play: Play, jobs: int = 2) -> None:
        self.jobs = jobs
        self.play = play
        self.orders: deque[TrialSpec] = deque()
        self.most = 0
        self.ran = 0

    @property
    def outstanding(self) -> int:
        return len(self.orders)

    def submit(self, order: TrialSpec) -> None:
        self.orders.append(order)
        self.most = max(self.most, len(self.orders))

    def take(self) -> tuple[TrialSpec, Trial]:
        order = self.orders.popleft()
        self.ran += 1
        return order, self.play(order, self.ran).trial()


def cell(number: int = 0, scenario: Scenario = PLAIN, termination: str = "return") -> Cell:
    target = "group" if scenario is DEBUG else "main"
    return Cell(
        interpreter="x",
        stack="none",
        scenario=scenario.id,
        termination=termination,
        target=target,
        launcher=f"number-{number}",
    )


def clean(_order: TrialSpec, _number: int) -> Log:
    return plain().fires(10, "C", "B", "A").ends(10)


def killed(*fired: str) -> Log:
    """The group of a debug server is terminated; the child gets so far."""
    log = debug().harness("sent", "SIGTERM", "group").fires(20, "C", "B", "A").ends(20)
    return log.fires(30, *fired).ends(30, "signal SIGKILL")


def run(runner: Runner, *cells: Cell) -> list[tuple[Result, OutcomeTimelines]]:
    results: list[tuple[Result, OutcomeTimelines]] = []
    schedule = Remembering(cells, SEVERALLY)
    measure(schedule, runner, PLACES, SCENARIOS, lambda *one: results.append(one))
    return results


def test_an_order_holds_all_that_a_trial_needs() -> None:
    """An order names the cell, its interpreter and path, scenario, termination and target."""
    orders = []

    def play(order: TrialSpec, number: int) -> Log:
        orders.append(order)
        return clean(order, number)

    run(Runner(play), cell())
    (order,) = orders
    assert (order.cell, order.target, order.termination.id) == (cell().id, "main", "return")
    assert (order.python, order.path) == ("/usr/bin/python", ("/probe", "/endings"))
    assert order.scenario == PLAIN


def test_a_scenario_that_prints_is_run_without_the_probe_as_well() -> None:
    """Each of its trials is followed by a blind one, whose stderr is the one that is told."""
    prints = replace(PLAIN, printed=True)
    orders = []
    trials: list[Trial] = []

    class Printing(Runner):
        def take(self) -> tuple[TrialSpec, Trial]:
            order, trial = super().take()
            orders.append(order)
            return order, replace(trial, stderr=f"{order.path}\n")

    results: list[tuple[Result, OutcomeTimelines]] = []
    measure(
        Remembering([cell(), cell(1)], SEVERALLY),
        Printing(clean),
        {("x", "none"): replace(PLACES["x", "none"], blind=("/endings",))},
        {PLAIN.id: prints},
        lambda *one: results.append(one),
        lambda _cell, trial: trials.append(trial),
    )
    assert [order.path for order in orders] == [("/probe", "/endings")] * 2 + [("/endings",)] * 2
    assert all(
        replace(order, path=()) in [replace(o, path=()) for o in orders[2:]] for order in orders[:2]
    )
    for result, _timelines in results:
        assert (result.trials, [one.printed for one in result.outcomes]) == (
            1,
            [("('/endings',)",)],
        )
    assert [trial.blind is not None for trial in trials] == [True, True]


BLIND = {("x", "none"): replace(PLACES["x", "none"], blind=("/endings",))}


def run_blind(
    play: Play,
    which: Cell,
    known: Known | None = None,
    stdout: Callable[[TrialSpec], str] | None = None,
) -> tuple[Result, list[bool]]:
    """Measure a cell where the probe can be left out; its result, and which runs were blind."""
    was_blind: list[bool] = []

    class Printing(Runner):
        def take(self) -> tuple[TrialSpec, Trial]:
            order, trial = super().take()
            was_blind.append(order.path == ("/endings",))
            return order, replace(trial, stdout=stdout(order)) if stdout else trial

    results: list[Result] = []
    schedule = Remembering([which], SEVERALLY, {which.id: known} if known else {})
    measure(schedule, Printing(play), BLIND, SCENARIOS, lambda one, _: results.append(one))
    return results[-1], was_blind


def is_blind(order: TrialSpec) -> bool:
    return order.path == ("/endings",)


def test_a_cell_that_is_measured_for_the_first_time_is_run_blind_too() -> None:
    """One run without the probe stands beside the others, and is none of them."""
    result, was_blind = run_blind(clean, cell())
    assert was_blind == [False, True]
    assert (result.trials, len(result.outcomes), result.unknown) == (1, 1, ())


def test_a_cell_that_does_as_before_is_not_run_blind() -> None:
    """What is on record has had its blind run; only what is new to a cell has another."""
    first, _ = run_blind(clean, cell())
    known = Known(outcomes=first.outcomes, trials=1)
    _, was_blind = run_blind(clean, cell(), known)
    assert was_blind == [False]

    def other(_order: TrialSpec, _number: int) -> Log:
        return plain().fires(10, "C", "B").ends(10)

    _, was_blind = run_blind(other, cell(), known)
    assert was_blind.count(True) == 1


def test_a_cell_whose_blind_run_ends_otherwise_is_unknown() -> None:
    """It is run as often as a race; then both are told."""

    def noticed(order: TrialSpec, _number: int) -> Log:
        return plain().ends(10, "code 1") if is_blind(order) else plain().fires(10, "C").ends(10)

    result, was_blind = run_blind(noticed, cell())
    assert result.unknown == ("without the probe: main code 1; with it: main code 0",)
    assert (result.trials, was_blind.count(True)) == (RACY, 1)


def test_a_blind_run_of_a_race_may_show_any_outcome_of_it() -> None:
    """Only what no run with the probe has shown makes a race unknown."""

    def races(order: TrialSpec, number: int) -> Log:
        code = "code 1" if is_blind(order) or number % 7 == 0 else "code 0"
        return plain().fires(10, "C").ends(10, code)

    result, _ = run_blind(races, cell())
    assert (len(result.outcomes), result.unknown) == (2, ())


def test_a_cell_whose_blind_run_prints_otherwise_is_unknown() -> None:
    """What handlers print is the program's own witness of what it did."""
    result, _ = run_blind(
        clean, cell(), stdout=lambda order: "C\n" if is_blind(order) else "C\nB\n"
    )
    assert result.unknown == ("without the probe it printed something else",)


def test_a_blind_run_may_print_what_another_run_with_the_probe_printed() -> None:
    """A helper that dies at times, and is told of: the outcome is one, what is printed is not."""
    number = count()

    def at_times(order: TrialSpec) -> str:
        return "C\n" if is_blind(order) or next(number) % 7 == 3 else "C\na helper died\n"

    result, was_blind = run_blind(clean, cell(), stdout=at_times)
    assert (len(result.outcomes), result.unknown) == (1, ())
    assert was_blind.count(False) == RACY


def test_a_blind_run_that_shows_too_little_says_so() -> None:
    """The reason of the cell says that it is about the run without the probe."""

    def silent(order: TrialSpec, _number: int) -> Log:
        return Log().kernel(10, "spawned") if is_blind(order) else clean(order, 0)

    result, _ = run_blind(silent, cell())
    assert result.unknown == ("without the probe: it was never ready",)


def test_no_outcome_of_a_race_is_lost() -> None:
    """How far a killed process got is kept for each run that differs, beside the longest."""
    far = ((), ("C",), ("C", "B"))
    runner = Runner(lambda _order, number: killed(*far[number % 3]))
    ((result, _timelines),) = run(runner, cell(0, DEBUG, "SIGTERM"))[-1:]
    assert len(result.outcomes) == 1
    assert {one.processes[1].fired for one in result.seen} == set(far)


@given(st.integers(1, 12), st.integers(1, 40))
def test_no_more_is_under_way_than_the_bound(jobs: int, cells: int) -> None:
    """At most ORDERS_PER_JOB orders a job are under way, and all that the jobs can take is."""
    runner = Runner(clean, jobs)
    run(runner, *(cell(number) for number in range(cells)))
    assert runner.most == min(ORDERS_PER_JOB * jobs, cells)


def test_each_result_is_told_as_soon_as_it_has_enough() -> None:
    """What a cell has shown is handed on before another trial is taken, not at the end."""
    seen: list[tuple[int, str]] = []
    runner = Runner(clean, jobs=1)
    cells = [cell(number) for number in range(9)]
    schedule = Remembering(cells, SEVERALLY)
    measure(
        schedule,
        runner,
        PLACES,
        SCENARIOS,
        lambda result, _timelines: seen.append((runner.ran, result.cell.id)),
    )
    assert seen == [(number, one.id) for number, one in enumerate(cells, 1)]


def test_a_runner_that_fails_loses_nothing_that_was_told() -> None:
    """Results from before the failure have been passed on, and the runner's error propagates."""

    def play(order: TrialSpec, number: int) -> Log:
        if number == 5:
            raise ConnectionError("gone")
        return clean(order, number)

    results: list[Result] = []
    schedule = Remembering([cell(number) for number in range(9)], SEVERALLY)
    with pytest.raises(ConnectionError):
        measure(schedule, Runner(play), PLACES, SCENARIOS, lambda one, _: results.append(one))
    assert len(results) == 4


def test_every_trial_is_told() -> None:
    """`on_trial` is called for each trial with its cell, before the cell's result."""
    heard: list[str] = []
    schedule = Remembering([cell(0), cell(1)], SEVERALLY)
    measure(
        schedule,
        Runner(clean),
        PLACES,
        SCENARIOS,
        lambda one, _: heard.append(f"result {one.cell.launcher}"),
        lambda one, trial: heard.append(f"{len(trial.history)} facts {one.launcher}"),
    )
    assert heard[::2] == ["15 facts number-0", "15 facts number-1"]
    assert heard[1::2] == ["result number-0", "result number-1"]


def test_an_unknown_trial_has_no_timeline() -> None:
    """A trial that showed too little is told by its reason alone."""
    bad = Log().harness("not-started", "No such file")
    ((result, timelines),) = run(Runner(lambda *_: bad), cell())
    assert result.unknown == ("it could not be started: No such file",)
    assert (result.outcomes, timelines) == ((), [])


def test_one_timeline_for_each_distinct_outcome() -> None:
    """Equal outcomes share a timeline, and the set's outcomes all have one."""
    first = lambda _order, n: plain().ends(10, "code 1" if n == 1 else "code 0")  # noqa: E731
    schedule = Remembering([cell()], SEVERALLY, trials=4)
    got: list[tuple[Result, OutcomeTimelines]] = []
    measure(schedule, Runner(first), PLACES, SCENARIOS, lambda *one: got.append(one))
    result, timelines = got[-1]
    assert result.trials == RACY
    assert len(timelines) == len(result.outcomes) == 2
    assert {repr(essence(one)) for one, _ in timelines} == {
        repr(essence(one)) for one in result.outcomes
    }
    for one, steps in timelines:
        code = (one.processes[0].exit or {})["code"]
        assert steps[-1] == ("main", "ended", f"code {code}")


@pytest.mark.parametrize("order", [("", "C", "CB"), ("CB", "", "C"), ("C", "CB", "")])
def test_the_timeline_of_a_cut_run_is_that_of_the_longest(order: tuple[str, ...]) -> None:
    """Of runs that differ in how far a killed process got, the longest one is told."""
    runner = Runner(lambda _order, n: killed(*order[min(n, 3) - 1]))
    (*_, (result, timelines)) = run(runner, cell(0, DEBUG, "SIGTERM"))
    assert (result.trials, result.outcomes[0].cut) == (RACY, True)
    ((outcome, steps),) = timelines
    assert essence(outcome) == essence(result.outcomes[0])
    assert ("child", "returned", "B") in steps


def test_ten_thousand_cells_pass_through() -> None:
    """Ten thousand cells take as many trials; what is kept of them does not grow with them."""
    steps_told = 0

    def count(_result: Result, steps: OutcomeTimelines) -> None:
        nonlocal steps_told
        steps_told += len(steps)

    cells = [cell(number) for number in range(MANY)]
    schedule = Remembering(cells, SEVERALLY)
    runner = Runner(clean, jobs=4)
    small = clean(None, 0).trial()  # type: ignore[arg-type]
    runner.take = lambda: (runner.orders.popleft(), small)  # type: ignore[method-assign]
    measure(schedule, runner, PLACES, SCENARIOS, count)
    assert steps_told == schedule.settled == MANY
    assert runner.most == ORDERS_PER_JOB * 4


def test_memory_does_not_grow_with_cells_that_have_enough() -> None:
    """Of a cell that has its result no trial and no timeline is kept."""
    handlers = [f"h{number}" for number in range(200)]

    def play(_order: TrialSpec, _number: int) -> Log:
        return plain(*handlers).ends(10)

    kept = []
    for many in (20, 120):
        schedule = Remembering([cell(number) for number in range(many)], SEVERALLY)
        before: list[int] = []

        def count(_result: Result, _timelines: OutcomeTimelines, sizes: list[int] = before) -> None:
            sizes.append(tracemalloc.get_traced_memory()[0])

        tracemalloc.start()
        measure(schedule, Runner(play), PLACES, SCENARIOS, count)
        tracemalloc.stop()
        kept.append(before[-1] - before[9])
    assert kept[1] - kept[0] < 100 * 5_000


def test_steered_trials_take_turns_and_are_not_counted() -> None:
    """They say what is possible, not how often: `runs` stand behind the odds of a race."""
    asked: list[Steering | None] = []

    def play(order: TrialSpec, number: int) -> Log:
        asked.append(order.steering)
        return clean(order, number)

    results: list[Result] = []
    schedule = Remembering([cell()], SEVERALLY, trials=2 * len(TURNS))
    runner = Runner(play)
    measure(schedule, runner, PLACES, SCENARIOS, lambda one, _: results.append(one), steered=True)
    assert asked == [*TURNS, *TURNS]
    assert [one.trials for one in results] == [2 * TURNS.count(None)]
