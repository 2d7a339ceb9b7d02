"""A report for somebody else's tracker, in Markdown: from records, claims and runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from exitmatrix.claims.assess import Assessment
from exitmatrix.declare.questions import url_of
from exitmatrix.model import Frozen, Question
from exitmatrix.model.draft import Draft, ProgramRun
from exitmatrix.model.versions import (
    Python,
    Subject,
    in_order,
    python_of,
    python_words,
    subject_words,
)
from exitmatrix.report.document import (
    Block,
    Code,
    Emphasis,
    Inline,
    Item,
    Link,
    Listing,
    Section,
    Strong,
    inline,
    joined,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import exit_words, printed_words, prose
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sentences import sentences
from exitmatrix.report.survey import Group, Survey

DRAFTS_INDEX = "README.md"


class DraftFacts(Frozen, kw_only=True):
    """All that a draft is made of."""

    draft: Draft
    runs: tuple[ProgramRun, ...]  # of its program, as it is now
    claims: tuple[Assessment, ...]
    surveys: Mapping[Question, Survey]


def render(facts: DraftFacts) -> str:
    """The page in Markdown."""
    return markdown(page(facts))


def page(facts: DraftFacts) -> Section:
    """The report, complete enough to be sent."""
    draft = facts.draft
    blocks = (
        Section("What the documentation says", tuple(_documented(facts))),
        Section("What happens", tuple(_happens(facts))),
        Section("Why", (paragraph(prose(draft.cause)),)),
        Section("A program that shows it", tuple(_program(draft))),
        Section("Its output", tuple(_outputs(facts))),
        Section("Since when", tuple(_since(facts))),
        Section("Environment", tuple(_environment(facts))),
        Section("What would settle it", (paragraph(prose(draft.wish)),)),
        Section("Related threads", (_threads(draft),)),
    )
    return Section(prose(draft.title), blocks)


def index(drafts: Sequence[Draft]) -> str:
    """The list of drafts; it says that none was sent."""
    lead = paragraph(
        inline(
            "Reports for the trackers of others, made by ",
            Code("make upstream"),
            " from records, claims, and runs of their programs. None of them was sent.",
        )
    )
    rows = [
        (Link(Code(one.id), f"{one.id}.md"), Code(one.tracker), prose(one.title)) for one in drafts
    ]
    return markdown(Section("Drafts of reports", (lead, table(("draft", "for", "title"), rows))))


def _documented(facts: DraftFacts) -> Iterator[Block]:
    yield paragraph(prose(facts.draft.documented))
    yield paragraph(inline("Source: ", prose(facts.draft.where), "."))


def _happens(facts: DraftFacts) -> Iterator[Block]:
    """The verdict on each sentence, and what the cells showed."""
    for one in facts.claims:
        items = [
            inline(
                Strong(subject_words(ruling.subjects, _everybody(one)) or "all"),
                f": {ruling.verdict}. ",
                prose(ruling.because),
            )
            for ruling in one.rulings
        ]
        yield paragraph(
            inline(
                Emphasis(prose(one.claim.says)), " This sentence ", Strong(_verb(one.verdict)), "."
            )
        )
        yield points(items)
    yield paragraph("What was measured:")
    yield points(item for cell in facts.draft.cells for item in _cell(cell, facts))


def _verb(verdict: str) -> str:
    """contradicted: is contradicted; holds until 3.9 stays."""
    return verdict if verdict.startswith("holds") else f"is {verdict}"


def _everybody(one: Assessment) -> list[Subject]:
    return [subject for ruling in one.rulings for subject in ruling.subjects]


def _cell(name: str, facts: DraftFacts) -> Iterator[Item]:
    survey = facts.surveys.get(Question.parse(name))
    if survey is None:
        yield Item((inline(Code(name), ": not measured."),))
        return
    below = tuple(
        Item(
            (
                inline(
                    Strong(subject_words(group.subjects, survey.measured) or "all"),
                    ": ",
                    joined(" Or: ", map(sentences, group.outcomes)) or "not known.",
                    *_printed(group),
                ),
            )
        )
        for group in survey.groups
    )
    yield Item((Code(name),), below=below)


def _printed(group: Group) -> tuple[Inline, ...]:
    printed = list(dict.fromkeys(printed_words(one) for one in group.outcomes if one.printed))
    return (" On stderr: ", joined(" or ", map(Code, printed)), ".") if printed else ()


def _program(draft: Draft) -> Iterator[Block]:
    needs = "nothing but Python" if draft.stack == "none" else "the packages named below"
    yield paragraph(inline("It needs ", needs, ": ", Code("python3 program.py"), "."))
    yield Listing("python", tuple(draft.program.rstrip("\n").splitlines()))


def _groups(runs: Sequence[ProgramRun]) -> list[tuple[list[Python], ProgramRun]]:
    """Those that showed the same together, the newest first."""
    found: dict[tuple[str, str], list[ProgramRun]] = {}
    for run in runs:
        found.setdefault((run.output, str(run.exit)), []).append(run)
    groups = [
        (in_order(python_of(one.python, one.interpreter) for one in some), some[0])
        for some in found.values()
    ]
    order = in_order(python_of(one.python, one.interpreter) for one in runs)
    return sorted(groups, key=lambda one: max(_place(each, order) for each in one[0]), reverse=True)


def _place(python: Python, order: Sequence[Python]) -> tuple[bool, int]:
    return python.family == "cpython", order.index(python)


def _outputs(facts: DraftFacts) -> Iterator[Block]:
    if not facts.runs:
        yield paragraph("It was not run.")
    everyone = _pythons(facts.runs)
    for some, run in _groups(facts.runs):
        pythons = python_words(some, everyone) or "all that were tried"
        yield paragraph(inline(Strong(pythons), f", {exit_words(run.exit)}:"))
        yield Listing("text", tuple(run.output.rstrip("\n").splitlines()))


def _pythons(runs: Sequence[ProgramRun]) -> list[Python]:
    return in_order(python_of(one.python, one.interpreter) for one in runs)


def _since(facts: DraftFacts) -> Iterator[Block]:
    """Which release brought it, and between which neighbours the output was seen to change."""
    yield paragraph(prose(facts.draft.since))
    line = [one for one in _pythons(facts.runs) if one.family == "cpython"]
    output_of = {one.python: (one.output, str(one.exit)) for one in facts.runs}
    changes = [
        inline("Between ", Strong(left.full), " and ", Strong(right.full), " the output changes.")
        for left, right in pairwise(line)
        if output_of[left.id] != output_of[right.id]
    ]
    if changes:
        yield points(changes)
    else:
        yield paragraph("All CPythons on which the program was run show the same.")


def _environment(facts: DraftFacts) -> Iterator[Block]:
    machines = sorted({" ".join(one.platform.values()) for one in facts.runs})
    packages = sorted(
        {f"{name} {version}" for one in facts.runs for name, version in one.packages.items()}
    )
    items: list[Inline] = [", ".join(machines) or "none"]
    items.append(joined(", ", (one.full for one in _pythons(facts.runs))) or "no Python")
    if packages:
        items.append(", ".join(packages))
    stacks = {
        subject.label
        for cell in facts.draft.cells
        if (survey := facts.surveys.get(Question.parse(cell)))
        for subject in survey.measured
        if subject.stack != "none"
    }
    if stacks:
        items.append(f"The cells also with {', '.join(sorted(stacks))}")
    yield points(items)


def _threads(draft: Draft) -> Block:
    return points(
        inline(Link(one.at, url_of(one.at)), ": ", prose(one.about), ".") for one in draft.threads
    )
