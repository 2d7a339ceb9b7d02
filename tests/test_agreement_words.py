"""The last words of a run: how many cells agree with the laws, and which do not."""

from __future__ import annotations

from exitmatrix.model import Verdict, VerdictWord
from exitmatrix.report.agreement import NAMED, agreement


def verdict(cell: str, word: VerdictWord) -> Verdict:
    return Verdict(cell=cell, verdict=word, rules=(), racy=False)


def test_cells_that_agree_are_counted_and_others_named() -> None:
    """Each that does not agree is named with what is the matter with it."""
    assert list(agreement([])) == []
    assert list(agreement([verdict("a", "match")])) == ["1 of 1 cell agrees with the laws"]
    some = [verdict("a", "match"), verdict("b", "mismatch"), verdict("c", "unknown")]
    assert list(agreement([*some, verdict("d", "unpredicted")])) == [
        "1 of 4 cells agree with the laws",
        "  b: not as the laws say",
        "  d: no law covers it",
        "  c: too little was seen",
    ]


def test_of_many_the_first_are_named_and_the_rest_counted() -> None:
    """A report has them all."""
    many = [verdict(f"cell {n}", "mismatch") for n in range(NAMED + 3)]
    lines = list(agreement(many))
    assert len(lines) == 1 + NAMED + 1
    assert lines[-1] == "  and 3 more: not as the laws say"
