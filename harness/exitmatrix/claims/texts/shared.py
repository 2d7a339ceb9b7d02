"""What several texts ask."""

from __future__ import annotations

from exitmatrix.claims.claim import every
from exitmatrix.claims.conditions import all_of, dies_of, ran_none

DEFAULT_SIGNALS = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGALRM", "SIGKILL")
"""Python handles none of these: signal, "Python installs a small number of handlers by default"."""

NOT_FOR_SIGNALS = tuple(
    every(f"plain/{name}@main", all_of(ran_none(), dies_of(name))) for name in DEFAULT_SIGNALS
)

NOT_FOR_FATAL_ERRORS = every("plain/fatal-error@main", all_of(ran_none(), dies_of("SIGABRT")))

NOT_FOR_OS_EXIT = every("plain/os-exit-*@main", ran_none())
