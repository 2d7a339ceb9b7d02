"""What counts as a change in behaviour, what the laws say of it, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest
from exitmatrix.judge.reasons import Reason, why_changed
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.store.records import cell_of
from exitmatrix.model import Cell, Outcome, Process, Record, Side
from exitmatrix.model.change import Change
from exitmatrix.model.outcome_sets import union
from exitmatrix.plan.changes import change, known, sort
from exitmatrix.plan.schedule import RACY, Result, Schedule
from exitmatrix.report.compare import Pairs, comparable, compare, of_folders, of_interpreters
from exitmatrix.report.pages.changes import (
    ExplainedChange,
    before_and_now,
    change_list,
    change_section,
    command,
    everything,
    group_changes,
    side_by_side,
)
from exitmatrix.report.render.markdown import markdown
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support.values import LINUX, died, ended, outcome, pair, process, record

SIGTERM, RETURN = "plain/SIGTERM@main", "plain/return@main"


def result(of: Record, *outcomes: Outcome, runs: int = 1) -> Result:
    return Result(cell=cell_of(of), outcomes=outcomes, unknown=(), trials=runs)


def raced(_: Record, shown: Outcome) -> bool:
    """What the laws of these tests allow of a race: that it is ended by SIGHUP."""
    return shown == died("SIGHUP")


def seen(of: Record, *outcomes: Outcome, runs: int = RACY) -> Change:
    """The change that some outcomes are; there is one."""
    found = change(LINUX, of, result(of, *outcomes, runs=runs), of.packages, raced)
    assert found
    return found


# ----------------------------------------------------------------- what is one


def test_the_same_again_is_no_change() -> None:
    """Nor is a part of a race, or a killed process that got less far than is known."""
    one = record(RETURN, ended())
    assert change(LINUX, one, result(one, ended()), one.packages, raced) is None
    race = record(SIGTERM, *union([died("SIGTERM"), ended()]))
    assert change(LINUX, race, result(race, ended()), race.packages, raced) is None
    killed = [process("child", fired, exit={"signal": "SIGKILL"}) for fired in ((), ("C",))]
    cut = record("flask-debug/SIGTERM@group", pair(killed[1], cut=True))
    assert change(LINUX, cut, result(cut, pair(killed[0])), cut.packages, raced) is None


def test_other_packages_alone_are_no_change() -> None:
    """Other packages alone are no change in behaviour."""
    one = record("flask/return@main", ended(), stack="flask-3.1")
    assert change(LINUX, one, result(one, ended()), {"flask": "9.9"}, raced) is None


@pytest.mark.parametrize(
    "other",
    [
        died("SIGTERM"),
        ended(status=1),
        ended(fired=("C", "B")),
        ended(left=("semaphore",)),
        ended(helpers=("multiprocessing.resource_tracker",)),
    ],
)
def test_an_outcome_that_is_not_on_record_is_a_change(other: Outcome) -> None:
    """A single new outcome is enough: a race passes only within what is known and allowed."""
    one = record(RETURN, ended())
    assert seen(one, other).replaces
    both = seen(one, ended(), other)
    assert both.news == (other,)
    assert not both.replaces


def test_what_the_laws_allow_of_a_race_is_no_change_beside_what_is_on_record() -> None:
    """Alone, in all of twenty runs, it is one: then nothing shows the race any more."""
    race = record(SIGTERM, died("SIGTERM"))
    assert change(LINUX, race, result(race, ended(), died("SIGHUP")), {}, raced)
    both = result(race, died("SIGTERM"), died("SIGHUP"))
    assert change(LINUX, race, both, race.packages, raced) is None
    assert seen(race, died("SIGHUP")).replaces
    assert seen(race, died("SIGTERM"), died("SIGHUP"), ended()).news


def test_a_cell_without_outcomes_on_record_is_new() -> None:
    """That is a cell never measured, or one of which too little was seen."""
    on_record = record(RETURN, ended())
    unknown = record(SIGTERM, unknown=("it never became ready",))
    never = record("plain/abort@main", died("SIGABRT"))
    records = {one.cell: one for one in (on_record, unknown)}
    found = sort([cell_of(one) for one in (on_record, unknown, never)], records)
    assert [cell.termination for cell in found.known] == ["return"]
    assert [cell.termination for cell in found.new] == ["SIGTERM", "abort"]


def test_a_cell_that_agrees_takes_one_run_and_one_that_differs_twenty() -> None:
    """Whatever other cells that ask the same question do, also where it is a race."""
    rows = [record(SIGTERM, died("SIGTERM"), version=v) for v in ("3.12.1", "3.13.0")]
    cells = [cell_of(one) for one in rows]
    schedule = Schedule(
        cells, several={"plain": True}, known=known({one.cell: one for one in rows})
    )
    runs = dict.fromkeys((cell.interpreter for cell in cells), 0)
    while cell := schedule.next():
        runs[cell.interpreter] += 1
        schedule.take(cell, ended() if cell.interpreter == "cpython-3.13.0" else died("SIGTERM"))
    assert runs == {"cpython-3.12.1": 1, "cpython-3.13.0": RACY}


# ----------------------------------------------------------- between two of them


def test_stacks_that_are_compared() -> None:
    """Stacks that both have are compared by name; of the others, the newest of each."""
    assert comparable(["flask-1.1", "flask-3.0"], ["flask-1.1", "flask-3.1"]) == [
        ("flask-1.1", "flask-1.1"),
        ("flask-3.0", "flask-3.1"),
    ]
    assert comparable(["flask-1.1"], ["flask-1.1", "flask-3.1"]) == [("flask-1.1", "flask-1.1")]
    assert comparable(["flask-1.1", "flask-2.0"], ["flask-3.1"]) == [("flask-2.0", "flask-3.1")]
    assert comparable([], ["none"]) == []


def changed(pairs: Pairs, *more: Record) -> list[str]:
    rows = [one for both in pairs.pairs for one in (both.old, both.new)]
    return [one.new.cell for one in compare(pairs.pairs, [*rows, *more]).changes]


def test_two_interpreters() -> None:
    """The same question is compared, and what only one of them was asked is told."""
    old = [record(SIGTERM, died("SIGTERM"), version="3.12.1")]
    new = [record(SIGTERM, ended()), record(RETURN, ended())]
    pairs = of_interpreters({LINUX: [*old, *new]}, Side("cpython-3.12.1"), Side("cpython-3.13.0"))
    assert changed(pairs) == ["cpython-3.13.0/none/plain/SIGTERM@main"]
    assert pairs.only_new == (new[1],)
    assert pairs.only_old == ()


def test_two_stacks_of_one_interpreter() -> None:
    """A side that names its stack is compared with that one alone; one that names none fits it."""
    old = record("flask/return@main", died("SIGTERM"), stack="flask-1.1")
    new = record("flask/return@main", ended(), stack="flask-3.1")
    third = record("flask/return@main", ended(status=1), stack="flask-3.0")
    rows = {LINUX: [old, new, third]}
    one, other = Side.parse("cpython-3.13.0/flask-1.1"), Side.parse("cpython-3.13.0/flask-3.1")
    pairs = of_interpreters(rows, one, other)
    assert [(pair.old, pair.new) for pair in pairs.pairs] == [(old, new)]
    assert changed(pairs) == [new.cell]
    same = of_interpreters(rows, one, Side.parse("cpython-3.13.0"))
    assert [(pair.old, pair.new) for pair in same.pairs] == [(old, old)]


def test_two_folders() -> None:
    """The same cell on the same platform; one of which nothing was seen is not compared."""
    one, other = record(SIGTERM, died("SIGTERM")), record(SIGTERM, ended())
    assert changed(of_folders({LINUX: [one]}, {LINUX: [other]})) == [one.cell]
    assert changed(of_folders({LINUX: [one]}, {LINUX: [one]})) == []
    assert of_folders({LINUX: [one]}, {"macos-arm64": [other]}).pairs == ()
    blind = of_folders({LINUX: [one]}, {LINUX: [record(SIGTERM, unknown=("no answer",))]})
    assert compare(blind.pairs, []).unseen == 1
    assert changed(blind) == []


def test_parts_of_a_race_do_not_differ() -> None:
    """Overlapping sets do not differ; disjoint sets do."""
    race = record(SIGTERM, died("SIGTERM"), ended())
    part = record(SIGTERM, ended())
    apart = record(SIGTERM, ended(status=1))
    assert changed(of_folders({LINUX: [race]}, {LINUX: [part]})) == []
    assert changed(of_folders({LINUX: [race]}, {LINUX: [apart]})) == [race.cell]


def test_a_race_elsewhere_makes_how_far_a_killed_process_got_no_difference() -> None:
    """Whether a question is racy is seen on all that were asked, as the report sees it."""
    killed = [process("child", fired, exit={"signal": "SIGKILL"}) for fired in ((), ("C",))]
    short, long = (record("flask-debug/SIGTERM@group", pair(one)) for one in killed)
    pairs = of_folders({LINUX: [short]}, {LINUX: [long]})
    assert changed(pairs) == [short.cell]
    elsewhere = replace(short, outcomes=(pair(killed[0]), died("SIGTERM")))
    assert changed(pairs, elsewhere) == []


# ---------------------------------------------------------------------- telling


WHOLE = Outcome(
    processes=(
        Process(role="parent", fired=("C",), unfinished=(), exit={"code": 0}, stdout="kept"),
        Process(role="child", fired=(), unfinished=(), exit={"signal": "SIGTERM"}, stdout="lost"),
    ),
    order=None,
    survivors=(),
    helpers=(),
    port="closed",
)


def with_child(**other: Any) -> Outcome:
    return replace(WHOLE, processes=(WHOLE.processes[0], replace(WHOLE.processes[1], **other)))


@pytest.mark.parametrize(
    "other",
    [
        with_child(role="child#2"),
        with_child(fired=("C",)),
        with_child(fired=None, unfinished=None),
        with_child(unfinished=("C",)),
        with_child(fired=("C",), raised=("C",)),
        with_child(exit={"code": 0}),
        with_child(exit=None),
        with_child(exit=None, fired=("C",)),
        with_child(exit=None, unfinished=("C",)),
        with_child(library=("logging.shutdown",)),
        with_child(before=2),
        with_child(stdout="twice"),
        replace(WHOLE, survivors=("child",), port="open"),
        replace(WHOLE, helpers=("sh",)),
        replace(WHOLE, answer="200"),
        replace(WHOLE, left=("semaphore",)),
        replace(WHOLE, printed=("Traceback (most recent call last):",)),
        replace(WHOLE, data={"file": "lost"}),
        replace(WHOLE, cut=True),
        replace(WHOLE, client="reset"),
    ],
)
def test_every_difference_has_words(other: Outcome) -> None:
    """Whatever tells two outcomes apart is told, and differently for both."""
    assert everything(other) != everything(WHOLE)
    question = "flask-debug/SIGTERM@child"
    old = record(question, WHOLE)
    pair = before_and_now(Change(platform=LINUX, old=old, new=replace(old, outcomes=(other,))))
    assert pair[0] != pair[1]


def test_the_fields_that_the_words_cover_are_all() -> None:
    """A field that is added to an outcome needs a line above."""
    assert set(Process.__struct_fields__) == {
        "role", "fired", "unfinished", "exit", "raised", "library", "before", "stdout",
    }  # fmt: skip
    assert set(Outcome.__struct_fields__) == {
        "processes", "order", "survivors", "helpers", "port", "answer", "client", "left",
        "printed", "data", "cut", "launchers",
    }  # fmt: skip


def test_a_failure_shows_both_sides_the_reason_and_the_command() -> None:
    """In words first; what differs is marked, what is equal is there too."""
    old = record("flask-debug/SIGKILL@child", WHOLE, stack="flask-3.1")
    explained = ExplainedChange(
        change=seen(old, with_child(exit={"code": 3})), why=(Reason(text="so it is"),)
    )
    lines = side_by_side(explained)
    assert lines[:3] == [
        "cpython-3.13.0/flask-3.1/flask-debug/SIGKILL@child behaves differently:",
        "  now: child exit 3",
        "  was: child SIGTERM",
    ]
    table = [line.split() for line in lines]
    assert ["expected", "seen"] in table
    assert ["!", "child", "SIGTERM", "child", "exit", "3"] in table
    assert ["parent", "ran", "C", "parent", "ran", "C"] in table
    assert "  why   so it is" in lines
    assert "  runs  20 of each cell, none as expected" in lines
    assert lines[-1] == f"  again  {command(old)}"


def test_the_command_measures_that_cell_and_no_other() -> None:
    """It selects by every word of the cell's id."""
    words = command(record("flask-debug/SIGKILL@child", WHOLE, stack="flask-3.1"))
    assert words == (
        "exitmatrix check --python cpython-3.13.0 --stack flask-3.1 --scenario flask-debug"
        " --termination SIGKILL --target child"
    )


def test_a_race_shows_what_is_new_beside_all_that_is_known() -> None:
    """A new combination of known parts is a change as well, and is told whole."""
    race = record(SIGTERM, *union([died("SIGTERM"), ended()]))
    lines = side_by_side(ExplainedChange(change=seen(race, ended(), ended(status=1))))
    text = "\n".join(lines)
    assert "now: (exit 1; ran all; output kept)" in text
    assert "was: (exit 0; ran all; output kept) or (SIGTERM; ran none; output lost)" in text
    assert "some as expected" in text
    assert any(line.strip() == "or" for line in lines)


def test_alike_changes_are_told_once() -> None:
    """With the places where they show; many subjects in one place are told in words."""
    versions = ("3.12.1", "3.13.0", "3.14.0")
    rows = [record(SIGTERM, died("SIGTERM"), version=version) for version in versions]
    changes = [ExplainedChange(change=seen(one, ended())) for one in rows[1:]]
    changes.append(ExplainedChange(change=seen(record(RETURN, ended()), ended(status=1))))
    lines = change_list(group_changes(changes, rows), ("expected", "seen"))
    assert sum(line.strip().startswith("expected") for line in lines) == 2
    assert "  where     plain/SIGTERM@main: 3.13 and later" in lines
    assert "  where     cpython-3.13.0/none/plain/return@main" in lines


def test_a_rule_is_told_once_in_full() -> None:
    """Later mentions give its id alone."""
    why = (Reason(text="because of this", rule="a-rule"),)
    rows = [record(SIGTERM, died("SIGTERM")), record(RETURN, ended())]
    changes = [ExplainedChange(change=seen(one, ended(status=9)), why=why) for one in rows]
    text = "\n".join(
        change_list(group_changes(changes, rows, with_rules=True), ("expected", "seen"))
    )
    assert text.count("because of this") == 1
    assert "a-rule, as above" in text


def test_rules_are_told_where_they_are_asked_for() -> None:
    """What was expected, what is seen and where stand there without; so do the commands."""
    why = (Reason(text="because of this", rule="a-rule"),)
    row = record(SIGTERM, died("SIGTERM"))
    changes = [ExplainedChange(change=seen(row, ended(status=9)), why=why)]
    short, whole = (
        "\n".join(
            change_list(group_changes(changes, [row], with_rules=rules), ("expected", "seen"))
        )
        for rules in (False, True)
    )
    assert [text.count("because of this") for text in (short, whole)] == [0, 1]
    for text in (short, whole):
        assert f"  again     {command(row)}" in text
        assert f"  program   exitmatrix explain {row.cell} --reproducer -" in text


def test_changes_are_a_document_for_a_tracker() -> None:
    """The same words as in a terminal; nothing in them is a mark of the format."""
    row = record(RETURN, ended(fired=("_a*b",)))
    groups = group_changes([ExplainedChange(change=seen(row, ended(status=9)))], [row])
    text = markdown(change_section("1 of 1 cell behaves differently.", groups, ("was", "is")))
    assert text.startswith("# 1 of 1 cell behaves differently\n")
    assert f"- **where**: `{row.cell}`" in text
    assert f"```console\n$ {command(row)}\n" in text
    assert "_a*b" not in text.partition("```")[0]


def test_words_are_for_a_terminal() -> None:
    """They hold no markup and no escapes of the page."""
    text = everything(ended(fired=("<lambda>", "_a*b")))
    assert text["main: handlers"] == "ran <lambda>, _a*b"


# ---------------------------------------------------------------------- reasons


def measured(version: str, *outcomes: Outcome) -> Record:
    return record(SIGTERM, *outcomes, version=version)


def test_the_rules_say_which_of_the_two_they_allow() -> None:
    """Before and now are one cell, for which they allow the same."""
    now = died("SIGTERM")
    assert judge(measured("3.13.0", now), LOADED["plain"]).verdict.verdict == "match"
    right = why_changed(seen(measured("3.13.0", now), ended()), LOADED)
    assert right[0].text == "what was expected is what the laws allow"
    assert "default-action" in [reason.rule for reason in right]
    wrong = why_changed(seen(measured("3.13.0", ended()), now), LOADED)
    assert wrong[0].text == "what is seen now is what the laws allow"
    neither = why_changed(seen(measured("3.13.0", ended()), ended(status=1)), LOADED)
    assert neither[0].text == "neither is what the laws allow"


def test_a_difference_is_explained_by_the_rules_of_one_side_only() -> None:
    """And only where the rules predict one."""
    question = "plain/keyboard-interrupt@main"
    old = record(question, ended(status=1), version="3.7.16")
    new = record(question, replace(died("SIGINT"), processes=()), version="3.8.18")
    reasons = why_changed(Change(platform=LINUX, old=old, new=new), LOADED)
    assert {reason.subject for reason in reasons} <= {"cpython-3.7.16", "cpython-3.8.18"}
    assert reasons
    same = record(question, ended(), version="3.9.18")
    assert why_changed(Change(platform=LINUX, old=new, new=same), LOADED) == ()


def test_a_scenario_that_is_gone_has_no_reasons() -> None:
    """No rule is asked about a program that nobody has."""
    old = record("vanished/return@main", ended())
    assert why_changed(seen(old, ended(status=1)), LOADED) == ()


def test_cells_are_what_they_are_called() -> None:
    """The records made here are of the cells that their ids name."""
    assert isinstance(cell_of(record(SIGTERM, outcome())), Cell)
    assert cell_of(record(SIGTERM)).id == record(SIGTERM).cell
