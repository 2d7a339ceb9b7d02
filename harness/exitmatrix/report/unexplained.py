"""What the rules do not explain: which cells, what was seen, what was expected. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from exitmatrix.judge.rules import RULES_BY_ID
from exitmatrix.model import Judgement, Outcome, Record
from exitmatrix.model.versions import Subject, subject_of, subject_words
from exitmatrix.report.differences import parts
from exitmatrix.report.tables import markdown
from exitmatrix.report.words import code, prose

Lines = list[str]
HEAD = ("where", "who", "what was seen", "what was expected", "why")
MOST_ROWS = 40


def unexplained(
    records: Mapping[str, Sequence[Record]], judgements: Mapping[tuple[str, str], Judgement]
) -> Lines:
    """The section: how much the rules explain, and every cell that they do not."""
    if not judgements:
        return []
    counts = Counter(one.verdict.verdict for one in judgements.values())
    told = ", ".join(f"{counts[word]} {word}" for word in sorted(counts))
    used = {id for one in judgements.values() for id in one.verdict.rules}
    lines = ["## Not explained yet", "", f"Verdicts on {len(judgements)} cells: {told}."]
    if used:
        lines.append(f"{len(used & set(RULES_BY_ID))} rules were needed for them.")
    rows = _rows(records, judgements)
    if not rows:
        return [*lines, "Every cell shows what the rules allow."]
    if len(rows) > MOST_ROWS:
        lines.append(f"The table ends after {MOST_ROWS} of {len(rows)} rows.")
    return [*lines, "", *markdown(HEAD, rows[:MOST_ROWS])]


def _rows(
    records: Mapping[str, Sequence[Record]], judgements: Mapping[tuple[str, str], Judgement]
) -> list[tuple[str, ...]]:
    """One row for all cells that differ from what is expected in the same way."""
    places: defaultdict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    who: defaultdict[tuple[str, ...], set[Subject]] = defaultdict(set)
    everyone = set()
    for platform, rows in records.items():
        for record in rows:
            subject = subject_of(platform, record)
            everyone.add(subject)
            told = judgements.get((platform, record.cell))
            if told is None or told.verdict.verdict == "match":
                continue
            if told.prediction is None:  # then there is nothing to compare with what was seen
                key = (told.verdict.verdict, "", "", told.why)
                place = code(record.scenario)
            else:
                key = (
                    told.verdict.verdict,
                    outcomes_words(record.outcomes),
                    outcomes_words(told.prediction.outcomes),
                    told.why,
                )
                place = code(str(record.question))
            places[key][place] = None
            who[key].add(subject)
    return [
        (
            ", ".join(sorted(places[key], key=lambda place: place.strip("`"))),
            subject_words(who[key], everyone) or "all",
            key[1] or "-",
            key[2] or "-",
            f"{key[0]}: {prose(key[3])}",
        )
        for key in sorted(places)
    ]


def outcomes_words(outcomes: Sequence[Outcome]) -> str:
    """Outcomes side by side, each part by part."""
    told = dict.fromkeys(
        "; ".join(part for part in parts(one).values() if part) for one in outcomes
    )
    return " *or* ".join(told) or "nothing"
