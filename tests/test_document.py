"""Laws of documents and of what renders them: one text, whatever the format."""

from __future__ import annotations

import re

import pytest
from exitmatrix.report.document import (
    Code,
    Emphasis,
    Figure,
    Inline,
    Item,
    Link,
    Listing,
    NoteMark,
    Quote,
    Section,
    Strong,
    Symbol,
    inline,
    joined,
    paragraph,
    plain,
    points,
    table,
)
from exitmatrix.report.render.markdown import markdown, markdown_words
from exitmatrix.report.render.text import WIDTH, column_widths, figure_lines, text
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.text(max_size=20)
SPANS = st.one_of(
    WORDS,
    st.sampled_from(Symbol),
    WORDS.map(Code),
    WORDS.map(Strong),
    WORDS.map(Emphasis),
    WORDS.map(lambda words: Link(words, "#there")),
    st.integers(1, 9).map(NoteMark),
)

PAGE = Section(
    "A page",
    (
        paragraph(inline("First ", Strong("this"), ","), "then that."),
        points([Item(("a point", "goes on"), below=(Item((Code("x"),)),)), "another"]),
        points(["one", "two"], numbered=True),
        table(("what", "empty", "how"), [("a|b", "", inline(Symbol.YES, " all"))]),
        Listing("python", ("import atexit", "", "    pass")),
        Section("A part", (Quote("said *so*"),)),
    ),
)


def test_a_document_becomes_markdown() -> None:
    """Headings by depth, blocks apart by an empty line, every sign of a text escaped."""
    assert markdown(PAGE) == (
        "# A page\n"
        "\n"
        "First **this**,\n"
        "then that.\n"
        "\n"
        "- a point\n"
        "  goes on\n"
        "  - `x`\n"
        "- another\n"
        "\n"
        "1. one\n"
        "2. two\n"
        "\n"
        "| what | how |\n"
        "| --- | --- |\n"
        "| a\\|b | ✓ all |\n"
        "\n"
        "```python\nimport atexit\n\n    pass\n```\n"
        "\n"
        "## A part\n"
        "\n"
        "> said \\*so\\*\n"
    )


def test_a_document_becomes_text_for_a_terminal() -> None:
    """The same without marks: lines are filled, columns padded, programs indented."""
    assert text(PAGE) == (
        "A page\n"
        "\n"
        "First this, then that.\n"
        "\n"
        "- a point goes on\n"
        "  - x\n"
        "- another\n"
        "\n"
        "1. one\n"
        "2. two\n"
        "\n"
        "what  how\n"
        "----  -----\n"
        "a|b   ✓ all\n"
        "\n"
        "    import atexit\n\n        pass\n"
        "\n"
        "A part\n"
        "\n"
        "  | said *so*\n"
    )


@given(st.lists(SPANS, max_size=6), st.integers(0, 6))
def test_equal_words_are_equal_values(parts: list[Inline], cut: int) -> None:
    """However words are put together, they compare and group as what they say."""
    whole = inline(*parts)
    assert inline(inline(*parts[:cut]), inline(*parts[cut:])) == whole
    assert hash(inline(*parts[:cut], *parts[cut:])) == hash(whole)
    assert plain(whole) == "".join(map(plain, parts))


@given(st.lists(SPANS, max_size=6))
def test_words_stay_on_one_line_of_markdown(parts: list[Inline]) -> None:
    """No text that a program chose opens a line, a cell, a tag, an entity or an escape."""
    shown = markdown_words(inline(*parts))
    assert len(shown.splitlines()) <= 1
    assert "<" not in re.sub(r"`[^`]*`", "", shown)
    assert all(c.isprintable() for c in shown)
    assert "|" not in shown.replace("\\\\", "").replace("\\|", "")


@given(st.lists(st.lists(st.text(max_size=90), min_size=3, max_size=3), min_size=1, max_size=4))
def test_a_table_fits_a_terminal(rows: list[list[str]]) -> None:
    """However long its cells are, no line has more than 80 columns or a control character."""
    drawn = text(Section("t", (table(("a", "b", "c"), [tuple(row) for row in rows]),)))
    for line in drawn.splitlines():
        assert len(line) <= WIDTH
        assert line.isprintable()


@pytest.mark.parametrize(
    ("wanted", "given_"),
    [([3, 4], [3, 4]), ([100, 4], [74, 4]), ([60, 60], [39, 39]), ([0, 2], [1, 2])],
)
def test_the_widest_column_gives_way_first(wanted: list[int], given_: list[int]) -> None:
    """A column that is narrow already keeps its width."""
    assert column_widths(wanted) == given_


def test_a_column_that_says_nothing_is_left_out() -> None:
    """But the first, which names the rows, stays."""
    assert table(("a", "b"), [("", "")]).head == ("a",)
    assert table(("a", "b"), [("", ""), ("", Symbol.NO)]).head == ("a", "b")


def test_joining_leaves_out_what_is_empty() -> None:
    """So that no separator stands alone."""
    assert joined("; ", ["a", "", Code("b"), ""]) == ("a; ", Code("b"))
    assert joined("; ", []) == ""


def test_a_figure_of_many_columns_is_told_line_by_line() -> None:
    """A master and its workers, old and new, do not fit beside each other in 80 columns."""
    names = ("master", *(f"new-worker#{n}" for n in range(1, 8)))
    lines = figure_lines(
        Figure(names, (("new-worker#7", "exits with 0"), ("", "SIGHUP to the master")))
    )
    assert lines == ["  new-worker#7: exits with 0", "  --- SIGHUP to the master"]
