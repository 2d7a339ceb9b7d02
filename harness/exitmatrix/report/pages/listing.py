"""Several cells, for a terminal: each question once, and who gives which short answer. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from exitmatrix.declare.servers import idle
from exitmatrix.model import Question, Record, Scenario
from exitmatrix.model.versions import Subject, subject_of, subject_words
from exitmatrix.report.document import plain
from exitmatrix.report.render.text import fill
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.survey import Group


def listing(
    found: Iterable[tuple[str, Record]],
    records: Mapping[str, Sequence[Record]],
    scenarios: Mapping[str, Scenario],
) -> list[str]:
    """The cells that were found, with their platforms: equal answers are one line.

    Who gave an answer is told in the fewest words that name them among all that
    are on record for the question: what was not looked for is not spoken of.
    """
    asked: dict[Question, dict[str, list[Subject]]] = {}
    for platform, record in found:
        answers = asked.setdefault(record.question, {})
        answer = answer_in_words(record, scenarios.get(record.scenario))
        answers.setdefault(answer, []).append(subject_of(platform, record))
    measured: dict[Question, list[Subject]] = {question: [] for question in asked}
    for platform, rows in records.items():
        for record in rows:
            if record.question in asked:
                measured[record.question].append(subject_of(platform, record))
    return [
        line
        for question in sorted(asked)
        for line in _lines(question, asked[question], measured[question])
    ]


def answer_in_words(record: Record, scenario: Scenario | None) -> str:
    """The answer of one cell in a few words, as the reports give it."""
    having_none = idle(scenario)
    group = Group(subjects=(), outcomes=record.outcomes, unknown=record.unknown, idle=having_none)
    return plain(short_answer(group))


def _lines(
    question: Question,
    answers: Mapping[str, Collection[Subject]],
    measured: Collection[Subject],
) -> list[str]:
    lines = [str(question)]
    for answer, subjects in sorted(answers.items(), key=lambda one: -len(one[1])):
        lines += fill(f"{answer}: {_pythons(subjects, measured)}", "  ", "      ")
    return lines


def _pythons(subjects: Collection[Subject], measured: Collection[Subject]) -> str:
    if set(subjects) != set(measured):
        return subject_words(subjects, measured)
    return f"all {len(measured)} that were measured" if len(measured) > 1 else "only one measured"
