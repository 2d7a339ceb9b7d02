"""Every cell behaves as it did when its record was made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from exitmatrix.judge.reasons import why_changed
from exitmatrix.model import Cell
from exitmatrix.model.change import Change
from exitmatrix.plan.schedule import Result
from exitmatrix.report.pages.changes import ExplainedChange, side_by_side

from tests.conftest import LOADED

pytestmark = pytest.mark.real


def test_cell(cell: Cell, again: Callable[[Cell], tuple[Result, Change | None]]) -> None:
    """It shows nothing that its record does not hold."""
    result, change = again(cell)
    if change:
        explained = ExplainedChange(change=change, why=why_changed(change, LOADED))
        pytest.fail("\n".join(side_by_side(explained)), pytrace=False)
    if result.unknown:
        # What could not be seen is no agreement.
        pytest.fail(f"{cell.id} could not be seen: {'; '.join(result.unknown)}", pytrace=False)
