"""Laws of the grace budget: what a grid of handler lengths says, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.model import Outcome, Process, Record
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sections.budget import Budget, budget_section, budgets, length_of
from msgspec.structs import replace

from tests.conftest import FOUND, LOADED, NEWEST, make_order, newest_flask, outcomes_of
from tests.support import values
from tests.support.histories import outcome, process

KILLED = "signal SIGKILL"


def record(length: int, *outcomes: Outcome, python: str = "3.13.0", **changes: object) -> Record:
    made = values.record(f"slow-{length}ms/SIGTERM@main", *outcomes, version=python)
    return replace(made, **changes)


def cut(fired: str, unfinished: str) -> Outcome:
    return outcome(process(fired=fired, ended=KILLED, unfinished=unfinished))


def only(*records: Record) -> Budget | None:
    (per,) = budgets({"linux": records}).values()
    (budget,) = per.values()
    return budget


ALL = outcome(process())


def test_what_ended_was_short_enough_and_what_did_not_was_too_long() -> None:
    """Two of 100 ms that ended and a third that did not: from 0.2 to 0.3 s."""
    assert only(record(100, cut("CB", "A"))) == Budget(least=200, most=300)
    assert str(Budget(least=200, most=300)) == "between 0.2 and 0.3 s"


def test_the_cells_of_a_grid_narrow_each_other_down() -> None:
    """The budget is what all lengths allow."""
    grid = (record(50, ALL), record(100, cut("CB", "A")), record(300, cut("", "C")))
    assert only(*grid) == Budget(least=200, most=300)


def test_without_a_cut_there_is_no_upper_limit() -> None:
    """That the longest ended says nothing of longer ones."""
    assert only(record(50, ALL), record(1000, ALL)) == Budget(least=3000)
    assert str(Budget(least=3000)) == "no limit was met up to 3 s"


def test_a_handler_that_never_began_had_no_time() -> None:
    """A process killed before its first handler had less time than the shortest in the grid."""
    assert only(record(50, cut("", "")), record(100, cut("", ""))) == Budget(most=50)
    assert str(Budget(most=50)) == "less than 0.05 s"


def test_where_no_handler_begins_in_a_normal_end_it_is_no_matter_of_time() -> None:
    """A process that nobody killed, and that ran none, would have run none however short."""
    skipped = outcome(process(fired="", ended="signal SIGINT"))
    assert only(record(50, skipped), record(1000, skipped)) == Budget(most=0)
    assert str(Budget(most=0)) == "no time: none begins"


def test_an_interrupted_handler_had_its_time_and_the_next_have_theirs() -> None:
    """A second Ctrl-C after 0.25 s ends the third handler of 100 ms, or the first of 300."""
    third = outcome(process(fired="CBA", ended="signal SIGINT", raised="A"))
    first = outcome(process(fired="CBA", ended="signal SIGINT", raised="C"))
    assert only(record(100, third), record(300, first)) == Budget(least=200, most=300)


def test_the_longest_of_several_runs_proves_no_least() -> None:
    """Where killed processes got differently far, how far all of them got is not known."""
    racy = replace(cut("CB", "A"), cut=True)
    assert only(record(100, racy)) == Budget(most=300)


def test_killed_after_its_last_handler_is_no_cut() -> None:
    """All three ended; what was killed then was the interpreter on its way out."""
    assert only(record(100, cut("CBA", ""))) == Budget(least=300)


def test_two_outcomes_of_one_cell_are_both_allowed() -> None:
    """Between the least of one and the most of the other."""
    assert only(record(100, cut("C", "B"), cut("CB", "A"))) == Budget(least=100, most=300)


def test_a_grid_that_contradicts_itself_says_that_runs_differ() -> None:
    """Enough time for 0.3 s here, and less than 0.2 s there, is no bracket."""
    budget = only(record(100, ALL), record(200, cut("", "C")))
    assert str(budget) == "about 0.2 s: it differs from run to run"


def shown(records: Mapping[str, Sequence[Record]]) -> str:
    (section,) = budget_section(records)
    return markdown(section)


@pytest.mark.parametrize(
    "unseen",
    [
        record(100, outcome(process(fired=None))),
        record(100, unknown=("it was never ready",)),
        record(100, ALL, unknown=("it was never ready",)),
    ],
)
def test_what_was_not_seen_makes_no_budget(unseen: Record) -> None:
    """One cell that is unknown makes the whole grid of that interpreter unknown."""
    assert only(record(50, ALL), unseen) is None
    assert only(unseen, record(50, ALL)) is None
    assert "not known" in shown({"linux": [unseen, record(50, ALL)]})


def test_each_process_has_a_budget_of_its_own() -> None:
    """A parent that waits for nobody is not cut when its child is."""
    both = outcome(process("parent"), process("child", fired="C", ended=KILLED, unfinished="B"))
    found = budgets({"linux": [record(100, both)]})
    assert {key[-1]: list(per.values()) for key, per in found.items()} == {
        "parent": [Budget(least=300)],
        "child": [Budget(least=100, most=200)],
    }


def test_the_page_says_who_has_which_budget() -> None:
    """Versions that agree share a row; those that do not have one each."""
    page = shown(
        {
            "linux": [
                record(100, cut("CB", "A")),
                record(100, cut("", "C"), python="3.6.15"),
            ]
        }
    )
    rows = [line for line in page.splitlines() if line.startswith("| `slow")]
    assert len(rows) == 2
    assert "between 0.2 and 0.3 s | 3.13.0" in "".join(rows)
    assert "less than 0.1 s | 3.6.15" in "".join(rows)
    assert budget_section({}) == []


@pytest.mark.parametrize(
    ("id", "length"),
    [("plain-slow-50ms", 50), ("flask-debug-slow-1000ms", 1000), ("plain", 0), ("plain-2ms-x", 0)],
)
def test_the_length_stands_in_the_id(id: str, length: int) -> None:
    """As a number of milliseconds at its end; other ids have none."""
    assert length_of(id) == length


@pytest.mark.real
def test_a_handler_that_sleeps_is_waited_for(
    environment_of: Callable[[str, str], Environment],
) -> None:
    """A process that sleeps in a handler, however long, is no survivor."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    order = make_order(environment, LOADED["flask-slow-1000ms"], "SIGINT")
    (outcome,) = outcomes_of([order]).values()
    assert isinstance(outcome, Outcome), outcome
    assert [(one.fired, one.exit) for one in outcome.processes] == [(("C", "B", "A"), {"code": 0})]


@pytest.mark.real
def test_a_supervisor_that_sends_sigkill_cuts_off_what_takes_too_long(
    environment_of: Callable[[str, str], Environment],
) -> None:
    """After SIGTERM short handlers end, and of long ones the third is killed in the middle."""
    environment = environment_of(NEWEST, "none")
    shown = {}
    for length in (100, 1000):
        subject = LOADED[f"plain-slow-{length}ms"]
        order = make_order(environment, subject, "SIGTERM-then-SIGKILL")
        (outcome,) = outcomes_of([order]).values()
        assert isinstance(outcome, Outcome), outcome
        (shown[length],) = outcome.processes
    assert shown[100] == Process(
        role="main", fired=("C", "B", "A"), unfinished=(), exit={"code": 0}, stdout="kept"
    )
    assert shown[1000] == Process(
        role="main", fired=("C", "B"), unfinished=("A",), exit={"signal": "SIGKILL"}, stdout="kept"
    )
