"""What `claims` measures: what is missing, and no more."""

from __future__ import annotations

from functools import cache

import pytest
from click import ClickException
from exitmatrix.claims.texts import CLAIMS, CLAIMS_BY_ID
from exitmatrix.cli.claims import claims_named, missing, tell_if_2020_is_missing
from exitmatrix.model import Cell, Record
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support import values

OLD, NEW = values.interpreter("2.7.18"), values.interpreter("3.15.0")
MIDDLE = values.interpreter("3.13.0")  # what some packages are made for
HERE = {one.id: one for one in (OLD, MIDDLE, NEW)}


def record(cell: Cell) -> Record:
    asks = f"{cell.scenario}/{cell.termination}@{cell.target}"
    return replace(values.record(asks, stack=cell.stack), cell=cell.id)


@cache
def every_cell() -> tuple[Cell, ...]:
    """What is missing where nothing is on record."""
    return missing(CLAIMS, HERE, LOADED, {}).cells


def test_all_that_the_claims_rest_on_is_measured() -> None:
    """Each pattern has its cells in the plan, and the plan has no others."""
    cells = every_cell()
    patterns = {pattern for claim in CLAIMS for pattern in claim.rests_on}
    asks = {cell.question for cell in cells}
    assert all(any(one.matches(pattern) for one in asks) for pattern in patterns)
    assert all(any(one.matches(pattern) for pattern in patterns) for one in asks)


def test_what_is_on_record_is_not_measured_again() -> None:
    """With a record for each cell nothing is run; without one of them that one is."""
    cells = every_cell()
    assert not missing(CLAIMS, HERE, LOADED, {"linux": [record(one) for one in cells]}).cells
    most = {"linux": [record(one) for one in cells[1:]]}
    assert missing(CLAIMS, HERE, LOADED, most).cells == cells[:1]


def test_what_judges_is_measured_before_what_is_beside() -> None:
    """A run that is stopped has measured what the verdicts rest on first."""
    judging = {one.cells for claim in CLAIMS for one in claim.judged_by}
    order = [any(cell.question.matches(pattern) for pattern in judging) for cell in every_cell()]
    assert order == sorted(order, reverse=True)


def test_a_claim_is_chosen_by_its_id() -> None:
    """In any spelling; without an id all are, and an unknown one is refused with the nearest."""
    assert claims_named(["b7"]) == (CLAIMS_BY_ID["B7"],)
    assert claims_named([]) == CLAIMS
    with pytest.raises(ClickException, match="B7"):
        claims_named(["B77"])


def test_without_a_python_for_the_stack_of_2020_it_is_said_what_to_install(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line on stderr, unless some machine has measured it before."""
    cell = Cell(
        interpreter=OLD.id,
        stack="flask-1.1",
        scenario="flask",
        termination="SIGINT",
        target="main",
    )
    tell_if_2020_is_missing(HERE, {})
    tell_if_2020_is_missing({NEW.id: NEW}, {"linux": [record(cell)]})
    assert not capsys.readouterr().err
    tell_if_2020_is_missing({NEW.id: NEW}, {})
    (line,) = capsys.readouterr().err.splitlines()
    assert "Flask 1.1, the stack of 2020, needs Python" in line
    assert "install one" in line
