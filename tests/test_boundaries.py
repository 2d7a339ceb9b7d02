"""What was learnt from generated programs: boundaries, and witnesses against damaged laws."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from exitmatrix.cli.batch_results import write_page
from exitmatrix.cli.boundaries_page import all_damages
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.damage import Damage, notices, removed_laws, still_notices
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.profile import profile
from exitmatrix.judge.programs import compare_run, responsible
from exitmatrix.judge.verdict import program_of
from exitmatrix.machine.store.programs import read_batches, read_boundaries, read_witnesses
from exitmatrix.model.execution import Execution, Exit, Seen
from exitmatrix.model.language import Code, Raise, SubmitTask
from exitmatrix.observe.stderr import stderr_lines

from tests.conftest import FOUND
from tests.support.committed import records, scenarios
from tests.support.probed import scenario_run

REPORTS = Path(__file__).parent.parent / "reports"
BATCHES = read_batches(REPORTS)
BOUNDARIES = read_boundaries(REPORTS)
WITNESSES = {one.damage: one for one in read_witnesses(REPORTS)}
PROFILES = {id: profile(about) for one in BATCHES for id, about in one.pythons.items()}
NOTHING = Seen(processes=(Execution((), (), Exit()),))


def test_a_reason_is_what_makes_the_difference() -> None:
    """Much differs between 3.7 and 3.8; here it is how an uncaught KeyboardInterrupt ends."""
    code = Code(body=(Raise("KeyboardInterrupt"),))
    older, newer = PROFILES["cpython-3.7.16"], PROFILES["cpython-3.8.18"]
    assert [one.name for one in responsible(code, older, newer)] == ["interrupted_end"]
    assert responsible(Code(body=()), older, newer) == ()


def test_no_program_on_the_page_is_mispredicted() -> None:
    """The page says of each batch how much was run; nothing of it contradicts the laws."""
    assert BATCHES
    assert sum(one.mispredicted for one in BATCHES) == 0


@pytest.mark.parametrize("place", range(len(BOUNDARIES)))
def test_both_sides_of_a_boundary_are_predicted(place: int) -> None:
    """What is committed is what the laws foresee, on the one Python and on the other."""
    one = BOUNDARIES[place]
    assert one.shows[0] != one.shows[1]
    for id, seen in zip((one.left, one.right), one.shows, strict=True):
        assert compare_run(one.program, PROFILES[id], seen).word == "match"


DAMAGES = all_damages(REPORTS)
CELLS = {one.cell: one for one in records()}
ENOUGH = 1000
"""Runs: what never came in them has a probability below 0.3 % (at 95 %)."""


def is_noticed(damage: Damage) -> bool:
    """By the program or the cell that is committed for it."""
    one = WITNESSES[damage.name]
    record = CELLS.get(one.cell)
    cell = (record, scenarios()[record.scenario]) if record else None
    often = one.runs >= ENOUGH or not one.never or bool(one.cell)
    return often and still_notices(one, damage, PROFILES[one.python], cell)


def test_no_law_is_damaged_unnoticed() -> None:
    """Without a law, or with a boundary moved by one, what was seen is not foreseen.

    Or something more is foreseen, which was not seen in many runs.
    """
    assert not [one.name for one in DAMAGES if not is_noticed(one)]


def test_a_witness_does_not_notice_what_is_no_damage() -> None:
    """Of each kind one: the laws as they are contradict neither a program nor a cell."""
    nothing = Damage(name="nothing", law="no such law")
    kinds = {(bool(one.cell), one.never): one for one in WITNESSES.values()}
    assert len(kinds) == 3
    for one in kinds.values():
        record = CELLS.get(one.cell)
        cell = (record, scenarios()[record.scenario]) if record else None
        assert not still_notices(one, nothing, PROFILES[one.python], cell)


def test_what_is_withheld_notices_a_wrong_answer_only() -> None:
    """A damage that gives an answer where the laws withhold theirs may give the right one."""
    id = "pypy-3.9.16-7.3.11"
    code = Code(body=(SubmitTask((), "spawn"),))
    breaks = Seen(processes=(Execution((), (), Exit(status=1)),))
    works = Seen(processes=(Execution((), (), Exit()), Execution((0,), (), Exit())))
    damage = Damage(name="", python=id, parameter="spawns_executors", value=True)
    assert compare_run(code, PROFILES[id], breaks).word == "withheld"
    assert notices(code, PROFILES[id], breaks, damage)
    assert not notices(code, PROFILES[id], works, damage)


def test_boundaries_have_reasons() -> None:
    """Of ten, nine at least are told apart by a parameter of the laws."""
    parameters = [
        responsible(one.program, PROFILES[one.left], PROFILES[one.right]) for one in BOUNDARIES
    ]
    assert sum(map(bool, parameters)) >= 0.9 * len(parameters)


def test_nothing_else_has_a_witness() -> None:
    """What is committed is about the laws of today."""
    assert set(WITNESSES) == {one.name for one in DAMAGES}


def test_a_damage_is_no_damage_where_it_changes_nothing() -> None:
    """Only the laws that a program uses are missed by it."""
    code = Code(body=())
    profile_here = PROFILES["cpython-3.13.0"]
    used = compare_run(code, profile_here, NOTHING)
    assert used.word == "match"
    missed = {
        damage.law for damage in removed_laws() if notices(code, profile_here, NOTHING, damage)
    }
    assert missed == set(used.rules)
    assert len(missed) < len(LAWS) / 4


def test_the_page_is_derived_from_what_is_committed(tmp_path: Path) -> None:
    """Nothing on it was written by hand."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for file in (REPORTS / "programs").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (tmp_path / "observations").symlink_to(REPORTS / "observations")
    write_page(tmp_path)
    assert (tmp_path / "boundaries.md").read_bytes() == (REPORTS / "boundaries.md").read_bytes()


@pytest.mark.real
def test_a_pypy_fails_at_once() -> None:
    """What no cell on record shows: there are none of PyPy 3.7."""
    python = FOUND.get("pypy-3.7.10-7.3.5")
    if python is None:
        pytest.skip("no PyPy 3.7 on this machine")
    one = scenarios()["plain-handlers-raise"]
    about = profile(msgspec.to_builtins(python))
    prediction = predict(program_of(one), TERMINATIONS["return"], "main", about)
    [outcome] = prediction.outcomes
    done = scenario_run(python, one, probed=False)
    assert "last-is-raised-again" in prediction.rules
    assert outcome.printed == stderr_lines(done.stderr.decode())
    assert outcome.processes[0].exit == {"code": done.exit}
