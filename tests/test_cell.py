"""Ids of cells: one parser and one formatter, each the other's inverse."""

from __future__ import annotations

import re

import pytest
from exitmatrix.model import Cell, CellId, Ending, Question, Skipped
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.text(
    st.characters(codec="ascii", categories=("L", "N"), include_characters=".-#*"), min_size=1
)
QUESTIONS = st.builds(
    Question,
    scenario=WORDS,
    launcher=st.just("direct") | WORDS,
    termination=WORDS,
    target=WORDS,
)
IDS = st.builds(CellId.asking, WORDS, WORDS, QUESTIONS)


@given(IDS)
def test_an_id_that_is_written_is_read_as_the_same(id: CellId) -> None:
    """Whatever its words are."""
    assert CellId.parse(str(id)) == id


@given(st.text(st.sampled_from("ab/@"), max_size=12) | IDS.map(str))
def test_a_text_passes_for_an_id_if_it_can_be_read_as_one(text: str) -> None:
    """And fails with the same line where it cannot."""
    try:
        CellId.parse(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            CellId.check(text)
    else:
        CellId.check(text)


@given(QUESTIONS)
def test_a_question_that_is_written_is_read_as_the_same(question: Question) -> None:
    """With a launcher or without."""
    assert Question.parse(str(question)) == question


@given(WORDS, WORDS | st.just(""))
def test_an_ending_that_is_written_is_read_as_the_same(termination: str, target: str) -> None:
    """With a target or without."""
    assert Ending.parse(str(Ending(termination, target))) == Ending(termination, target)


@given(st.text(st.sampled_from("ab/@"), max_size=12))
def test_what_is_read_as_an_id_is_written_as_it_was(text: str) -> None:
    """No text is an id under two readings, and none is repaired."""
    try:
        id = CellId.parse(text)
    except ValueError:
        return
    assert str(id) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain/return@main",
        "cpython-3.13.0/none/plain/return",
        "cpython-3.13.0/none/plain/return@",
        "cpython-3.13.0/none/plain/@main",
        "cpython-3.13.0/none//return@main",
        "cpython-3.13.0//plain/return@main",
        "/none/plain/return@main",
        "cpython-3.13.0/none/plain/direct/return@main",
        "cpython-3.13.0/none/plain/sh/pid1/return@main",
        "cpython-3.13.0/none/plain/return@main@child",
    ],
)
def test_what_is_no_id_is_refused_and_shown(text: str) -> None:
    """The line says what was given and what an id looks like."""
    with pytest.raises(ValueError, match="is not INTERPRETER/STACK/SCENARIO") as refused:
        CellId.parse(text)
    assert repr(text) in str(refused.value)


def test_a_launcher_is_written_unless_it_is_direct() -> None:
    """It stands before the termination."""
    shell = Question("flask", "sh", "SIGTERM", "main")
    assert str(shell) == "flask/sh/SIGTERM@main"
    assert str(shell._replace(launcher="direct")) == "flask/SIGTERM@main"


def test_cells_and_what_is_skipped_are_named_alike() -> None:
    """A star stands for all interpreters or stacks."""
    question = Question.parse("plain/SIGTERM@main")
    cell = Cell.asking("cpython-3.13.0", "none", question)
    out = Skipped(interpreter="*", stack="*", reason="why", **question._asdict())
    assert cell.id == "cpython-3.13.0/none/plain/SIGTERM@main"
    assert str(out) == "*/*/plain/SIGTERM@main"


def test_a_pattern_names_questions_and_a_tail_names_as_much_as_was_given() -> None:
    """A pattern of an id fits no question: it has other parts."""
    id = CellId.parse("cpython-3.13.0/none/plain/SIGTERM@main")
    assert id.question.matches("plain/*")
    assert not id.question.matches("*/plain/*")
    assert id.matches("*/plain/SIGTERM@*")
    assert [id.tail(n) for n in (1, 2, 4)] == ["SIGTERM@main", "plain/SIGTERM@main", str(id)]
