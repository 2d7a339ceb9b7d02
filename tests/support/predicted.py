"""What the laws allow for a program of a header: for tests of predictions."""

from __future__ import annotations

from typing import Any

from exitmatrix.declare.described import program
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.model import Outcome, Process


def outcomes(
    table: dict[str, Any],
    termination: str = "return",
    version: str = "3.13.0",
    target: str = "main",
    **packages: str,
) -> tuple[Outcome, ...]:
    """What is allowed for a program of a header that is ended so."""
    python = profile({"implementation": "cpython", "version": version}, packages)
    return predict(program(table), TERMINATIONS[termination], target, python).outcomes


def row_of(one: Process) -> tuple[Any, ...]:
    how = one.exit and one.exit.get("signal", one.exit.get("code"))
    return (one.role, *(one.fired or ()), *(f"{name}..." for name in one.unfinished or ()), how)


def only(*args: Any, **more: Any) -> list[tuple[Any, ...]]:
    """The processes of the one outcome that is allowed."""
    (outcome,) = outcomes(*args, **more)
    return [row_of(one) for one in outcome.processes]


ABC = ["register A", "register B", "register C"]
