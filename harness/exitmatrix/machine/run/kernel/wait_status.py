"""Wait statuses in words: wait(2)."""

from __future__ import annotations

import os
import signal

SIGNALLED = 128  # as in a shell: an exit status of this and the number of the signal


def describe_status(status: int) -> str:
    """A wait status as text: "code 3" or "signal SIGTERM" (wait(2))."""
    if os.WIFSIGNALED(status):
        return f"signal {signal_name(os.WTERMSIG(status))}"
    return f"code {os.WEXITSTATUS(status)}"


def signal_name(number: int) -> str:
    """SIGTERM for 15; SIGRTMIN+3 and the like by number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
