"""The part of the tests that `make test` runs: no test loses its last case."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from exitmatrix.model import Interpreter

from tests.support import part
from tests.support.values import interpreter

ROOT = Path(__file__).parent.parent
FOUND = {
    one.id: one
    for one in (
        *map(interpreter, ("2.7.18", "3.6.15", "3.9.18", "3.10.13", "3.15.2")),
        interpreter("3.9.16", "pypy"),
        interpreter("3.11.17", "pypy"),
    )
}


def case(test: str, python: object = None, mark: str = "", **more: object) -> pytest.Item:
    """A test of a file, as a case of this Python."""
    given = more | ({} if python is None else {"python": python})
    words = [one.id if isinstance(one, Interpreter) else str(one) for one in given.values()]
    name = f"{test}[{'-'.join(words)}]" if words else test
    return cast(
        "pytest.Item",
        SimpleNamespace(
            nodeid=name,
            callspec=SimpleNamespace(params=given) if words else None,
            get_closest_marker=lambda name: name == mark or None,
        ),
    )


def kept(*items: pytest.Item) -> list[str]:
    some, others = part.split(items, FOUND)
    assert len(some) + len(others) == len(items)
    return [one.nodeid for one in some]


def test_a_test_of_each_python_runs_on_the_newest_the_oldest_or_a_pypy_and_one_more() -> None:
    """The parameter may be the interpreter or its id; the next test of the file has the other."""
    for given in (FOUND.values(), FOUND):
        names = kept(*(case(f"a.py::{n}", python) for n in "ab" for python in given))
        ran = {test: {name[8:-1] for name in names if name[6] == test} for test in "ab"}
        assert ran["a"] == {"cpython-2.7.18", "cpython-3.6.15", "cpython-3.15.2"}
        assert ran["b"] == {"pypy-3.11.17", "cpython-3.9.18", "cpython-3.15.2"}


def test_the_next_test_of_a_file_takes_the_next_of_the_others() -> None:
    """So that each Python is that of some test; what another file holds changes nothing."""
    tests = [f"{file}::{n}" for file in ("a.py", "b.py") for n in range(4)]
    names = kept(*(case(test, python) for test in tests for python in FOUND))
    for file in ("a.py", "b.py"):
        ran = {name.partition("[")[2][:-1] for name in names if name.startswith(file)}
        assert ran == set(FOUND)


def test_what_none_of_them_can_run_keeps_all_its_cases() -> None:
    """A law about some Pythons only is not lost."""
    some = [case("a.py::one", python) for python in ("cpython-3.9.18", "cpython-3.10.13")]
    assert len(kept(*some)) == 2


def test_each_case_of_a_test_that_has_others_beside_pythons_is_kept() -> None:
    """The Pythons are chosen for each of them."""
    items = [case("a.py::one", id, how=how) for id in FOUND for how in ("early", "late")]
    for how in ("early", "late"):
        assert len([name for name in kept(*items) if how in name]) == 3


def test_a_test_without_a_python_or_that_chooses_itself_is_kept() -> None:
    """No other list of cases is cut by this."""
    items = [case("a.py::one"), case("a.py::two", version="3.9"), case("a.py::three", "made up")]
    chooses = [case("a.py::four", python, scenario="plain") for python in FOUND]
    marked = [case("a.py::five", python, "everywhere") for python in FOUND]
    assert len(kept(*items, *chooses, *marked)) == 3 + 2 * len(FOUND)


def test_a_long_list_is_cut_and_whole_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every so many, beginning with the first."""
    monkeypatch.setattr(part, "WHOLE", False)
    assert part.every(3, range(8)) == range(0, 8, 3)
    monkeypatch.setattr(part, "WHOLE", True)
    assert part.every(3, range(8)) == range(8)


def test_those_that_wait_are_spread_among_the_others() -> None:
    """Whichever tests run at the same time, few of them wait, and none of the last."""
    waiting = [case(f"{part.WAITING[0]}::{n}") for n in range(4)]
    others = [case(f"tests/test_cli.py::{n}") for n in range(20)]
    for items in ([*waiting, *others], [*others, *waiting]):
        dealt = part.dealt(items)
        assert [one for one in dealt if one in others] == others
        places = sorted(dealt.index(one) for one in waiting)
        assert {later - place for place, later in pairwise(places)} <= {5, 6}
        assert dealt[-2:] == others[-2:]


def test_what_shares_a_run_or_a_fixture_is_one_group() -> None:
    """A run is made once, in the worker that has it; other tests are free to go anywhere."""
    probe = "tests/test_probe.py"
    tests = [f"{probe}::one[cpython-2.7.18-plain]", f"{probe}::two[cpython-2.7.18-plain]"]
    assert len(set(map(part.group_of, tests))) == 1
    other = f"{probe}::one[cpython-2.7.18-other]"
    for alone in (
        other,
        f"{probe}::three",
        "tests/test_cli.py::one[x]",
        "tests/test_cli.py::two[x]",
    ):
        assert part.group_of(alone) not in {*map(part.group_of, tests)}
    site, rules = "tests/test_site.py::one[x]", "tests/test_rules.py::two"
    assert part.group_of(site) == part.group_of(rules) != part.group_of("tests/test_drafts.py::one")
    assert part.group_of("tests/test_cli.py::one") == "tests/test_cli.py::one"


@pytest.mark.parametrize("file", sorted({*part.TOGETHER, *part.BY_CASE}))
def test_each_file_of_a_group_is_there(file: str) -> None:
    """One that is renamed would lose its group unnoticed."""
    assert (ROOT / file).is_file()


def dealt_out(folder: Path, name: str, tests: str) -> str:
    """What pytest says of tests that the hook of the project's conftest deals out."""
    (folder / "tests").mkdir()
    (folder / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.support.part import pytest_xdist_make_scheduler\n"
    )
    (folder / "tests" / name).write_text(f"import os, pytest\n{tests}")
    words = ["-n", "2", "--dist", "loadgroup", "-rP", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.stdout + done.stderr


def test_one_worker_runs_a_group(tmp_path: Path) -> None:
    """Of a file whose tests share what takes seconds to make."""
    tests = (
        "@pytest.mark.parametrize('n', range(6))\n"
        "def test(n): print('ran in', os.environ['PYTEST_XDIST_WORKER'])\n"
    )
    parts = dealt_out(tmp_path, "test_site.py", tests)
    assert "6 passed" in parts, parts
    assert len(set(re.findall(r"ran in (\w+)", parts))) == 1


@pytest.mark.parametrize(
    ("file", "dies"), [("test_site.py", 3), ("test_other.py", 0), ("test_other.py", 5)]
)
def test_a_worker_that_dies_fails_one_test(file: str, dies: int, tmp_path: Path) -> None:
    """One of a group, the first, or the last: the others are run, each once."""
    tests = (
        "@pytest.mark.parametrize('n', range(6))\n"
        "def test(n):\n"
        f"    if n == {dies}: os.kill(os.getpid(), 9)\n"
        "    print('ran', n)\n"
    )
    parts = dealt_out(tmp_path, file, tests)
    assert "1 failed, 5 passed" in parts, parts
    assert "crashed while running" in parts
    ran = sorted(map(int, re.findall(r"^ran (\d)$", parts, re.MULTILINE)))
    assert ran == [one for one in range(6) if one != dies]
