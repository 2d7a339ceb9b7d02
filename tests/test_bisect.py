"""`bisect`: the first release since which a cell behaves differently."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import msgspec
import pytest
from exitmatrix.cli.bisect import bisect_document, parse_arguments, print_answer, search
from exitmatrix.cli.bisecting import Looking, PackageReleases
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.declare.stacks import STACKS
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.releases import Releases
from exitmatrix.machine.environments.replacements import tools_at
from exitmatrix.machine.run.session import Session
from exitmatrix.model import Cell
from exitmatrix.plan.bisect import Alike, BisectResult, FirstChange, NewestUnmeasured, first_change
from exitmatrix.report.exchange.changes import BisectDocument
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FOUND, NEWEST, note_exercised
from tests.support.command import run
from tests.support.part import every
from tests.support.wheels import index, on_sigterm, wheel

BROKEN = None
OLD_AND_NEW = ("3.10", "3.11")


class Shelf:
    """Releases from new to old, by what each shows; it counts what was looked at and asked for."""

    def __init__(self, shows: Sequence[str | None]) -> None:
        self.shows = shows
        self.looked: list[int] = []
        self.furthest = 0

    def has(self, place: int) -> bool:
        """Whether there is one so far back."""
        self.furthest = max(self.furthest, place)
        return place < len(self.shows)

    def look(self, place: int) -> str | None:
        """What it shows."""
        self.looked.append(place)
        return self.shows[place]

    def answer(self, to_the_end: bool) -> BisectResult:
        """The answer about it."""
        return first_change(self, self.look, lambda one, other: one == other, to_the_end)


# ---------------------------------------------------------------------- pure


@given(new=st.integers(1, 60), old=st.integers(1, 60), to_the_end=st.booleans())
def test_the_one_change_is_found_in_few_looks(new: int, old: int, to_the_end: bool) -> None:
    """From either end, no release is measured twice, and hardly more than log2 of them are."""
    shelf = Shelf(["b"] * new + ["a"] * old)
    assert shelf.answer(to_the_end) == FirstChange(old=new, new=new - 1)
    if to_the_end:
        assert len(set(shelf.looked)) <= 3 + (new + old).bit_length()
    else:
        assert len(set(shelf.looked)) <= 3 + 2 * (new + old).bit_length()


def test_of_several_changes_each_end_tells_its_own() -> None:
    """With OLD the first that is not as OLD, where halving meets it; else since when it is as now.

    Here every search meets the one that is nearest to its end.
    """
    shelf = Shelf(["c", "b", "b", "a", "a"])
    assert shelf.answer(to_the_end=False) == FirstChange(old=1, new=0)
    assert shelf.answer(to_the_end=True) == FirstChange(old=3, new=2)


@given(
    shows=st.lists(st.sampled_from(["a", "b", BROKEN]), min_size=1, max_size=40),
    to_the_end=st.booleans(),
)
def test_an_answer_is_what_was_looked_at(shows: list[str | None], to_the_end: bool) -> None:
    """Whatever the history: the two releases differ, and none between them could be measured."""
    shelf = Shelf(shows)
    answer = shelf.answer(to_the_end)
    if isinstance(answer, FirstChange):
        assert answer.new < answer.old
        assert {answer.new, answer.old, *answer.between} <= set(shelf.looked)
        assert shows[answer.new] != shows[answer.old]
        assert None not in (shows[answer.new], shows[answer.old])
        assert answer.between == tuple(range(answer.new + 1, answer.old))
        assert all(shows[one] is None for one in answer.between)
    elif isinstance(answer, NewestUnmeasured):
        assert answer.place == 0
        assert shows[0] is None
    else:
        assert shows[answer.oldest] == shows[0]


@given(new=st.integers(1, 30), gone=st.integers(1, 30))
def test_what_is_too_old_to_be_measured_ends_the_search(new: int, gone: int) -> None:
    """Releases that cannot be installed any more say nothing: the oldest that can is told."""
    assert Shelf(["b"] * new + [BROKEN] * gone).answer(to_the_end=False) == Alike(oldest=new - 1)


@given(new=st.integers(1, 30), old=st.integers(1, 30), gone=st.integers(1, 30))
def test_an_old_end_that_cannot_be_measured_gives_way_to_the_next(
    new: int, old: int, gone: int
) -> None:
    """OLD does not start on this Python: the oldest release that does is compared in its place."""
    shelf = Shelf(["b"] * new + ["a"] * old + [BROKEN] * gone)
    assert shelf.answer(to_the_end=True) == FirstChange(old=new, new=new - 1)


def test_no_more_of_a_row_is_asked_for_than_is_needed() -> None:
    """A change two releases back needs no list of two hundred."""
    shelf = Shelf(["b", "b", *["a"] * 200])
    assert shelf.answer(to_the_end=False) == FirstChange(old=2, new=1)
    assert shelf.furthest < 8


# ---------------------------------------------------------------------- real


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Nine releases of a package; 1.3 changed what SIGTERM does."""
    folder = tmp_path / "wheels"
    for minor in range(1, 10):
        files = on_sigterm(5) if minor >= 3 else {"bent.py": ""}
        wheel(folder, "bent", f"1.{minor}", files)
    wheel(folder, "bent", "2.0rc1", on_sigterm(9))
    return folder


def bisect(*words: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """The command, to its end."""
    done = run("bisect", *words, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def row(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> PackageReleases:
    """The releases from 1.1 to 1.9, in the stack of the bare interpreter."""
    for name, value in index(wheels).items():
        monkeypatch.setenv(name, value)
    releases = Releases(tools_at(default_cache()), "bent", FOUND[NEWEST])
    releases.between("1.1", "")
    return PackageReleases(releases, "bent", FOUND[NEWEST], STACKS[0])


@pytest.mark.real
def test_a_row_is_the_final_releases_from_new_to_old(row: PackageReleases) -> None:
    """No pre-release is among them, and the old end is the last."""
    places = [place for place in range(20) if row.has(place)]
    assert [row.label(place) for place in places] == [f"bent 1.{n}" for n in range(9, 0, -1)]


@pytest.mark.real
def test_the_release_that_changed_a_cell_is_found(
    row: PackageReleases, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real programs with real releases: both outcomes, both releases, what repeats it."""
    subjects, _ = load_scenarios()
    cell = Cell(
        interpreter=NEWEST, stack="none", scenario="plain", termination="SIGTERM", target="main"
    )
    with Session(2) as session:
        looking = Looking(row, cell, subjects, session, "none")
        answer = search(row, looking, to_the_end=True)
        session.finish()
    note_exercised([NEWEST])
    assert isinstance(answer, FirstChange)
    assert (row.word(answer.old), row.word(answer.new)) == ("1.2", "1.3")
    asked = parse_arguments("bent", ["1.1", str(cell)], ())
    print_answer(answer, row, looking, asked, subjects)
    out = capsys.readouterr().out
    assert out.startswith("plain/SIGTERM@main behaves differently since bent 1.3.\n")
    rows = dict(line.rsplit("  ", 1) for line in out.splitlines() if line.startswith("  bent"))
    assert list(rows.values()) == ["SIGTERM", "exit 5"]
    assert f"again  exitmatrix bisect bent 1.2 1.3 {cell.id}\n" in out
    document = json.loads(
        msgspec.json.encode(bisect_document(answer, row, looking, asked, subjects))
    )
    jsonschema.validate(document, msgspec.json.schema(BisectDocument))
    assert (document["old"], document["new"], document["between"]) == ("bent 1.2", "bent 1.3", [])
    assert document["change"]["new"]["outcomes"][0]["processes"][0]["exit"] == {"code": 5}
    assert document["again"] in out


@pytest.mark.real
@pytest.mark.parametrize(
    ("words", "says"),
    every(
        2,
        [
            (
                ["uvicorm", "plain/SIGTERM"],
                "no package of a stack is called 'uvicorm'; nearest: uvico",
            ),
            (
                ["uvicorn", "plain/SIGTERM"],
                "'plain/SIGTERM' is a cell of stack none, which has no uvicorn",
            ),
            (["python", "plane/SIGTERM"], "no cell matches 'plane/SIGTERM'; nearest: "),
            (["python", "plain/SIG"], "name one of plain/SIGABRT@main, "),
            (["python", "3.99", "plain/SIGTERM"], "no Python here is called '3.99'; nearest: "),
            (["python", "1", "2", "3", "plain/SIGTERM"], "more than [OLD] [NEW] CELL"),
        ],
    ),
)
def test_bad_input(words: list[str], says: str) -> None:
    """One line that names the word and what is near, with status 2."""
    status, out, err = bisect(*words, "--progress", "none")
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert says in line


@pytest.mark.real
def test_ends_that_behave_alike_say_nothing_of_what_is_between() -> None:
    """3.12.1 refuses threads in handlers; neither a release before nor one after does."""
    if not {"cpython-3.11.7", "cpython-3.12.1", "cpython-3.13.0"} <= set(FOUND):
        pytest.skip("needs Python 3.11.7, 3.12.1 and 3.13.0")
    cell = "plain-handler-starts-thread/return@main"
    status, out, err = bisect("python", "3.11.7", "3.13.0", cell, "--progress", "none")
    assert status == 0, err
    assert out.splitlines() == [
        f"{cell}: cpython-3.11.7 and cpython-3.13.0 behave alike.",
        "  1 release between them: not looked at",
    ]
    status, out, err = bisect("python", "3.11.7", "3.12.1", cell, "--progress", "none")
    assert status == 0, err
    assert out.startswith(f"{cell} behaves differently since cpython-3.12.1.\n")
    assert "refuse new threads" in out


@pytest.mark.real
def test_pythons_are_releases_too(tmp_path: Path) -> None:
    """Between two that behave alike nothing is found, and that is said. No record is written."""
    if not all(any(one.startswith(f"cpython-{minor}.") for one in FOUND) for minor in OLD_AND_NEW):
        pytest.skip("needs Python 3.10 and 3.11")
    words = ("python", *OLD_AND_NEW, "plain/SIGTERM@main", "--progress", "none")
    status, out, err = bisect(*words, cwd=tmp_path)
    assert (status, err) == (0, "")
    assert not list(tmp_path.iterdir())
    assert re.search(r"cpython-3.10\S* and cpython-3.11\S* behave alike\.\n", out)
