"""How many cells agree with the laws, and which do not: the last words of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exitmatrix.model import Verdict, VerdictWord
from exitmatrix.report.pages.changes import count

NAMED = 10
"""So many cells of a kind are named; the report names all."""

OTHERS: dict[VerdictWord, str] = {
    "mismatch": "not as the laws say",
    "unpredicted": "no law covers it",
    "unknown": "too little was seen",
}


def agreement(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """One line with the number, and one for each cell that does not agree."""
    if not verdicts:
        return
    alike = sum(one.verdict == "match" for one in verdicts)
    verb = "agrees" if len(verdicts) == 1 else "agree"
    yield f"{alike:,} of {count(len(verdicts), 'cell')} {verb} with the laws"
    for word, why in OTHERS.items():
        cells = [one.cell for one in verdicts if one.verdict == word]
        for cell in cells[:NAMED]:
            yield f"  {cell}: {why}"
        if len(cells) > NAMED:
            yield f"  and {len(cells) - NAMED:,} more: {why}"
