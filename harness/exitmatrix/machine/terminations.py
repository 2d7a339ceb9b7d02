"""Which terminations can be had on this machine."""

from __future__ import annotations

from exitmatrix.declare.terminations import CATALOGUE
from exitmatrix.machine.run.kernel import control_group


def missing() -> dict[str, str]:
    """Why a termination cannot be had here, by its id."""
    reason = control_group.missing()
    return {one.id: reason for one in CATALOGUE if one.group and reason}
