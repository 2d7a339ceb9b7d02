"""The first page says what the report says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from exitmatrix.cli.main import main

from tests.support.committed import records
from tests.support.part import every

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


SITUATIONS = (
    "kubectl delete pod, docker stop",
    "systemctl stop",
    "Ctrl-C",
    "OOM killer, kill -9 to the serving process",
)
"""Those that the first page has, of the report's."""

SUBJECTS = (
    "a program",
    "a program, a container's PID 1",
    "behind a shell: sh -c, a script without exec",
    "Flask's debug server",
    "flask run",
    "Django's runserver",
    "celery worker",
    "gunicorn",
    "gunicorn, uvicorn's workers",
    "uvicorn",
    "uvicorn --workers 2",
    "hypercorn",
    "uWSGI --master",
)


def rows(text: str) -> list[list[str]]:
    return [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("|")]


def test_the_table_of_situations_is_a_part_of_that_of_the_report() -> None:
    """It is copied from the page that is generated, and grows old with it or not at all."""
    mine = re.search(r"<!-- situations.*?-->\n(.*?)<!-- end", README, re.DOTALL)
    page = (ROOT / "reports" / "matrix.md").read_text(encoding="utf-8")
    report = re.search(r"^## Will my clean-up run\?\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    assert mine
    assert report
    head, line, *others = rows(report[1])
    places = [0, *map(head.index, SITUATIONS)]
    entries = {row[0]: row for row in others}
    chosen = [head, line, *(entries[one] for one in SUBJECTS)]
    assert rows(mine[1]) == [[row[place] for place in places] for row in chosen]


@pytest.mark.parametrize("subject", every(4, SUBJECTS))
def test_the_command_answers_as_the_table_does(subject: str) -> None:
    """The command knows the table's names of programs and situations, and says the same."""
    mine = re.search(r"<!-- situations.*?-->\n(.*?)<!-- end", README, re.DOTALL)
    assert mine
    (row,) = (row for row in rows(mine[1]) if row[0] == subject)
    for situation, entry in zip(SITUATIONS, row[1:], strict=True):
        words = ["answer", situation, subject, "--records", str(ROOT / "reports")]
        text = " ".join(CliRunner().invoke(main, words).stdout.split())
        assert f" Will my clean-up run? {entry.replace('*', '')} Measured on " in text


def test_every_link_leads_to_a_file() -> None:
    """In README and in docs/."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    assert len(pages) > 3
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_first_page_is_short() -> None:
    """It opens with what it answers, and fits two screens, with the answer on the first one."""
    assert len(README.splitlines()) <= 80
    assert README[: README.index("<!-- end of situations")].count("\n") <= 25


READS = ("answer", "claims", "diff", "explain")
"""Commands that measure nothing, so that what they print is the same anywhere."""


def shown() -> Iterator[tuple[str, list[str]]]:
    """Commands in the documentation with the lines that it shows of their output."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for part in page.read_text(encoding="utf-8").split("\n    $ exitmatrix ")[1:]:
            command, *lines = part.splitlines()
            end = next(n for n, line in enumerate(lines) if line and not line.startswith("    "))
            yield command, [line.removeprefix("    ") for line in lines[:end]]


@pytest.mark.parametrize(
    ("command", "lines"), [one for one in shown() if one[0].split()[0] in READS]
)
def test_the_documentation_shows_what_a_command_prints(command: str, lines: list[str]) -> None:
    """The lines are the same and in order; `...` stands for lines left out."""
    words = [*shlex.split(command), "--records", str(ROOT / "reports")]
    rest = f"\n{CliRunner().invoke(main, words).stdout}\n"
    parts = [part.strip("\n") for part in "\n".join(lines).split("...")]
    assert any(parts)
    for part in parts:
        _, found, rest = rest.partition(f"\n{part}\n" if part else "\n")
        assert found, part
        rest = f"\n{rest}"


def test_the_documentation_shows_the_number_of_cells_that_are_measured() -> None:
    """The README's example selects some cells."""
    ((_, lines),) = (one for one in shown() if one[0].startswith("matrix --python cpython-3.13.0"))
    measured = [
        one
        for one in records()
        if (one.interpreter_id, one.stack, one.scenario) == ("cpython-3.13.0", "flask-3.1", "flask")
        and one.question.launcher == "direct"
    ]
    assert f"measured now: {len(measured)} cells of cpython-3.13.0" in lines
    assert f"{len(measured)} of {len(measured)} cells agree with the laws" in lines
