"""How much processor time and memory the harness itself uses."""

from __future__ import annotations

import os
import resource

from exitmatrix.model import Frozen


class Used(Frozen, kw_only=True):
    """Processor time in seconds, and the most memory that was held, in kilobytes."""

    seconds: float
    peak_kilobytes: int


def cores() -> int:
    """How many cores there are."""
    return os.cpu_count() or 1


def used() -> Used:
    """What this process has used so far, without its children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return Used(seconds=own.ru_utime + own.ru_stime, peak_kilobytes=own.ru_maxrss)
