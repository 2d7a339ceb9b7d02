"""The first page says what the report says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_the_table_of_situations_is_that_of_the_report() -> None:
    """It is copied from the page that is generated, and grows old with it or not at all."""
    mine = re.search(r"<!-- situations.*?-->\n(.*?)<!-- end", README, re.DOTALL)
    page = (ROOT / "reports" / "matrix.md").read_text(encoding="utf-8")
    report = re.search(r"^## Will my clean-up run\?\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    assert mine
    assert report
    assert rows(mine[1]) == rows(report[1])


def test_every_link_leads_to_a_file() -> None:
    """In README and in docs/."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    assert len(pages) > 3
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_first_page_is_short() -> None:
    """It opens with what it answers, and fits two screens of fifty lines."""
    assert len(README.splitlines()) <= 100
