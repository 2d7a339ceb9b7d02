"""The first page: four choices and the answer, which stands there without a script too. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from exitmatrix.model import Question
from exitmatrix.report.document import (
    Block,
    Inline,
    Link,
    Listing,
    Row,
    Section,
    inline,
    paragraph,
    points,
    table,
)
from exitmatrix.report.pages.matrix import LEGEND
from exitmatrix.report.phrases import prose
from exitmatrix.report.render.html import html, html_words
from exitmatrix.report.sections.answers import ACTIONS, COLUMNS, REMARKS, answers, short_answer
from exitmatrix.report.sections.basis import extent_words
from exitmatrix.report.sections.situations import situations_section
from exitmatrix.report.site.answers import at_length
from exitmatrix.report.site.content import Family, Site, page_of
from exitmatrix.report.site.panel import law_words, order_html, panels
from exitmatrix.report.site.questions import INDEX, Answered
from exitmatrix.report.site.shell import Page, hrefs_from

PATH = "index.html"
TITLE = "Will my clean-up run?"
SHOWN = Question("gunicorn", "direct", "SIGTERM", "master")
"""What the page answers before anything is chosen: `docker stop` and gunicorn."""

ASKED = 10
"""Questions of people that the page names."""

CHOICES = (
    ("run", "I run"),
    ("end", "It ends by"),
    ("start", "Started"),
    ("py", "Python"),
)


def front_page(families: Sequence[Family], site: Site, asks: Sequence[Answered]) -> Page:
    """The page."""
    known = {one.question: one for one in families}
    shown = known.get(SHOWN) or families[0]

    def href(link: Link) -> str:
        """The legend speaks of a section of the matrix, which is a page of its own here."""
        onward = f"matrix/index.html{link.target}" if link.target[0] == "#" else link.target
        return hrefs_from(PATH)(Link(link.words, onward))

    body = "\n".join(
        [
            f"<h1>{TITLE}</h1>",
            _choices(),
            _answer(shown, site),
            f"<p>{html_words(extent_words(site.records), href)}</p>",
            *(html(one, href, 2) for one in (*_situations(known, site), _asked_most(asks))),
            *(html(one, href, 2) for one in _sections(known)),
        ]
    )
    about = "Which clean-up of a Python program runs when it is stopped, killed or interrupted."
    scripts = ("assets/answers.js", "assets/site.js")
    return Page(path=PATH, title=TITLE, body=body, about=about, scripts=scripts)


def _choices() -> str:
    """Filled and shown by the script: without it the table below answers."""
    fields = "".join(
        f'<label for="{id}">{words}</label><select id="{id}" name="{id}"></select>'
        for id, words in CHOICES
    )
    return f'<form id="choices" hidden>{fields}</form>'


def _answer(family: Family, site: Site) -> str:
    """The answer that stands there first; the script shows others in its parts."""
    groups = family.survey.groups
    shown = [*panels(family, site)]
    versions = zip(shown, groups, strict=True)
    items = (
        f"<li>{escape(one.subjects)}: {html_words(short_answer(by))}</li>" for one, by in versions
    )
    laws = "".join(f"<li>{law_words(id)}</li>" for id in shown[0].laws)
    return (
        '<section id="answer" aria-live="polite" aria-label="The answer">'
        f'<p class="asked"><code>{escape(str(family.question))}</code></p>'
        f'<p class="short">{html_words(short_answer(groups[0]))}</p>'
        f'<p class="long">{escape(at_length(groups[0]))}</p>'
        '<div class="remedies"></div>'
        f"<h2>In order, in one run</h2>{order_html(shown[0].steps)}"
        f'<h2>Why</h2><ul class="why">{laws}</ul>'
        f'<h2>Versions</h2><ul class="versions">{"".join(items)}</ul>'
        f'<p><a class="more" href="{escape(family.page)}">'
        "The page of this cell: a program that shows it, and every Python</a></p></section>"
    )


def _situations(known: Mapping[Question, Family], site: Site) -> list[Section]:
    """The table that opens the report, below another heading: the page is called so itself."""
    surveys = {question: one.survey for question, one in known.items()}
    return [
        Section("What runs, and how it ends", one.blocks)
        for one in situations_section(surveys, site.scenarios)
    ]


def _sections(known: Mapping[Question, Family]) -> list[Section]:
    surveys = {question: one.survey for question, one in known.items()}
    answered = answers(surveys)
    rows: list[Row] = [
        (
            prose(action.words),
            *(_linked(answer, action.at(id), id, known) for id, answer in _columns(row)),
        )
        for action, row in zip(ACTIONS, answered.rows, strict=True)
    ]
    blocks: list[Block] = [table(("what you do", *COLUMNS.values()), rows)]
    if answered.notes:
        blocks.append(paragraph("Where versions differ, the table shows the newest:"))
        blocks.append(points(answered.notes, numbered=True))
    own = paragraph(inline("Test your own program, whatever it is:"))
    command = Listing("bash", ("exitmatrix run -- gunicorn -b 127.0.0.1:{port} app:app",))
    return [
        Section("What people do", tuple(blocks)),
        Section("Your own program", (own, command)),
        Section("What the rows stand for", (points(REMARKS),)),
        Section("How to read this", (LEGEND,)),
    ]


def _asked_most(asks: Sequence[Answered]) -> Section:
    """The first of the questions that have an answer here."""
    links: list[Inline] = [Link(prose(one.asked.asks), one.path) for one in asks if one.families]
    more = Link("All of them, and those that are not answered here", INDEX)
    return Section("Asked most", (points(links[:ASKED]), paragraph(more)))


def _columns(row: Row) -> list[tuple[str, Inline]]:
    """The answers of a row of the table, by scenario."""
    return list(zip(COLUMNS, row[1 : 1 + len(COLUMNS)], strict=True))


def _linked(
    answer: Inline,
    at: tuple[str, str] | None,
    scenario: str,
    known: Mapping[Question, Family],
) -> Inline:
    """The answer, leading to the page of its question where there is one."""
    question = Question(scenario, "direct", *at) if at else None
    if question is None or question not in known:
        return answer
    return Link(answer, page_of(question))
