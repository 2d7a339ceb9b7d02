"""What a run of a program without the probe left behind."""

from __future__ import annotations

from exitmatrix.model.base import Frozen


class BareRun(Frozen, kw_only=True):
    """One run, as it was seen from outside. An end is "code 3" or "signal SIGTERM"."""

    status: str  # the end of the process that was started
    events: tuple[str, ...]  # lines that came in on the descriptor that the program tells on
    stdout: str
    unseen: str = ""  # why it shows nothing: it was not started, or was ended
    orphans: tuple[tuple[int, str], ...] = ()  # pids and ends of those no parent waited for
