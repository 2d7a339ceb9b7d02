"""The examples: each says how it is ended, and its committed page is of that."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest
from exitmatrix.declare.settings import Settings, parse_settings

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(ROOT.glob("examples/*/exitmatrix.toml"))


def settings(file: Path) -> Settings:
    return parse_settings(tomllib.loads(file.read_text()), str(file))


def test_there_are_examples_and_no_page_without_one() -> None:
    """What is gone from the examples is gone from the reports."""
    pages = {file.stem for file in (ROOT / "reports" / "examples").glob("*.md")}
    assert pages == {file.parent.name for file in EXAMPLES}
    assert pages


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_page_of_an_example_is_of_its_settings(file: Path) -> None:
    """It shows the command, and each expectation, met: `make examples` fails where one is not."""
    settings_ = settings(file)
    text = " ".join((ROOT / "reports" / "examples" / f"{file.parent.name}.md").read_text().split())
    assert shlex.join(settings_.command) in text
    assert settings_.expectations
    for one in settings_.expectations:
        assert f"✓ {one}" in text
