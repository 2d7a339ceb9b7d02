"""Laws of the schedule: how many trials a cell takes, and when it has enough."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable

import pytest
from exitmatrix.model import Cell, Outcome, Unknown
from exitmatrix.plan.schedule import (
    RACY,
    SEVERAL,
    SINGLE,
    Known,
    Result,
    Schedule,
    in_turn,
    spread,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import LOADED
from tests.support.histories import Remembering, outcome, process

A, B, C = outcome(), outcome(process(ended="code 1")), outcome(process(ended="code 2"))
DARK = Unknown(reason="it was never ready")
SHOW: dict[str, Outcome | Unknown] = {"A": A, "B": B, "C": C, "?": DARK}
ONE, TWO = "plain", "flask-debug"
SEVERALLY = {ONE: False, TWO: True}

Show = Callable[[Cell, int], Outcome | Unknown]


def cell(interpreter: str = "x", scenario: str = ONE, termination: str = "return") -> Cell:
    return Cell(
        interpreter=interpreter,
        stack="none",
        scenario=scenario,
        termination=termination,
        target="main",
    )


def schedule(cells: Iterable[Cell], **known: Known) -> Schedule:
    cells = list(cells)
    return Remembering(
        cells, SEVERALLY, {c.id: known[c.interpreter] for c in cells if c.interpreter in known}
    )


def run(plan: Schedule, show: Show, ahead: int = 1) -> tuple[Counter[str], list[Result]]:
    """Run everything, `ahead` trials at a time, oldest first; trials by cell, and results."""
    trials: Counter[str] = Counter()
    results = []
    under_way: deque[Cell] = deque()
    while True:
        while len(under_way) < ahead and (one := plan.next()):
            under_way.append(one)
        if not under_way:
            break
        one = under_way.popleft()
        result = plan.take(one, show(one, trials[one.id]))
        trials[one.id] += 1
        assert sum(trials.values()) < 10_000, "it does not end"
        if result:
            results.append(result)
    return trials, results


def always(what: Outcome | Unknown) -> Show:
    return lambda _cell, _number: what


def on(interpreter: str, *first: Outcome | Unknown) -> Show:
    """One interpreter shows these first, and all else A."""
    return lambda one, n: first[n] if one.interpreter == interpreter and n < len(first) else A


# ------------------------------------------------------------------- 1, 3 and 20


@pytest.mark.parametrize(("scenario", "trials"), [(ONE, SINGLE), (TWO, SEVERAL)])
def test_one_process_takes_one_trial_and_more_take_three(scenario: str, trials: int) -> None:
    """A cell with one process takes one trial, one with more takes three."""
    made, results = run(schedule([cell(scenario=scenario)]), always(A))
    assert list(made.values()) == [trials]
    (result,) = results
    assert (result.trials, result.outcomes, result.unknown) == (trials, (A,), ())


def test_a_race_anywhere_makes_all_who_ask_the_question_run_twenty() -> None:
    """Two outcomes on one interpreter: every cell of that question takes twenty, no other does."""
    cells = [cell(i, TWO) for i in "xyz"] + [cell("x", TWO, "abort"), cell("x")]
    plan = schedule(cells)
    made, _ = run(plan, lambda c, n: B if c == cells[0] and n == 2 else A)
    assert [made[one.id] for one in cells] == [RACY, RACY, RACY, SEVERAL, SINGLE]
    assert plan.racy == {cells[0].question}


def test_two_outcomes_of_different_interpreters_are_no_race() -> None:
    """Interpreters that differ from each other, each with one outcome, are run no more often."""
    cells = [cell(i, TWO) for i in "xy"]
    made, _ = run(schedule(cells), lambda c, _: A if c.interpreter == "x" else B)
    assert set(made.values()) == {SEVERAL}


def test_a_cut_run_is_a_race() -> None:
    """A process that was killed at another moment has one outcome, and races to it: twenty."""
    short, long = (outcome(process(fired=f, ended="signal SIGKILL")) for f in ("", "C"))
    made, results = run(schedule([cell("x", TWO)]), on("x", short, *[long] * 30))
    assert list(made.values()) == [RACY]
    assert [one.cut for one in results[-1].outcomes] == [True]


def test_the_user_may_ask_for_more() -> None:
    """`--trials` is the least for every cell, known or not, and twenty that of a race."""
    cells = [cell("x"), cell("y", TWO), cell("z", TWO, "abort")]
    known = {cells[2].id: Known(outcomes=(A,), trials=100)}
    made, _ = run(Remembering(cells, SEVERALLY, known, trials=5), always(A))
    assert [made[one.id] for one in cells] == [5, 5, 5]
    racing = Remembering(cells[1:2], SEVERALLY, {}, racy=[cells[1].question], trials=5)
    assert list(run(racing, always(A))[0].values()) == [RACY]
    many = Remembering(cells[1:2], SEVERALLY, {}, racy=[cells[1].question], trials=50)
    assert list(run(many, always(A))[0].values()) == [50]


# ------------------------------------------------------------------------ order


@given(st.lists(st.booleans(), max_size=60))
def test_cells_that_wait_are_spread_among_those_that_work(waiting: list[bool]) -> None:
    """All are there, each group in its order, and no part of the way has more than its share."""
    cells = [cell(str(n), TWO if waits else ONE) for n, waits in enumerate(waiting)]
    made = spread(cells, lambda one: one.scenario == TWO)
    for scenario in (ONE, TWO):
        group = [one for one in cells if one.scenario == scenario]
        assert [one for one in made if one.scenario == scenario] == group
    share = sum(waiting) / max(len(made), 1)
    for number in range(len(made) + 1):
        slow = sum(one.scenario == TWO for one in made[:number])
        assert abs(slow - share * number) <= 1


def test_servers_and_long_handlers_do_not_come_one_behind_the_other() -> None:
    """Of an interpreter, what is watched for seconds is spread among what needs the processor."""
    (long,) = [one.id for one in LOADED.values() if one.length][:1]
    waiting = {long, "gunicorn"}
    cells = [cell("x", name, str(n)) for name in ("plain", "gunicorn", long) for n in range(4)]
    made = in_turn(cells, LOADED)
    assert sorted(map(str, made)) == sorted(map(str, cells))
    for place in range(0, len(made), 3):
        assert sum(one.scenario in waiting for one in made[place : place + 3]) == 2


# ---------------------------------------------------------------------- records


@pytest.mark.parametrize("trials", [None, 1, 3, 20])
def test_a_cell_that_agrees_with_its_record_takes_one_trial(trials: int | None) -> None:
    """One trial suffices for a cell that shows what its record holds."""
    known = Known(outcomes=(A,), trials=3 if trials == 1 else trials)
    made, results = run(schedule([cell("x", TWO)], x=known), always(A))
    assert list(made.values()) == [1]
    assert results[0].outcomes == (A,)


def test_agreement_ignores_the_order() -> None:
    """A trial that differs from the record only in `order` agrees with it."""
    known = Known(outcomes=(outcome(order="main.C main.B"),), trials=3)
    made, _ = run(schedule([cell("x", TWO)], x=known), always(outcome(order="main.B main.C")))
    assert list(made.values()) == [1]


def test_a_cell_that_disagrees_with_its_record_is_a_race() -> None:
    """A trial that shows what the record does not hold makes two outcomes: twenty, for all."""
    cells = [cell("x"), cell("y")]
    made, _ = run(schedule(cells, x=Known(outcomes=(A,), trials=1)), on("x", B, B))
    assert [made[one.id] for one in cells] == [RACY, RACY]


def test_a_known_race_that_was_run_twenty_times_takes_one() -> None:
    """A racy cell with its twenty trials takes one more; one with three takes the rest."""
    cells = [cell("x", TWO), cell("y", TWO)]
    known = {
        cells[0].id: Known(outcomes=(A, B), trials=20),
        cells[1].id: Known(outcomes=(A,), trials=3),
    }
    made, _ = run(Remembering(cells, SEVERALLY, known, racy=[cells[0].question]), always(A))
    assert [made[one.id] for one in cells] == [1, RACY - 3]


def test_another_machines_record_had_all_that_it_took() -> None:
    """Without a count a record had what the laws ask for, as far as they were known then."""
    one = cell("x", TWO)
    old = Remembering([one], SEVERALLY, {one.id: Known(outcomes=(A, B))}, racy=[one.question])
    assert list(run(old, always(A))[0].values()) == [1]
    cells = [cell("y", TWO), one]
    fresh = Remembering(cells, SEVERALLY, {one.id: Known(outcomes=(A,))})
    made, _ = run(fresh, on("y", A, B))
    assert [made[c.id] for c in cells] == [RACY, RACY - SEVERAL]


def test_a_resumed_run_skips_what_it_has_measured() -> None:
    """What the interrupted run measured is settled from the start, and is not run again."""
    cells = [cell("x", TWO), cell("y", TWO)]
    plan = schedule(cells, x=Known(outcomes=(A,), trials=3, in_this_run=True))
    assert plan.settled == 1
    made, results = run(plan, always(A))
    assert made == {cells[1].id: SEVERAL}
    assert [one.cell for one in results] == [cells[1]]
    assert plan.settled == plan.total == 2


def test_a_resumed_cell_is_reopened_by_a_race() -> None:
    """A race that shows itself after the resumption still asks the rest of what was measured."""
    cells = [cell("x", TWO), cell("y", TWO)]
    plan = schedule(cells, x=Known(outcomes=(A,), trials=3, in_this_run=True))
    made, results = run(plan, on("y", A, B))
    assert [made[one.id] for one in cells] == [RACY - 3, RACY]
    assert {one.cell.interpreter: one.trials for one in results} == {"x": RACY - 3, "y": RACY}


# ---------------------------------------------------------------------- unknown


def test_an_unknown_trial_is_a_trial() -> None:
    """What showed too little counts, is told with its reason once, and is not repeated."""
    made, results = run(schedule([cell("x", TWO)]), on("x", DARK, DARK))
    assert list(made.values()) == [SEVERAL]
    assert (results[0].unknown, results[0].outcomes) == (("it was never ready",), (A,))
    made, results = run(schedule([cell()]), always(DARK))
    assert list(made.values()) == [SINGLE]
    assert results[0].outcomes == ()


def test_an_unknown_trial_of_a_known_cell_takes_it_in_full() -> None:
    """A cell that was known and is now unknown is looked at again as if it were new."""
    known = Known(outcomes=(A,), trials=3)
    made, _ = run(schedule([cell("x", TWO)], x=known), on("x", DARK))
    assert list(made.values()) == [SEVERAL]


# ---------------------------------------------------------------------- settled


def test_settled_counts_cells_that_have_enough_as_far_as_is_known() -> None:
    """A reopened cell is not settled, and is settled again once it has its twenty."""
    cells = [cell("x", TWO), cell("y", TWO)]
    plan = schedule(cells)
    for _ in range(3):
        assert plan.next() == cells[0]
    assert [bool(plan.take(cells[0], A)) for _ in range(3)] == [False, False, True]
    assert (plan.settled, plan.total) == (1, 2)
    for _ in range(3):
        assert plan.next() == cells[1]
    plan.take(cells[1], A)
    plan.take(cells[1], B)
    assert plan.settled == 0
    plan.take(cells[1], A)
    run(plan, always(A))
    assert plan.settled == 2


def test_nothing_to_do_is_nothing_to_start() -> None:
    """A schedule without cells starts nothing and has settled all."""
    plan = schedule([])
    assert (plan.next(), plan.settled, plan.total, plan.owed) == (None, 0, 0, 0)


# ------------------------------------------------------------- any sequence at all

KNOWNS = st.one_of(
    st.none(),
    st.builds(
        Known,
        outcomes=st.sampled_from([(A,), (B,), (A, B)]),
        trials=st.sampled_from([None, 1, 3, 17, 20, 40]),
        in_this_run=st.booleans(),
    ),
)
WORLDS = st.lists(
    st.tuples(
        st.sampled_from([ONE, TWO]),
        st.sampled_from(["return", "abort"]),
        KNOWNS,
        st.text("AAABC?", min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=6,
)


@given(WORLDS, st.integers(1, 9), st.integers(1, 25), st.booleans())
def test_whatever_is_shown_the_laws_hold(
    world: list[tuple[str, str, Known | None, str]], ahead: int, least: int, raced: bool
) -> None:
    """The loop ends, no cell runs more often than the laws say, and each result has enough."""
    cells = [cell(str(i), scenario, t) for i, (scenario, t, _, _) in enumerate(world)]
    known = {c.id: k for c, (_, _, k, _) in zip(cells, world, strict=True) if k}
    shows = {c.id: s for c, (_, _, _, s) in zip(cells, world, strict=True)}
    racy = {cells[0].question} if raced else set()
    plan = Remembering(cells, SEVERALLY, known, racy=racy, trials=least)
    settled = plan.settled

    def show(one: Cell, n: int) -> Outcome | Unknown:
        return SHOW[shows[one.id][n % len(shows[one.id])]]

    made, results = run(plan, show, ahead)
    assert plan.settled == plan.total
    assert plan.owed == 0
    ran: Counter[str] = Counter()
    for result in results:
        ran[result.cell.id] += result.trials
    assert ran == made
    for one in cells:
        base = max(least, SEVERAL if one.scenario == TWO else SINGLE)
        full = max(base, RACY) if one.question in plan.racy else base
        assert made[one.id] <= full
        before = known.get(one.id)
        if before is None:
            assert made[one.id] == full
        elif not before.in_this_run:
            assert made[one.id] >= min(least, full)
    # What was run and settled was told: once, or once more for each time it was reopened.
    assert {one.cell.id for one in results} == set(made)
    assert settled <= plan.total
    counts = Counter(one.cell.id for one in results)
    assert all(count <= 2 for count in counts.values())
    assert all(result.trials for result in results)


@given(st.lists(st.sampled_from("ABC?"), min_size=60, max_size=60), st.integers(1, 7))
def test_a_result_comes_exactly_when_there_is_enough(shows: list[str], ahead: int) -> None:
    """A result is told with the last trial that is under way, and never while one is."""
    cells = [cell("x", TWO), cell("y", TWO)]
    plan = schedule(cells)
    under_way: deque[Cell] = deque()
    done: Counter[str] = Counter()
    for number in range(200):
        while len(under_way) < ahead and (one := plan.next()):
            under_way.append(one)
        if not under_way:
            break
        one = under_way.popleft()
        done[one.id] += 1
        result = plan.take(one, SHOW[shows[number % 60]])
        wanted = RACY if plan.racy else SEVERAL
        enough = done[one.id] == wanted
        assert (result is not None) == (enough and one not in under_way)
    assert plan.settled == 2
