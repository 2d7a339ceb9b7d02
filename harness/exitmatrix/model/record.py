"""An observation as it is stored."""

from __future__ import annotations

from typing import Any

from exitmatrix.model.base import Frozen
from exitmatrix.model.cell import CellId, Question
from exitmatrix.model.outcome import Outcome


class Record(Frozen, kw_only=True):
    """An observation as it is stored: one line of reports/observations."""

    format: int
    cell: str
    interpreter: dict[str, Any]
    packages: dict[str, str]
    stack: str
    scenario: str
    launcher: str
    termination: str
    target: str
    platform: dict[str, str]
    since: str
    outcomes: tuple[Outcome, ...]
    unknown: tuple[str, ...] = ()  # reasons of trials that showed too little

    @property
    def interpreter_id(self) -> str:
        """Of the interpreter that was measured: cpython-3.13.0."""
        return CellId.interpreter_of(self.cell)

    @property
    def question(self) -> Question:
        """What was asked, whatever the interpreter and the stack."""
        return Question(self.scenario, self.launcher, self.termination, self.target)
