"""The laws about the rules, held against everything that was measured and is committed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from exitmatrix.judge.context import Context, numbers
from exitmatrix.judge.effects import Child, Effect, HandlerOrder, Next, Raises
from exitmatrix.judge.predict import allowed
from exitmatrix.judge.rules import RULES, RULES_BY_ID, Rule
from exitmatrix.judge.verdict import ending, expected, judge, traits_of
from exitmatrix.model import Record
from exitmatrix.model.outcome_sets import allows
from msgspec.structs import replace

from tests.support.committed import records, scenarios

MOST_RULES = 90


@cache
def cells_using() -> Mapping[str, Sequence[Record]]:
    """The records in whose prediction a rule took part, by the rule's id."""
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records():
        scenario = scenarios().get(record.scenario)
        if scenario and scenario.program:
            for id in judge(record, scenario).verdict.rules:
                found[id].append(record)
    return found


def changed(id: str, then: Effect) -> tuple[Rule, ...]:
    """The rules, with one that says something else."""
    return tuple(replace(one, then=lambda _: then) if one.id == id else one for one in RULES)


def without(id: str) -> tuple[Rule, ...]:
    return tuple(one for one in RULES if one.id != id)


def matches(rows: Iterable[Record], rules: Sequence[Rule] = RULES) -> bool:
    return all(
        judge(row, scenarios()[row.scenario], rules).verdict.verdict == "match" for row in rows
    )


def test_there_are_observations_to_hold_the_rules_against() -> None:
    """The laws below are about something."""
    assert len(records()) > 2000


def test_the_rules_are_few_and_each_says_why_and_where_from() -> None:
    """Every rule has an id of its own, one or two sentences and a public source."""
    assert len(RULES_BY_ID) == len(RULES) < MOST_RULES
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.because.endswith(".")
        assert rule.because.count(". ") <= 2, rule.id
        assert re.search(r"docs: |\(\d\)|Werkzeug|CPython|PyPy|Flask|bpo-|gh-", rule.source), (
            rule.id
        )


@pytest.mark.parametrize("id", [rule.id for rule in RULES])
def test_every_rule_is_used_and_missed_when_it_is_gone(id: str) -> None:
    """A rule that nothing needs states no law: without it some cell is no match any more."""
    rows = cells_using()[id]
    assert rows, f"no cell uses {id}"
    assert not matches(rows, without(id))


def test_every_effect_that_a_race_allows_was_seen() -> None:
    """A rule that allows several outcomes allows none that no cell ever showed."""
    said: set[tuple[str, int]] = set()
    seen: set[tuple[str, int]] = set()
    for id in {rule.id for rule in RULES if rule.race}:
        for record in cells_using()[id]:
            about = traits_of(record, scenarios()[record.scenario])
            for way in allowed(about, ending(record)):
                said.update(way.chosen)
                if any(allows((way.outcome,), one) for one in record.outcomes):
                    seen.update(way.chosen)
    assert said
    assert said == seen


def test_a_rule_that_allows_several_outcomes_names_the_race() -> None:
    """And one that allows a single outcome names none."""
    racing: set[str] = set()
    for rows in cells_using().values():
        for record in rows:
            about = traits_of(record, scenarios()[record.scenario])
            for way in allowed(about, ending(record)):
                racing.update(rule for rule, _ in way.chosen)
    assert racing == {rule.id for rule in RULES if rule.race}


def test_a_cell_that_shows_one_outcome_of_a_race_is_no_proof_of_another() -> None:
    """What is allowed is not what was seen: the records alone say that."""
    racy = [row for row in cells_using()["call-kills-ending-child"] if len(row.outcomes) == 1]
    assert racy
    for row in racy:
        prediction = expected(row, scenarios()[row.scenario])
        assert len(prediction.outcomes) > 1
        assert prediction.races


@pytest.mark.parametrize(
    ("id", "then"),
    [
        ("lifo", HandlerOrder(("A", "B", "C"))),
        ("default-action", Raises("SystemExit", 143)),
        ("orphan-goes-on", Child("killed")),
        ("reloader-restarts-on-3", Raises("SystemExit", 3)),
        ("reloader-passes-status-on", Raises("SystemExit", 0)),
        ("call-kills-child", Child("goes on")),
        ("handler-raises", Next(raised=True, status=1)),
        ("pypy-ctrl-c-skips-exit", Raises("SystemExit", 130)),
    ],
    ids=[
        "first in, first out",
        "SIGTERM runs handlers",
        "the orphan is forgotten",
        "exit 3 is like any other",
        "the parent forgets its child's status",
        "Python 3 lets the child live",
        "a handler that raises changes the status",
        "PyPy runs handlers after Ctrl-C",
    ],
)
def test_a_wrong_rule_is_noticed(id: str, then: Effect) -> None:
    """Change one law, and cells that rest on it are no match any more."""
    assert matches(cells_using()[id])
    assert not matches(cells_using()[id], changed(id, then))


def test_a_rule_that_crashes_makes_its_cells_unknown_and_stops_nothing() -> None:
    """A mistake in a rule never looks like a match, and other cells are judged as ever."""

    def crash(_: Context) -> Effect:
        raise ZeroDivisionError("a mistake")

    broken = tuple(replace(one, then=crash) if one.id == "libc-exit" else one for one in RULES)
    hit = cells_using()["libc-exit"]
    for record in (*hit[:5], *cells_using()["exec-replaces"][:5]):
        told = judge(record, scenarios()[record.scenario], broken)
        if record in hit:
            assert told.verdict.verdict == "unknown"
            assert "ZeroDivisionError" in told.why
            assert told.prediction is None
        else:
            assert told.verdict.verdict == "match"


def test_what_no_rule_speaks_of_is_unpredicted_with_the_question() -> None:
    """A gap in the rules is told as one."""
    record = cells_using()["exec-replaces"][0]
    told = judge(record, scenarios()[record.scenario], without("exec-replaces"))
    assert told.verdict.verdict == "unpredicted"
    assert "exec" in told.why
    program_gone = replace(scenarios()[record.scenario], program=None)
    assert judge(record, program_gone).verdict.verdict == "unpredicted"


class _Asking(Context):
    """Traits that note which versions the rules ask about."""

    def since(self, *version: int) -> bool:
        BOUNDARIES.add(version)
        return super().since(*version)

    def between(self, first: Any, last: Any) -> bool:
        BOUNDARIES.update((first, last))
        return super().between(first, last)


BOUNDARIES: set[tuple[int, ...]] = set()


def test_the_rules_hold_for_a_python_that_their_author_left_out() -> None:
    """No rule knows a version after 3.14: what they say of 3.15 was said before it ran.

    Its predictions are 3.14's, made with the version changed and nothing else
    looked at, and all its cells are as predicted.
    """
    of = {record.cell: record for record in records() if record.stack == "none"}
    newest = [r for r in of.values() if numbers(r.interpreter["version"])[:2] == (3, 15)]
    older = [r for r in of.values() if numbers(r.interpreter["version"])[:2] == (3, 14)]
    assert newest
    assert older
    BOUNDARIES.clear()
    for record in records():
        plain = traits_of(record, scenarios()[record.scenario])
        asking = _Asking(**{name: getattr(plain, name) for name in plain.__struct_fields__})
        list(allowed(asking, ending(record)))
    assert BOUNDARIES
    assert max(BOUNDARIES) <= (3, 14)
    for record in older:
        scenario = scenarios()[record.scenario]
        if not scenario.program:
            continue
        unseen = replace(record, interpreter={**record.interpreter, "version": "3.15.0"})
        prediction = expected(unseen, scenario)
        twin = [r for r in newest if (r.stack, r.question) == (record.stack, record.question)]
        assert twin
        assert all(allows(prediction.outcomes, one) for one in twin[0].outcomes), record.cell


def test_rules_see_traits_and_never_names() -> None:
    """Nothing that a rule is given names a scenario, an interpreter, a stack or a cell."""
    names = {"scenario", "interpreter", "cell", "stack", "termination", "id", "path"}
    assert not names & set(Context.__struct_fields__)
    source = (
        Path(__file__).parent.parent / "harness" / "exitmatrix" / "judge" / "rules.py"
    ).read_text()
    told = {one.id for one in scenarios().values() if "-" in one.id} | {"cpython-", "pypy-3"}
    assert not [one for one in told if f'"{one}' in source and one not in RULES_BY_ID]
