"""The page of all laws: what each says, its source, and where it was seen at work. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exitmatrix.judge.launcher_laws import LAWS as OF_LAUNCHERS
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.served.laws import LAWS as OF_SERVERS
from exitmatrix.judge.served.laws import ServerLaw
from exitmatrix.judge.texts import GENERAL
from exitmatrix.report.document import (
    Block,
    Code,
    Inline,
    Item,
    Link,
    Section,
    inline,
    paragraph,
    points,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.site.content import Family, Site

PATH = "laws/index.html"
COMMON = "of-many-programs"
"""The name of the laws that many pages need, on this page."""

LEAD = paragraph(
    "A law is one statement about how Python, a server or a launcher behaves, with its source. All"
    " laws that apply to a cell predict it, and the prediction is compared with what was observed."
    " The example is a cell that the law helps to predict."
)
OFTEN = paragraph(
    "Many cells rest on these, whatever ends the program. The page of a cell links here, and lists"
    " the other laws that it rests on."
)
KINDS: Mapping[str, Mapping[str, Law | ServerLaw]] = {
    "Of programs": LAWS_BY_ID,
    "Of servers": OF_SERVERS,
    "Of launchers": OF_LAUNCHERS,
}


def laws_page(site: Site) -> Section:
    """The page; laws that many cells rest on stand first."""
    uses = _uses(site)

    def listed(laws: Mapping[str, Law | ServerLaw]) -> Block:
        return points(_law(id, one, uses.get(id, ())) for id, one in laws.items())

    first = {id: LAWS_BY_ID[id] for id in GENERAL}
    parts = [Section("Of many programs", (OFTEN, listed(first)), name=COMMON)]
    for title, laws in KINDS.items():
        parts.append(Section(title, (listed({id: laws[id] for id in laws if id not in first}),)))
    return Section("Laws", (LEAD, *parts))


def _law(id: str, law: Law | ServerLaw, uses: Sequence[Family]) -> Item:
    lines: list[Inline] = [inline(Code(id), ": ", prose(law.because))]
    if isinstance(law, Law) and law.race:
        lines.append(inline("A race: ", prose(law.race), "."))
    lines.append(f"Source: {law.source}.")
    if uses:
        first = uses[0]
        lines.append(inline("Example: ", Link(Code(str(first.question)), first.page), "."))
    return Item(tuple(lines), name=id)


def _uses(site: Site) -> Mapping[str, Sequence[Family]]:
    """The questions whose newest answer rests on each law; plain ones first."""
    found: dict[str, list[Family]] = {}
    for one in sorted(site.families, key=lambda one: (one.is_grid, len(str(one.question)))):
        subject, record = one.records[0]
        judgement = site.judgements.get((subject.platform, record.cell))
        for id in judgement.verdict.rules if judgement else ():
            found.setdefault(id, []).append(one)
    return found
