"""The page of a program below a launcher: each way to end it, and why, told once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exitmatrix.declare.launchers import LAUNCHERS_BY_ID
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Question
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Item,
    Link,
    Listing,
    Section,
    inline,
    joined,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sections.remedies import what_to_do
from exitmatrix.report.site.content import Family, Site
from exitmatrix.report.site.family import (
    answer_blocks,
    asked,
    drawn,
    ending_words,
    law_item,
    laws_behind,
    open_words,
    versions,
)
from exitmatrix.report.site.questions import Answered

Asking = Mapping[str, Sequence[Answered]]
"""Questions of people, by the cell that answers them."""


def by_launcher(families: Sequence[Family]) -> Iterator[tuple[Family, ...]]:
    """Those that share a page: of one program below one launcher."""
    shared: dict[tuple[str, str], list[Family]] = {}
    for one in families:
        shared.setdefault((one.question.scenario, one.question.launcher), []).append(one)
    yield from map(tuple, shared.values())


def launched_page(families: Sequence[Family], site: Site, asking: Asking) -> Section:
    """The page, as a document."""
    question = families[0].question
    scenario = site.scenarios.get(question.scenario)
    roles = scenario.roles if scenario else ("",)
    launcher = LAUNCHERS_BY_ID.get(question.launcher)
    laws = list(dict.fromkeys(id for one in families for id in laws_behind(one, site)))
    numbers = {id: number for number, id in enumerate(laws, 1)}
    rows = [
        (
            Link(_label(one.question, roles), f"#{one.question.ending}"),
            short_answer(one.survey.groups[0]),
        )
        for one in families
    ]
    blocks: list[Block] = [
        paragraph(
            prose(f"{scenario.title}." if scenario else "A program that is gone."),
            inline("Started by ", prose(launcher.does if launcher else question.launcher)),
        ),
        table(("what ends it", "clean-up"), rows),
        *(_ending(one, site, asking, roles, numbers) for one in families),
        Section("Why", (points(map(law_item, laws), numbered=True),)),
        Section("Measured on", (_measured(families),)),
        Section("Measure it again", (Listing("bash", (_command(families),)),)),
    ]
    title = inline(Code(question.scenario), ", started by ", Code(question.launcher))
    return Section(title, tuple(blocks))


def _label(question: Question, roles: Sequence[str]) -> Inline:
    """What ends it; a signal with who is sent it."""
    known = TERMINATIONS.get(question.termination)
    if known is None or known.delivery.startswith("signal"):
        targets = {"first": "the first process", "group": "the group"}
        words = targets.get(
            question.target, f"the {question.target}" if len(roles) > 1 else "Python"
        )
        return inline(Code(question.termination), f" to {words}")
    return Code(question.termination)


def _ending(
    family: Family, site: Site, asking: Asking, roles: Sequence[str], numbers: Mapping[str, int]
) -> Section:
    """One way to end it; its laws by their numbers in the list below."""
    blocks: list[Block] = [paragraph(ending_words(family)), *answer_blocks(family)]
    for title, figure_of in drawn(family, site):
        blocks += [paragraph(f"{title}:"), *figure_of] if "outcome" in title else figure_of
    blocks += [*versions(family), *open_words(family, site)]
    if laws := laws_behind(family, site):
        listed = ", ".join(str(numbers[id]) for id in laws)
        blocks.append(paragraph(inline(Link("Why", "#why"), f": {listed}.")))
    blocks += _below(what_to_do([family.question], named=False))
    blocks += _below(asked(asking.get(str(family.question), ())))
    return Section(_label(family.question, roles), tuple(blocks), name=str(family.question.ending))


def _below(sections: Sequence[Section]) -> Iterator[Block]:
    """What stands in sections of their own on the page of a question."""
    for one in sections:
        yield paragraph(inline(one.title, ":"))
        yield from one.blocks


def _measured(families: Sequence[Family]) -> Block:
    """Every interpreter, by which a page is linked to, with its stacks."""
    stacks: dict[tuple[str, str], dict[str, None]] = {}
    for one in families:
        for subject, record in one.records:
            stacks.setdefault((record.interpreter_id, subject.python.full), {})[record.stack] = None
    return points(
        Item((joined(", with ", (full, ", ".join(one for one in some if one != "none"))),), name=id)
        for (id, full), some in stacks.items()
    )


def _command(families: Sequence[Family]) -> str:
    """What measures all of it again, on the newest."""
    _, newest = families[0].records[0]
    return (
        f"exitmatrix check --python {newest.interpreter_id} --scenario {newest.scenario}"
        f" --launcher {newest.launcher}"
    )
