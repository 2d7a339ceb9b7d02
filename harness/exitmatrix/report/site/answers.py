"""Every short answer, as data for the script of the pages. Pure.

It is an assignment and not JSON: pages that are opened as files may not fetch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape

import msgspec

from exitmatrix.declare.launchers import LAUNCHERS_BY_ID
from exitmatrix.declare.remedies import Remedy, remedies_for
from exitmatrix.declare.spoken import BELOW, SCENARIO_TITLES, ending_below, ending_in, rows
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Ending, Question, Scenario
from exitmatrix.model.app import Situation
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.versions import Subject, subject_age
from exitmatrix.report.document import plain
from exitmatrix.report.phrases import prose
from exitmatrix.report.render.html import html_words
from exitmatrix.report.sections.answers import ACTIONS, COLUMNS, short_answer
from exitmatrix.report.sections.situations import situation_entry
from exitmatrix.report.sentences import sentences
from exitmatrix.report.site.content import Family, Site
from exitmatrix.report.site.panel import law_words, panels
from exitmatrix.report.survey import Group


def answers_scripts(site: Site) -> Iterator[tuple[str, bytes]]:
    """Scripts by name: what there is to choose, and the answers of each scenario.

    `answers.js` sets `window.EXITMATRIX`: scenarios, titles, situations, kills (the situations
    that end in SIGKILL), starts, endings, actions, pythons, subjects. The first page needs it, and
    one of the others: `answers/SCENARIO.js` adds to it. An answer is [subjects, short, long, in the
    end, who, steps, laws]: numbers that stand for subjects and texts. `in the end` is the short
    answer of a situation that ends in SIGKILL, `subjects` the subjects in words, a step
    [column, text] as in the order of events.
    """
    families, scenarios = site.families, site.scenarios
    subjects = sorted(
        {subject for one in families for subject in one.survey.measured},
        key=subject_age,
        reverse=True,
    )
    pythons = list(dict.fromkeys(subject.python for subject in subjects))
    value = {
        "scenarios": {id: _title(id, scenarios) for id in _scenarios(families)},
        "titles": SCENARIO_TITLES,
        "situations": {one.id: named.title for named, one in rows()},
        "kills": [one.id for _, one in rows() if one.kills_in_the_end],
        "starts": {id: many[0] for id, many in BELOW.items()},
        "endings": _endings(families),
        "actions": [
            [
                plain(prose(one.words)),
                {id: str(Ending(*at)) for id in COLUMNS if (at := one.at(id))},
            ]
            for one in ACTIONS
        ],
        "pythons": [[python.id, python.full] for python in pythons],
        "subjects": [[pythons.index(subject.python), _label(subject)] for subject in subjects],
        "answers": {},
    }
    yield "answers.js", b"window.EXITMATRIX = " + msgspec.json.encode(value) + b";\n"
    places = {subject: place for place, subject in enumerate(subjects)}
    for id in _scenarios(families):
        mine = [one for one in families if one.question.scenario == id]
        name = msgspec.json.encode(id)
        answers = msgspec.json.encode(_answers(mine, site, places))
        yield f"answers/{id}.js", b"EXITMATRIX.answers[%b] = %b;\n" % (name, answers)


def _answers(
    families: Sequence[Family], site: Site, places: Mapping[Subject, int]
) -> Mapping[str, object]:
    """The answers to all questions about one scenario."""
    scenario = site.scenarios.get(families[0].question.scenario)
    texts: dict[str, int] = {}

    def numbered(text: str) -> int:
        return texts.setdefault(text, len(texts))

    questions = {
        str(one.question): [
            [
                sorted(places[subject] for subject in group.subjects),
                numbered(html_words(short_answer(group))),
                numbered(at_length(group)),
                numbered(html_words(situation_entry(KILLS, group))),
                numbered(escape(panel.subjects)),
                [(column, numbered(escape(words))) for column, words in panel.steps],
                [numbered(law_words(id)) for id in panel.laws],
            ]
            for group, panel in zip(one.survey.groups, panels(one, site), strict=True)
        ]
        for one in families
    }
    remedies = {
        name: [numbered(_remedy(one)) for one in remedies_for(name)]
        for name in questions
        if remedies_for(name)
    }
    return {
        "questions": questions,
        "situations": _situations(scenario, questions) if scenario else {},
        "remedies": remedies,
        "texts": list(texts),
    }


KILLS = next(one for _, one in rows() if one.kills_in_the_end)


def _remedy(one: Remedy) -> str:
    return f"{plain(prose(one.change))} But: {plain(prose(one.cost))}"


def _situations(scenario: Scenario, measured: Collection[str]) -> Mapping[str, Mapping[str, str]]:
    """For each situation the way to end the program that answers for it, by launcher."""
    found: dict[str, dict[str, str]] = {}
    for _, situation in rows():
        for launcher in (DIRECT, *BELOW):
            ending = _ending(situation, scenario, launcher)
            if ending and str(Question(scenario.id, launcher, *_of(ending))) in measured:
                found.setdefault(situation.id, {})[launcher] = str(ending)
    return found


def _of(ending: Ending) -> tuple[str, str]:
    return ending.termination, ending.target


def _ending(situation: Situation, scenario: Scenario, launcher: str) -> Ending | None:
    if launcher == DIRECT:
        return ending_in(situation, scenario)
    return ending_below(situation, scenario, LAUNCHERS_BY_ID[launcher])


def _scenarios(families: Sequence[Family]) -> list[str]:
    return list(dict.fromkeys(one.question.scenario for one in families if not one.is_grid))


def _title(id: str, scenarios: Mapping[str, Scenario]) -> str:
    return plain(prose(scenarios[id].title)) if id in scenarios else id


def _endings(families: Sequence[Family]) -> dict[str, str]:
    """What each termination does."""
    used = dict.fromkeys(one.question.termination for one in families)
    return {id: plain(prose(TERMINATIONS[id].does)) for id in used if id in TERMINATIONS}


def _label(subject: Subject) -> str:
    """What stands behind the name of the Python."""
    return f", {subject.label}" if subject.stack != "none" else ""


MOST = 1  # outcome of a race that is told at length; its own page tells all of them


OLDER = " Some of this was seen with older releases only."


def at_length(group: Group) -> str:
    """What happens, in sentences; of a race also whether the newest release showed all of it."""
    text = " Or: ".join(map(sentences, group.outcomes[:MOST]))
    more = len(group.outcomes) - MOST
    others = " Or one other." if more == 1 else f" Or one of {more} others." if more > 0 else ""
    return text + others + (OLDER if group.newest and group.newest != group.outcomes else "")
