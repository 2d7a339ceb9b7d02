"""What the rules foresee for a program of the small language. Pure."""

from __future__ import annotations

from exitmatrix.judge.context import Context
from exitmatrix.judge.predict import NotPredicted
from exitmatrix.model.execution import Foreseen
from exitmatrix.model.language import Code


def predict_program(code: Code, python: Context) -> Foreseen:
    """All that a bare run of a program may show on a Python. Raises NotPredicted."""
    del code, python
    raise NotPredicted("no program of the small language is predicted yet")
