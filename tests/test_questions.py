"""Laws of the questions that people ask: each is one, has its threads, and can be tried."""

from __future__ import annotations

import re
import shlex
from collections import Counter

import pytest
from exitmatrix.cli.run import command as run
from exitmatrix.declare import launchers, situations
from exitmatrix.declare.questions import QUESTIONS, PeopleAsk, url_of
from exitmatrix.model import Question

from tests.conftest import LOADED
from tests.support.committed import records

COMMANDS = [one for one in QUESTIONS if one.tries]


def test_numbers_and_names_are_given_once() -> None:
    """A page's address stays what it is."""
    assert [one.number for one in QUESTIONS] == list(range(1, len(QUESTIONS) + 1))
    assert len({one.id for one in QUESTIONS}) == len(QUESTIONS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id) for one in QUESTIONS)
    assert all(one.asks.endswith("?") or "? " in one.asks or ": " in one.asks for one in QUESTIONS)


def test_every_question_has_a_cell_or_says_what_is_missing() -> None:
    """None is a promise without either."""
    for one in QUESTIONS:
        assert one.cases or one.missing, one.id
        assert max(Counter(case.cells for case in one.cases).values(), default=1) == 1, one.id


def test_every_exact_cell_is_one_that_can_be_measured() -> None:
    """A cell that is spelt out belongs to a scenario that is here, in a way that it declares."""
    measured = {str(one.question) for one in records()}
    for one in QUESTIONS:
        for case in one.cases:
            scenario, _, rest = case.cells.partition("/")
            Question.parse(case.cells)
            if scenario in LOADED and not set("*?[") & set(rest):
                assert case.cells in measured, (one.id, case.cells)


@pytest.mark.parametrize("one", COMMANDS, ids=[one.id for one in COMMANDS])
def test_the_command_of_a_question_is_one(one: PeopleAsk) -> None:
    """`exitmatrix run` takes its options, and knows its endings and launchers."""
    words = shlex.split(one.tries)
    assert words[:2] == ["exitmatrix", "run"]
    given = run.make_context("run", words[2:]).params
    assert given["command_line"], one.tries
    assert set(given["endings"]) <= set(situations.SITUATIONS_BY_ID)
    assert given["launcher"] in ("", *launchers.LAUNCHERS_BY_ID)
    assert given["endings"] or given["expected"] or given["launcher"] or "runserver" in one.tries


def test_a_thread_has_an_address() -> None:
    """A number of a repository leads to its tracker; an address to itself."""
    assert url_of("python/cpython#83856") == "https://github.com/python/cpython/issues/83856"
    assert url_of("https://example.org/post") == "https://example.org/post"
    for one in QUESTIONS:
        assert len(set(one.threads)) == len(one.threads), one.id
        for thread in one.threads:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", thread), thread
