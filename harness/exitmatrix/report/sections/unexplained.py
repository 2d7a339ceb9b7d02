"""What the laws do not explain: which cells, what was seen, what was expected. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.model import Judgement, Outcome, Record
from exitmatrix.model.versions import Subject, subject_of, subject_words
from exitmatrix.report.document import (
    Code,
    Emphasis,
    Inline,
    Row,
    Section,
    inline,
    joined,
    paragraph,
    plain,
    table,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.sections.differences import parts

HEAD = ("where", "who", "what was seen", "what was expected", "why")
MOST_ROWS = 40


def unexplained_section(
    records: Mapping[str, Sequence[Record]], judgements: Mapping[tuple[str, str], Judgement]
) -> list[Section]:
    """The section: how much the laws explain, and every cell that they do not."""
    if not judgements:
        return []
    counts = Counter(one.verdict.verdict for one in judgements.values())
    counted = ", ".join(f"{counts[word]:,} {word}" for word in sorted(counts))
    used = {id for one in judgements.values() for id in one.verdict.rules}
    lines = [f"Verdicts on {len(judgements):,} cells: {counted}."]
    if used:
        lines.append(f"{len(used & set(LAWS_BY_ID))} laws were needed for them.")
    rows = _rows(records, judgements)
    if not rows:
        lines.append("Every cell shows what the laws allow.")
    if len(rows) > MOST_ROWS:
        lines.append(f"The table ends after {MOST_ROWS} of {len(rows):,} rows.")
    shown = [table(HEAD, rows[:MOST_ROWS])] if rows else []
    return [Section("Not explained yet", (paragraph(*lines), *shown))]


def _rows(
    records: Mapping[str, Sequence[Record]], judgements: Mapping[tuple[str, str], Judgement]
) -> list[Row]:
    """One row for all cells that differ from what is expected in the same way."""
    places: defaultdict[tuple[str, Inline, Inline, str], dict[Code, None]] = defaultdict(dict)
    subjects: defaultdict[tuple[str, Inline, Inline, str], set[Subject]] = defaultdict(set)
    everyone = set()
    for platform, rows in records.items():
        for record in rows:
            subject = subject_of(platform, record)
            everyone.add(subject)
            judgement = judgements.get((platform, record.cell))
            if judgement is None or judgement.verdict.verdict == "match":
                continue
            key: tuple[str, Inline, Inline, str]
            if judgement.prediction is None:  # nothing to compare with what was seen
                key = (judgement.verdict.verdict, "", "", judgement.why)
                place = Code(record.scenario)
            else:
                key = (
                    judgement.verdict.verdict,
                    outcomes_words(record.outcomes),
                    outcomes_words(judgement.prediction.outcomes),
                    judgement.why,
                )
                place = Code(str(record.question))
            places[key][place] = None
            subjects[key].add(subject)
    return [
        (
            joined(", ", sorted(places[key], key=plain)),
            subject_words(subjects[key], everyone) or "all",
            key[1] or "-",
            key[2] or "-",
            inline(f"{key[0]}: ", prose(key[3])),
        )
        for key in sorted(places, key=lambda key: [*map(plain, key)])
    ]


def outcomes_words(outcomes: Sequence[Outcome]) -> Inline:
    """Outcomes side by side, each part by part."""
    each = dict.fromkeys(
        "; ".join(part for part in parts(one).values() if part) for one in outcomes
    )
    joined_words: list[Inline] = []
    for words in each:
        joined_words += [" ", Emphasis("or"), " ", words] if joined_words else [words]
    return inline(*joined_words) or "nothing"
