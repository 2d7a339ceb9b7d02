"""Every short answer, as data for the script of the pages. Pure.

It is an assignment and not JSON: pages that are opened as files may not fetch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Ending, Scenario
from exitmatrix.model.versions import Subject
from exitmatrix.report.document import plain
from exitmatrix.report.labels import termination_words
from exitmatrix.report.phrases import prose
from exitmatrix.report.render.html import html_words
from exitmatrix.report.sections.answers import ACTIONS, COLUMNS, short_answer
from exitmatrix.report.sentences import sentences
from exitmatrix.report.site.content import Family, newest_first
from exitmatrix.report.survey import Group


def answers_scripts(
    families: Sequence[Family], scenarios: Mapping[str, Scenario]
) -> Iterator[tuple[str, bytes]]:
    """Scripts by name: what there is to choose, and the answers of each scenario.

    `answers.js` sets `window.EXITMATRIX`: scenarios, endings, actions, subjects. The
    first page needs it, and one of the others: `answers/SCENARIO.js` adds to it. An
    answer is [subjects, short, long]: numbers that stand for subjects and texts.
    """
    subjects = sorted(
        {who for one in families for who in one.survey.measured}, key=newest_first, reverse=True
    )
    value = {
        "scenarios": {id: _title(id, scenarios) for id in _scenarios(families)},
        "endings": _endings(families, scenarios),
        "actions": [
            [
                plain(prose(one.words)),
                {id: str(Ending(*at)) for id in COLUMNS if (at := one.at(id))},
            ]
            for one in ACTIONS
        ],
        "subjects": [[who.python.id, _subject(who)] for who in subjects],
        "answers": {},
    }
    yield "answers.js", b"window.EXITMATRIX = " + msgspec.json.encode(value) + b";\n"
    places = {who: place for place, who in enumerate(subjects)}
    for id in _scenarios(families):
        mine = [one for one in families if one.question.scenario == id]
        name = msgspec.json.encode(id)
        answers = msgspec.json.encode(_answers(mine, places))
        yield f"answers/{id}.js", b"EXITMATRIX.answers[%b] = %b;\n" % (name, answers)


def _answers(families: Sequence[Family], places: Mapping[Subject, int]) -> Mapping[str, object]:
    """The answers to all questions about one scenario."""
    texts: dict[str, int] = {}

    def numbered(text: str) -> int:
        return texts.setdefault(text, len(texts))

    questions = {
        str(one.question): [
            [
                sorted(places[who] for who in group.subjects),
                numbered(html_words(short_answer(group))),
                numbered(_at_length(group)),
            ]
            for group in one.survey.groups
        ]
        for one in families
    }
    return {"questions": questions, "texts": list(texts)}


def _scenarios(families: Sequence[Family]) -> list[str]:
    return list(dict.fromkeys(one.question.scenario for one in families if not one.is_grid))


def _title(id: str, scenarios: Mapping[str, Scenario]) -> str:
    return plain(prose(scenarios[id].title)) if id in scenarios else id


def _endings(families: Sequence[Family], scenarios: Mapping[str, Scenario]) -> dict[str, str]:
    """What each question is called within its scenario."""
    found = {}
    for one in families:
        scenario = scenarios.get(one.question.scenario)
        words = plain(termination_words(one.survey, scenario.roles if scenario else ("",)))
        known = TERMINATIONS.get(one.question.termination)
        about = plain(prose(known.does)) if known else ""
        found[str(one.question.ending)] = f"{words}: {about}" if about else words
    return found


def _subject(who: Subject) -> str:
    return who.python.full + (f", {who.label}" if who.stack != "none" else "")


MOST = 1  # outcome of a race that is told at length; its own page tells all of them


def _at_length(group: Group) -> str:
    """What happens, in sentences."""
    told = " Or: ".join(map(sentences, group.outcomes[:MOST]))
    more = len(group.outcomes) - MOST
    return f"{told} Or one of {more} others." if more > 0 else told
