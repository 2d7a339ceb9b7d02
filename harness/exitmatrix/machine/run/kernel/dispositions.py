"""Signal dispositions: which can be set, and which an ancestor of observed programs has."""

from __future__ import annotations

import signal

# SIGKILL and SIGSTOP cannot be set, 32 and 33 belong to the C library (nptl(7)).
RESETTABLE = sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, 32, 33})

IGNORED = sorted(set(RESETTABLE) - {signal.SIGCHLD, signal.SIGCONT})
"""What guardian and engine ignore: an observed program may send its ancestors any signal."""


def ignore_all() -> None:
    """Ignore every signal that can be ignored, but for those by which children are seen."""
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
