"""The frame of every page: what is the same everywhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from exitmatrix.model import Frozen
from exitmatrix.report.document import Link, Section, plain
from exitmatrix.report.render.html import Href, html

NAVIGATION = {
    "index.html": "Answers",
    "questions/index.html": "Asked most",
    "remedies/index.html": "What to do",
    "c/index.html": "All cells",
    "compare/index.html": "Compare",
    "matrix/index.html": "The matrix",
    "findings/index.html": "Findings",
    "claims/index.html": "Claims",
    "races/index.html": "Races",
    "boundaries/index.html": "Boundaries",
    "laws/index.html": "Laws",
}

OF_A_CELL = ("index.html", "questions/index.html", "c/index.html")
"""What the pages of cells link to, of which there are thousands: the rest is one step further."""


class Page(Frozen, kw_only=True):
    """One page: where it stands, and what is in it."""

    path: str  # from the root of the site: c/plain/SIGTERM@main/index.html
    title: str
    body: str  # of `main`
    about: str = ""  # one sentence for search engines, which take the first lines without it
    scripts: tuple[str, ...] = ()  # from the root of the site


def way_up(path: str) -> str:
    """From a page to the root of the site."""
    return "../" * path.count("/")


def document_page(path: str, section: Section, *, about: str = "", more: str = "") -> Page:
    """A page that shows a document; `more` is HTML that follows it."""
    body = html(section, hrefs_from(path))
    return Page(path=path, title=plain(section.title), body=body + more, about=about)


def hrefs_from(path: str) -> Href:
    """Links of documents, as they lead from a page: to headings, to pages, to cells' pages."""

    def href(link: Link) -> str:
        if link.target.startswith(("#", "https://")):
            return link.target
        return way_up(path) + link.target

    return href


def framed(page: Page, navigation: Mapping[str, str] = NAVIGATION) -> bytes:
    """The whole file."""
    up = way_up(page.path)
    here = ' aria-current="page"'
    links = "".join(
        f'<a href="{up}{target}"{here if target == page.path else ""}>{name}</a>'
        for target, name in navigation.items()
    )
    root = f' data-root="{up or "./"}"' if page.scripts else ""
    scripts = "".join(f'<script src="{up}{one}" defer></script>\n' for one in page.scripts)
    about = f'<meta name="description" content="{escape(page.about)}">\n' if page.about else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{about}<title>{escape(page.title)} - exitmatrix</title>
<link rel="icon" href="{up}assets/icon.svg">
<link rel="stylesheet" href="{up}assets/style.css">
{scripts}</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><nav aria-label="Site">{links}</nav></header>
<main id="main"{root}>
{page.body}
</main>
</body>
</html>
""".encode()
