"""One combination that can be measured, and one that is not."""

from __future__ import annotations

from exitmatrix.model.base import Frozen


class Cell(Frozen, kw_only=True):
    """One combination that can be measured."""

    interpreter: str
    stack: str
    scenario: str
    termination: str
    target: str
    launcher: str = "direct"

    @property
    def id(self) -> str:
        """INTERPRETER/STACK/SCENARIO/[LAUNCHER/]TERMINATION@TARGET."""
        launcher = "" if self.launcher == "direct" else f"{self.launcher}/"
        return (
            f"{self.interpreter}/{self.stack}/{self.scenario}/"
            f"{launcher}{self.termination}@{self.target}"
        )

    @property
    def question(self) -> tuple[str, str, str, str]:
        """What is asked, whatever the interpreter and the stack: races are judged by it."""
        return self.scenario, self.launcher, self.termination, self.target


class Skipped(Frozen, kw_only=True):
    """A combination that is not measured, and why."""

    interpreter: str  # "*": whatever the interpreter
    stack: str
    scenario: str
    termination: str
    target: str
    reason: str
