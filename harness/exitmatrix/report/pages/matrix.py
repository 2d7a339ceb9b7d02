"""reports/matrix.md: the whole page, from records, verdicts and scenarios. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.declare.terminations import CATALOGUE, TERMINATIONS
from exitmatrix.model import Judgement, Question, Ready, Scenario
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.record import Records
from exitmatrix.report.document import (
    Block,
    Code,
    Emphasis,
    Inline,
    Item,
    Link,
    Row,
    Section,
    Symbol,
    contents,
    inline,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sections.answers import answer_section
from exitmatrix.report.sections.basis import basis_section, extent_words, not_measured_section
from exitmatrix.report.sections.budget import budget_section, length_of
from exitmatrix.report.sections.differences import differences_section
from exitmatrix.report.sections.findings import findings_section
from exitmatrix.report.sections.launchers import launchers_section
from exitmatrix.report.sections.promises import promises_section
from exitmatrix.report.sections.remedies import remedies_section
from exitmatrix.report.sections.scenarios import scenario_sections
from exitmatrix.report.sections.situations import situations_section
from exitmatrix.report.sections.unexplained import unexplained_section
from exitmatrix.report.survey import Survey, surveys

FIRST = ("plain", "flask", "flask-debug")

TITLE = "Exit matrix: does my clean-up run?"

LEAD = paragraph(
    inline(
        "Small programs register three ",
        Code("atexit"),
        " handlers, A, B and C, and are ended in many ways.",
    ),
    "This page is generated from what they then did; no outcome in it is typed by hand.",
)

LEGEND = points(
    [
        Item(
            (
                inline(
                    Symbol.YES,
                    " all handlers ran, last registered first. ",
                    Symbol.NO,
                    " none ran.",
                ),
                inline(Symbol.SOME, " some ran, or in one process only."),
            )
        ),
        Item(
            (
                inline(
                    Symbol.ALIVE,
                    " the process is still running. ",
                    Symbol.RACE,
                    " a race: it differs from run to run.",
                ),
                inline(Symbol.UNKNOWN, " not known."),
            )
        ),
        inline(
            Code("exit 1"),
            " is an exit status; ",
            Emphasis("killed by it"),
            " means that the signal which was sent killed the process. The name of a"
            " signal, such as SIGTERM, means that this signal did.",
        ),
        inline(
            Emphasis("output lost"),
            ": what the program had written and not flushed never arrived.",
        ),
        Item(
            (
                inline(
                    "A version number alone is CPython's, and ",
                    Emphasis("3.8 and later"),
                    " means those",
                ),
                inline(Link("that were measured", "#what-this-rests-on"), "."),
            )
        ),
    ]
)


def render(
    records: Records,
    judgements: Mapping[tuple[str, str], Judgement],
    scenarios: dict[str, Scenario],
) -> str:
    """The page in Markdown. `records` is by platform, `judgements` by platform and cell.

    The order of nothing that is given matters.
    """
    return markdown(page(records, judgements, scenarios))


def page(
    records: Records,
    judgements: Mapping[tuple[str, str], Judgement],
    scenarios: dict[str, Scenario],
    asked: Mapping[Question, Survey] | None = None,
) -> Section:
    """The page; `asked` are the surveys of the records, where they are made already."""
    if not any(records.values()):
        return Section(TITLE, (paragraph("Nothing has been measured yet."),))
    everything = surveys(records, scenarios) if asked is None else asked
    # What is started by something else has a section of its own.
    asked = {one: survey for one, survey in everything.items() if one.launcher == DIRECT}
    programs = _programs(everything, scenarios)
    places = {id: place for place, id in enumerate(programs)}
    in_order = sorted(asked.values(), key=lambda one: places[one.scenario])
    # The cells of a grid of handler lengths have a table of their own.
    listed = [one for one in in_order if not length_of(one.scenario)]
    mine = {id: [one for one in listed if one.scenario == id] for id in programs}
    sections: tuple[Section, ...] = (
        *scenario_sections([(programs[id], some) for id, some in mine.items() if some], records),
        *launchers_section(everything, programs),
        *promises_section(asked, scenarios),
        *budget_section(records),
        *differences_section(listed, programs),
        *basis_section(records),
        *findings_section(records, judgements),
        *unexplained_section(records, judgements),
        *not_measured_section(records, everything, programs),
        _terminations(asked),
    )
    blocks: tuple[Block, ...] = (
        LEAD,
        paragraph(extent_words(records)),
        *situations_section(everything, scenarios),
        *answer_section(asked),
        *remedies_section(everything, scenarios),
        Section("How to read this", (LEGEND,)),
        Section("Contents", (contents(sections),)),
        *sections,
    )
    return Section(TITLE, blocks)


def _programs(
    asked: Mapping[Question, Survey], scenarios: Mapping[str, Scenario]
) -> dict[str, Scenario]:
    """The scenarios in the order of the page; one whose program is gone is known by its records."""
    known = dict(scenarios)
    for survey in asked.values():
        if survey.scenario not in known:
            known[survey.scenario] = _gone(survey)
    order = {id: place for place, id in enumerate(FIRST)}
    return {id: known[id] for id in sorted(known, key=lambda id: (order.get(id, len(FIRST)), id))}


def _gone(survey: Survey) -> Scenario:
    seen = [outcome for group in survey.groups for outcome in group.outcomes]
    roles = dict.fromkeys(p.role.partition("#")[0] for outcome in seen for p in outcome.processes)
    return Scenario(
        id=survey.scenario,
        title=survey.scenario,
        path="",
        folder="",
        doc="",
        roles=tuple(roles) or ("main",),
        ready=Ready(by="none"),
        family="none",
        requires="",
        terminations=("*",),
    )


def _terminations(asked: Mapping[Question, Survey]) -> Section:
    """What each termination does."""
    used = {survey.termination for survey in asked.values()}
    rows: list[Row] = [(Code(one.id), prose(one.does)) for one in CATALOGUE if one.id in used]
    gone: Inline = "not in the catalogue any more"
    rows += [(Code(id), gone) for id in sorted(used - set(TERMINATIONS))]
    return Section("What each ending is", (table(("id", "what is done"), rows),))
