"""CPython's own tests do the same with the probe inside: a short selection of `make fidelity`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from exitmatrix.model import Interpreter

from tests.conftest import FOUND
from tests.fidelity.compare import Results, compare, run_tests
from tests.support.probed import PATIENCE, PROBE

SHORT = ["test._test_atexit", "test.test_atexit", "test.test_fork1", "test.test_unraisablehook"]


def test_what_two_runs_did_otherwise_is_told() -> None:
    """A result that differs, or a test that only one run came to, is a difference."""
    bare = Results({"a": "ok", "b": "ok", "c": "failure"}, events=0)
    observed = Results({"a": "ok", "b": "failure", "d": "ok"}, events=9)
    assert compare(bare, bare) == []
    assert compare(bare, observed) == ["b", "c", "d"]


def test_what_a_run_did_not_come_to_in_its_time_is_no_difference() -> None:
    """If a run was cut off, the results that it printed are compared."""
    bare = Results({"a": "ok", "b": "ok", "c": "ok"}, events=0)
    assert compare(bare, Results({"a": "ok", "b": "failure"}, events=9, cut=True)) == ["b"]


@pytest.fixture(scope="module")
def newest() -> tuple[Interpreter, Results]:
    """The newest interpreter that comes with its tests, and what they do bare."""
    for python in sorted(FOUND.values(), key=lambda one: one.language, reverse=True):
        bare = run_tests(python, SHORT, False, PATIENCE)
        if not bare.missing:
            assert (bare.cut, bare.events) == (False, 0)
            return python, bare
    pytest.skip("no interpreter here comes with its tests")


@pytest.mark.real
def test_a_selection_of_cpythons_tests_does_the_same_with_the_probe(
    newest: tuple[Interpreter, Results],
) -> None:
    """Each test of the modules has the same result with the probe inside as bare."""
    python, bare = newest
    observed = run_tests(python, SHORT, True, PATIENCE)
    assert observed.events > len(SHORT)
    assert compare(bare, observed) == []


@pytest.mark.real
def test_a_probe_that_can_be_noticed_is_a_difference(
    newest: tuple[Interpreter, Results], tmp_path: Path
) -> None:
    """With a probe whose handlers equal nothing, tests of `unregister` fail that pass bare."""
    broken = tmp_path / "probe"
    shutil.copytree(PROBE, broken, ignore=shutil.ignore_patterns("__pycache__"))
    file = broken / "exitmatrix_probe.py"
    text = file.read_text()
    equal = "equal = (not PYPY and self.func is other) or self.func == other"
    assert equal in text
    file.write_text(text.replace(equal, "equal = False"))
    python, bare = newest
    observed = run_tests(python, SHORT, True, PATIENCE, broken)
    assert compare(bare, observed)
