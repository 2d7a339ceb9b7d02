"""`tour`: each sentence is shown to be true by what its command prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from exitmatrix.cli.tour import TOUR

from tests.support.command import run

STEP = re.compile(r"^── \d+ of \d+ ─+$", re.MULTILINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty working folder."""
    return tmp_path_factory.mktemp("tour")


@pytest.fixture(scope="module")
def shown(place: Path) -> list[str]:
    """What each step printed, in order."""
    done = run("tour", "--no-pause", cwd=place)
    assert done.returncode == 0, done.stderr
    return STEP.split(done.stdout)[1:]


@pytest.mark.real
def test_nothing_is_written_into_the_working_folder(place: Path, shown: list[str]) -> None:
    """As its help says; its records are those in the package."""
    assert shown
    assert not list(place.iterdir())


@pytest.mark.real
def test_each_step_shows_what_its_sentence_says(shown: list[str]) -> None:
    """The words that the sentence rests on stand in the output of its own command."""
    assert len(shown) == len(TOUR)
    for step, text in zip(TOUR, shown, strict=True):
        command, _, output = text.partition("\n$ exitmatrix ")[2].partition("\n")
        assert command.startswith(step.words[0])
        assert " ".join(step.shows.split()) in " ".join(output.split()), output
        assert len(output.splitlines()) > 1, output


@pytest.mark.real
def test_lines_of_the_tour_itself_fit_80_columns(shown: list[str]) -> None:
    """Only the tour's own text is folded; commands stay whole, to be pasted."""
    for text in shown:
        head = text.partition("\n$ ")[0]
        assert all(len(line) <= 80 for line in head.splitlines())
