"""A document as HTML: elements by meaning, no style, nothing that is fetched. Pure.

Everything that programs and machines said is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from exitmatrix.report.document import (
    Block,
    Code,
    Emphasis,
    Figure,
    Inline,
    Item,
    Link,
    Listing,
    NoteMark,
    Paragraph,
    Points,
    Quote,
    Section,
    Strong,
    Symbol,
    Table,
    anchor,
    plain,
)
from exitmatrix.report.render.svg import timeline_svg

Href = Callable[[Link], str]
"""Where a link leads from the page on which it stands."""

KINDS = {
    Symbol.YES: "yes",
    Symbol.NO: "no",
    Symbol.SOME: "some",
    Symbol.RACE: "race",
    Symbol.ALIVE: "alive",
    Symbol.UNKNOWN: "unknown",
}


def as_written(link: Link) -> str:
    """The target that the document names."""
    return link.target


def html(section: Section, href: Href = as_written, level: int = 1) -> str:
    """A section with its heading, and those below it."""
    return "\n".join(_section(section, href, level))


def html_words(words: Inline, href: Href = as_written) -> str:
    """Words of one line. The words beside a symbol say what it says: it is left unspoken."""
    match words:
        case str():
            if not words.isprintable():
                words = "".join(c if c.isprintable() else " " for c in words)
            return escape(words)
        case tuple():
            return "".join(html_words(span, href) for span in words)
        case Symbol():
            return f'<i class="{KINDS[words]}" aria-hidden="true">{words.value}</i>'
        case Code():
            return f"<code>{html_words(words.text)}</code>"
        case NoteMark():
            return f"<sup>[{words.number}]</sup>"
        case Strong():
            return f"<strong>{html_words(words.words, href)}</strong>"
        case Emphasis():
            return f"<em>{html_words(words.words, href)}</em>"
        case Link():
            return f'<a href="{escape(href(words))}">{html_words(words.words, href)}</a>'


def _section(section: Section, href: Href, level: int) -> Iterator[str]:
    # The heading of a page is where its address leads already.
    name = section.name or (anchor(section.title) if level > 1 else "")
    id = f' id="{escape(name)}"' if name else ""
    yield f"<h{level}{id}>{html_words(section.title, href)}</h{level}>"
    for block in section.blocks:
        if isinstance(block, Section):
            yield from _section(block, href, min(level + 1, 6))
        else:
            yield from _block(block, href)


def _block(block: Block, href: Href) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"<p>{' '.join(html_words(line, href) for line in block.lines)}</p>"
        case Points():
            kind = "ol" if block.numbered else "ul"
            yield f"<{kind}>{''.join(_item(item, href) for item in block.items)}</{kind}>"
        case Table():
            yield from _table(block, href)
        case Listing():
            lines = escape("\n".join(block.lines), quote=False)
            yield f'<pre class="{escape(block.language)}" tabindex="0"><code>{lines}</code></pre>'
        case Figure():
            drawn = timeline_svg(block)
            yield drawn if len(block.columns) < 3 else _scrolling("What happens, in order", drawn)
        case Quote():
            yield f"<blockquote><p>{html_words(block.words, href)}</p></blockquote>"


def _item(item: Item, href: Href) -> str:
    name = f' id="{escape(item.name)}"' if item.name else ""
    words = " ".join(html_words(line, href) for line in item.lines)
    below = "".join(_item(one, href) for one in item.below)
    return f"<li{name}>{words}{f'<ul>{below}</ul>' if below else ''}</li>"


def _table(block: Table, href: Href) -> Iterator[str]:
    head = "".join(f'<th scope="col">{html_words(one, href)}</th>' for one in block.head)
    rows = []
    for first, *others in block.rows:
        cells = "".join(f"<td>{html_words(one, href)}</td>" for one in others)
        rows.append(f'<tr><th scope="row">{html_words(first, href)}</th>{cells}</tr>')
    body = f"<table><thead><tr>{head}</tr></thead><tbody>\n{chr(10).join(rows)}\n</tbody></table>"
    yield _scrolling(f"Table: {', '.join(map(plain, block.head))}", body)


def _scrolling(label: str, body: str) -> str:
    """What may be wider than a phone scrolls within itself, with a keyboard too."""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">{body}</div>'
    )
