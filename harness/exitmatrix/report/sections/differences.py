"""What differs between interpreters and stacks, over all questions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from exitmatrix.model import Frozen, Outcome, Scenario
from exitmatrix.model.versions import subject_words
from exitmatrix.report.document import Block, Inline, Row, Section, paragraph, table
from exitmatrix.report.labels import LabelKey, place_words, termination_words
from exitmatrix.report.phrases import (
    answer_words,
    exit_words,
    handler_words,
    output_words,
    printed_words,
    serving,
)
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.survey import Group, Survey, newest_first, regrouped

HEAD: Row = ("who differs", "what they show", "what the newest shows", "where")


class Difference(Frozen, kw_only=True):
    """Some subjects do not do what the newest ones do."""

    subjects: str
    there: Inline
    newest: Inline
    where: tuple[LabelKey, ...]


def differences_section(
    surveys: Sequence[Survey], scenarios: Mapping[str, Scenario]
) -> list[Section]:
    """The section, where anything was measured."""
    if not surveys:
        return []
    found = differences(surveys, scenarios)
    about = (
        "Everything above on which the Pythons that were measured disagree, compared with the"
        " newest of them. What is printed on stderr, and what becomes of data in flight, is listed"
        " by version in the tables above."
    )
    block: Block = (
        table(HEAD, rows(found))
        if found
        else paragraph("All that were measured agree on everything.")
    )
    return [Section("Versions that differ", (paragraph(about), block))]


def differences(surveys: Iterable[Survey], scenarios: Mapping[str, Scenario]) -> list[Difference]:
    """Each difference once, with all the places where it shows; newest interpreters first."""
    found: dict[tuple[str, Inline, Inline], list[LabelKey]] = {}
    ages: dict[tuple[str, Inline, Inline], Group] = {}
    for survey in surveys:
        base, *others = regrouped(survey, _essentials).known or (None,)
        for group in others:
            assert base
            there, usual = contrast(group, base)
            key = (subject_words(group.subjects, survey.measured), there, usual)
            roles = scenarios[survey.scenario].roles
            place = (survey.scenario, termination_words(survey, roles))
            found.setdefault(key, []).append(place)
            ages.setdefault(key, group)
    return [
        Difference(subjects=key[0], there=key[1], newest=key[2], where=tuple(found[key]))
        for key in sorted(
            found, key=lambda key: (newest_first(ages[key])[:2], key[0]), reverse=True
        )
    ]


def _essentials(outcome: Outcome) -> Outcome:
    """What the section is about: texts and data stand by version in their scenario's tables."""
    return replace(outcome, printed=None, data=None)


def rows(found: Iterable[Difference]) -> list[Row]:
    """The differences as rows of a table."""
    return [(one.subjects, one.there, one.newest, place_words(one.where)) for one in found]


def contrast(one: Group, other: Group) -> tuple[Inline, Inline]:
    """The parts in which two groups differ, in words for each."""
    if len(one.outcomes) != 1 or len(other.outcomes) != 1:
        return short_answer(one), short_answer(other)
    mine, its = parts(one.outcomes[0]), parts(other.outcomes[0])
    for texts in (mine, its) if "left" in mine or "left" in its else ():
        texts.setdefault("left", "nothing left")
    longer, shorter = (mine, its) if len(mine) >= len(its) else (its, mine)
    keys = [key for key in dict.fromkeys((*longer, *shorter)) if mine.get(key) != its.get(key)]
    return _chosen(mine, keys), _chosen(its, keys)


def parts(outcome: Outcome) -> dict[str, str]:
    """What an outcome says, part by part."""
    several = len(outcome.processes) > 1
    words = {}
    for one in outcome.processes:
        prefix = f"{one.role} " if several else ""
        if one.exit is None:
            words[f"{one.role}: exit"] = f"{prefix}alive{serving(outcome)}"
            continue
        words[f"{one.role}: exit"] = f"{prefix}{exit_words(one.exit)}"
        words[f"{one.role}: handlers"] = f"{prefix}ran {handler_words(one)}"
    if outcome.left:
        words["left"] = f"left: {', '.join(outcome.left)}"
    words["client"] = f"client: {answer_words(outcome)}" if answer_words(outcome) else ""
    words["output"] = f"output {output_words(outcome)}" if output_words(outcome) else ""
    words["printed"] = f"stderr: {printed_words(outcome)}" if printed_words(outcome) else ""
    for kind, state in (outcome.data or {}).items():
        words[f"data: {kind}"] = f"{kind} {state}"
    return words


def _chosen(texts: Mapping[str, str], keys: Iterable[str]) -> str:
    return "; ".join(texts[key] for key in keys if texts.get(key))
