"""Every file of the site, by its path. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from exitmatrix.model import CellId
from exitmatrix.model.cell import DIRECT
from exitmatrix.report.document import (
    Inline,
    Link,
    Row,
    Section,
    Symbol,
    paragraph,
    plain,
    table,
)
from exitmatrix.report.pages import claims, matrix
from exitmatrix.report.render.html import html
from exitmatrix.report.render.svg import NAME, strip_svg
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sections.differences import differences_section
from exitmatrix.report.sections.findings import findings_section
from exitmatrix.report.sections.remedies import remedies_section
from exitmatrix.report.site.answers import answers_scripts
from exitmatrix.report.site.content import Family, Site, page_of, surveys_of
from exitmatrix.report.site.family import family_data, family_page
from exitmatrix.report.site.front import front_page
from exitmatrix.report.site.launched import Asking, by_launcher, launched_page
from exitmatrix.report.site.laws import PATH as LAWS_PAGE
from exitmatrix.report.site.laws import laws_page
from exitmatrix.report.site.questions import (
    INDEX,
    Answered,
    answered_questions,
    question_page,
    questions_about,
    questions_index,
)
from exitmatrix.report.site.races import races_page
from exitmatrix.report.site.shell import (
    NAVIGATION,
    OF_A_CELL,
    Page,
    document_page,
    framed,
    hrefs_from,
    way_up,
)

SCRIPTS = ("assets/answers.js", "assets/site.js")


def site_files(site: Site, assets: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """All files. `assets` are style and script, by name."""
    asked = site.families
    direct = [one for one in asked if one.question.launcher == DIRECT]
    launched = [one for one in asked if one.question.launcher != DIRECT]
    for name, content in assets.items():
        yield f"assets/{name}", content
    for name, content in answers_scripts(site):
        yield f"assets/{name}", content
    asks = answered_questions(asked)
    for page in _pages(asked, site, asks):
        yield page.path, framed(page)
    asking = questions_about(asks)
    few = {target: NAVIGATION[target] for target in OF_A_CELL}
    for one in direct:
        people = asking.get(str(one.question), ())
        yield one.page, framed(_family(one, site, people), few)
        yield f"{one.folder}/data.json", family_data(one)
        yield f"{one.folder}/strip.svg", _strip(one).encode()
    for some in by_launcher(launched):
        page = _launched(some, site, asking)
        yield page.path, framed(page, few)
        yield f"{page.path.removesuffix('index.html')}data.json", family_data(*some)


def _pages(asked: Sequence[Family], site: Site, asks: Sequence[Answered]) -> Iterator[Page]:
    """All pages but those of cells."""
    yield front_page(asked, site, asks)
    yield document_page(INDEX, questions_index(asks))
    for each in asks:
        if each.families:
            yield document_page(each.path, question_page(each))
    yield document_page("remedies/index.html", _remedies(asked, site))
    yield _index(asked)
    yield _compare(site)
    yield document_page(
        "matrix/index.html",
        matrix.page(site.records, site.judgements, dict(site.scenarios), surveys_of(asked)),
    )
    yield document_page("findings/index.html", _findings(site))
    yield _claims(site)
    yield document_page("races/index.html", races_page(site))
    yield document_page(LAWS_PAGE, laws_page(site))
    yield document_page("boundaries/index.html", site.boundaries)


def _family(family: Family, site: Site, asking: Sequence[Answered]) -> Page:
    section = family_page(family, site, asking)
    answer = plain(short_answer(family.survey.groups[0]))
    badge = f'<a href="strip.svg"><img src="strip.svg" alt="{escape(answer)}"></a>'
    more = (
        f'\n<p>A badge for a README: {badge}. For programs: <a href="data.json">data.json</a>.</p>'
    )
    return document_page(family.page, section, more=more)


def _launched(families: Sequence[Family], site: Site, asking: Asking) -> Page:
    question = families[0].question
    path = f"c/{question.scenario}/{question.launcher}/index.html"
    more = '\n<p>For programs: <a href="data.json">data.json</a>.</p>'
    return document_page(path, launched_page(families, site, asking), more=more)


def _strip(family: Family) -> str:
    """A square for each interpreter, oldest first; of several stacks the newest one's."""
    symbols = {}
    for group in family.survey.groups:
        sign = _sign(short_answer(group))
        for subject in group.subjects:
            symbols[subject] = sign
    newest = {subject.python: symbols[subject] for subject, _ in reversed(family.records)}
    minors = Counter((one.family, one.minor) for one in newest)
    versions = {}
    for one, symbol in newest.items():
        alone = minors[one.family, one.minor] == 1
        name = one.minor if alone or len(one.full) > NAME else one.full
        versions[one] = (f"PyPy {name}" if one.family == "pypy" else name, symbol)
    return strip_svg(str(family.question), list(versions.values()))


def _sign(words: Inline) -> Symbol:
    """The sign with which an answer begins."""
    spans = words if isinstance(words, tuple) else (words,)
    return next((span for span in spans if isinstance(span, Symbol)), Symbol.UNKNOWN)


def _index(asked: Sequence[Family]) -> Page:
    """All questions with their short answers, and a box to search them."""
    path = "c/index.html"
    rows: list[Row] = [
        (Link(str(one.question), one.page), short_answer(one.survey.groups[0])) for one in asked
    ]
    section = Section(
        "All cells",
        (
            paragraph(f"{len(asked):,} ways to end a program. The answer is the newest Python's."),
            table(("cell", "clean-up"), rows),
        ),
    )
    search = (
        '<p id="searching" hidden><label for="search">Search</label>'
        '<input id="search" type="search" autocomplete="off"> <output id="found"></output></p>'
    )
    body = html(section, hrefs_from(path)).replace("<p>", f"{search}<p>", 1)
    return Page(path=path, title="All cells", body=body, scripts=("assets/site.js",))


def _compare(site: Site) -> Page:
    """Two programs beside each other; without a script, what versions differ in."""
    path = "compare/index.html"
    asked = [
        one.survey
        for one in site.families
        if not one.is_grid and one.survey.scenario in site.scenarios
    ]
    form = (
        '<form id="comparing" hidden><label for="a">This</label><select id="a"></select>'
        '<label for="b">and this</label><select id="b"></select></form>'
        '<div id="compared" class="scroll" role="region" tabindex="0"'
        ' aria-label="Where the two differ"></div>'
    )
    parts = differences_section(asked, site.scenarios)
    note = (
        "<p>The answers are those of the newest Python and release. Where runs vary, they include"
        " what older ones showed that have an outcome in common with it; the page of the cell tells"
        " them apart.</p>"
    )
    body = "\n".join(
        ["<h1>Compare</h1>", note, form, *(html(one, hrefs_from(path), 2) for one in parts)]
    )
    return Page(path=path, title="Compare", body=body, scripts=SCRIPTS)


def _remedies(asked: Sequence[Family], site: Site) -> Section:
    found = remedies_section(surveys_of(asked), site.scenarios)
    return found[0] if found else Section("What to do about it", (paragraph("Nothing yet."),))


def _findings(site: Site) -> Section:
    found = findings_section(site.records, site.judgements)
    return found[0] if found else Section("Findings", (paragraph("None yet."),))


def _claims(site: Site) -> Page:
    """The claims; links to records lead to the pages of their cells."""
    path = "claims/index.html"
    section = claims.page(site.claims, surveys_of(site.families))

    def href(link: Link) -> str:
        if link.target.startswith("#"):
            return link.target
        cell = CellId.parse(plain(link.words))
        there = f"{way_up(path)}{page_of(cell.question)}"
        return there if "#" in there else f"{there}#{cell.interpreter}"

    return Page(path=path, title=plain(section.title), body=html(section, href))
