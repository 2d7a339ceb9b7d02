"""Laws of sets of outcomes: what is equal, what is cut short, and that arrival does not matter."""

from __future__ import annotations

from itertools import permutations

import pytest
from exitmatrix.model import Outcome, Process
from exitmatrix.model.outcome_sets import add, contains, equal, essence, is_race, join, union
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.histories import outcome, process

KILLED = "signal SIGKILL"
PARENT = process("parent")


def killed(fired: str, unfinished: str = "", **more: object) -> Process:
    return process("child", fired, KILLED, unfinished, **more)  # type: ignore[arg-type]


def pair(fired: str, unfinished: str = "", order: str | None = "", **more: object) -> Outcome:
    return outcome(PARENT, killed(fired, unfinished, **more), order=order)


# ------------------------------------------------------------------------- equality


def test_order_takes_no_part_in_equality() -> None:
    """Outcomes that differ only in `order` are one, and its order is null."""
    one, other = outcome(order="main.A main.B"), outcome(order="main.B main.A")
    assert contains((one,), other)
    assert union([one, other]) == (replace(one, order=None),)
    assert union([one, one]) == (one,)


def test_an_order_that_is_null_stays_null() -> None:
    """What trials once disagreed on is not agreed on later."""
    one = outcome(order="main.A")
    assert join(replace(one, order=None), one) == replace(one, order=None)
    assert join(one, replace(one, order=None)) == replace(one, order=None)


def test_answer_takes_no_part_in_equality() -> None:
    """Outcomes that differ only in `answer` are one, which has either."""
    one = outcome(port="closed")
    answers = [replace(one, answer=text) for text in ("none", "200", "none")]
    assert union(answers) == (replace(one, answer="either"),)
    assert contains((answers[0],), answers[1])


@pytest.mark.parametrize(
    ("outcomes", "race"),
    [
        ((), False),
        ((outcome(),), False),
        ((outcome(), outcome(process(ended="code 1"))), True),
        ((replace(outcome(), cut=True),), True),
        ((replace(outcome(), answer="either"),), True),
        ((replace(outcome(), answer="none"),), False),
    ],
)
def test_a_race_is_any_disagreement(outcomes: tuple[Outcome, ...], race: bool) -> None:
    """A cell is racy if trials of it differed in whatever is told of them."""
    assert is_race(outcomes) == race


@pytest.mark.parametrize(
    "other",
    [
        outcome(process(fired="CB", unfinished="A")),
        outcome(process(ended="code 1")),
        outcome(process(ended="signal SIGTERM")),
        outcome(process(fired=None)),
        outcome(process(raised="C")),
        outcome(process(library=("logging.shutdown",))),
        outcome(process(stdout="lost")),
        outcome(process(), process("child")),
        outcome(process(), port="open"),
        replace(outcome(), survivors=("main",)),
        replace(outcome(), helpers=("uname",)),
        replace(outcome(), left=("semaphore",)),
    ],
)
def test_everything_else_does(other: Outcome) -> None:
    """Outcomes that differ in anything else are two, whichever comes first."""
    assert not contains((outcome(),), other)
    assert len(union([outcome(), other])) == 2
    assert union([outcome(), other]) == union([other, outcome()])


# ------------------------------------------------------------------------ cut short


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (killed(""), killed("", "C")),
        (killed("", "C"), killed("C")),
        (killed("C"), killed("CB", "A")),
        (killed("", stdout="lost"), killed("CBA", stdout="kept")),
        (killed("CBA"), killed("CBA", library=("logging.shutdown",))),
        (killed("C", library=("m.f (unfinished)",)), killed("C", library=("m.f", "n.g"))),
        (killed("C", raised="C"), killed("CB", raised="C")),
    ],
)
def test_the_longest_run_of_a_killed_process_stands_for_all(short: Process, long: Process) -> None:
    """Two that differ in how far a killed process got are the longer one, with `cut`."""
    one, other = outcome(PARENT, short), outcome(PARENT, long)
    assert union([one, other]) == union([other, one]) == (replace(other, cut=True),)


def test_nothing_is_cut_that_was_always_as_long() -> None:
    """If a killed process always gets equally far, its outcome has no `cut`."""
    assert union([pair("C"), pair("C")]) == (pair("C"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (killed("CB"), killed("CA")),
        (killed("C"), killed("", "B")),
        (killed("C"), killed("CB", raised="C")),
        (killed("C", stdout="kept"), killed("CB", stdout="lost")),
        (killed("CB"), killed("C", library=("m.f",))),
        (killed(""), process("child", None, KILLED)),
        (process("child", "", "signal SIGTERM"), process("child", "C", "signal SIGTERM")),
        (process("child", "", "code 0"), process("child", "C", "code 0")),
        (process("child", "", "signal SIGTERM"), killed("C")),
        (process("child", "", None), process("child", "C", None)),
    ],
)
def test_only_how_far_a_killed_process_got_is_left_open(one: Process, other: Process) -> None:
    """Other ways, other ends, contradictions and the unobserved stay apart, and are not cut."""
    both = union([outcome(PARENT, one), outcome(PARENT, other)])
    assert len(both) == 2
    assert not any(each.cut for each in both)
    assert join(*both) is None


def test_what_else_differs_keeps_them_apart() -> None:
    """A shorter run of the child is no shorter run of another parent's outcome."""
    assert len(union([outcome(process("parent", "CBA"), killed("")), outcome(killed("C"))])) == 2
    assert (
        len(union([outcome(PARENT, killed("")), outcome(process("parent", "C"), killed("C"))])) == 2
    )


def test_the_order_of_a_cut_run_is_that_of_the_longest() -> None:
    """A shorter run whose order fits leaves the longer one's; one that does not makes it null."""
    short, long = "parent.A", "child.C parent.A"
    assert (
        union([pair("", order=short), pair("C", order=long)])[0].order
        == pair("C", order=long).order
    )
    apart = [pair("C", order="child.C parent.A"), pair("CB", order="parent.A child.C child.B")]
    assert union(apart)[0].order is None


def test_a_run_that_is_cut_holds_every_shorter_one() -> None:
    """A set that was cut short shows nothing new in a shorter run; a longer one is new."""
    known = union([pair(""), pair("CB")])
    assert contains(known, pair("C"))
    assert not contains(known, pair("CBA"))
    assert not contains((pair("CB"),), pair("C"))


def test_where_killed_processes_went_two_ways_both_are_kept() -> None:
    """One outcome that is the beginning of two is in both, whenever it comes."""
    seen = [pair(""), pair("C"), pair("B"), pair("BA")]
    sets = {repr(union(some)) for some in permutations(seen)}
    assert len(sets) == 1
    assert union(seen) == tuple(replace(one, cut=True) for one in (pair("BA"), pair("C")))


PROCESSES = st.builds(
    process,
    st.just("child"),
    st.sampled_from(["", "C", "CB", "CBA", "B", "BA"]),
    st.sampled_from([KILLED, KILLED, KILLED, "code 0"]),
    st.sampled_from(["", "A"]),
    st.sampled_from([(), ("m.f (unfinished)",), ("m.f",)]),
    stdout=st.sampled_from([None, "lost", "kept"]),
)
OUTCOMES = st.builds(
    lambda one, other, order: outcome(one, other, order=order),
    PROCESSES,
    st.one_of(st.just(PARENT), PROCESSES),
    st.sampled_from(["", "child.C", None]),
)


def content(some: tuple[Outcome, ...]) -> list[tuple[Outcome, bool]]:
    return [(essence(one), one.cut) for one in some]


@given(st.lists(OUTCOMES, max_size=6), st.randoms(use_true_random=False))
def test_a_set_does_not_depend_on_what_came_first(seen: list[Outcome], random: object) -> None:
    """Whatever the order of arrival, and however it is told in parts, the set is the same."""
    whole = union(seen)
    shuffled = list(seen)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert content(union(shuffled)) == content(whole)
    half = len(seen) // 2
    assert content(union([*union(seen[half:]), *union(seen[:half])])) == content(whole)


@given(st.lists(OUTCOMES, min_size=1, max_size=6))
def test_a_set_holds_what_it_was_told(seen: list[Outcome]) -> None:
    """All that was seen is in the set, twice is once, and every member of it was seen."""
    whole = union(seen)
    assert all(contains(whole, one) for one in seen)
    assert equal(union([*whole, *seen]), whole)
    assert {repr(essence(one)) for one in whole} <= {repr(essence(one)) for one in seen}
    keys = [repr(essence(one)) for one in whole]
    assert len(set(keys)) == len(keys)


@given(OUTCOMES, OUTCOMES)
def test_joining_is_symmetric(one: Outcome, other: Outcome) -> None:
    """Two outcomes are one, or not, from either side."""
    assert join(one, other) == join(other, one)
    assert join(one, one) == one
    assert (join(one, other) is None) == (len(add((one,), other)) == 2)
