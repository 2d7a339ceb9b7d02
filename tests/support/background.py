"""A background job: what a shell without job control, and nohup, do to what they start."""

from __future__ import annotations

import signal
import sys

INHERITED = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
_PROGRAM = f"""
import os, signal, sys
for number in {[int(one) for one in INHERITED]}:
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.execv(sys.argv[1], sys.argv[1:])
"""


def background(*words: object) -> list[str]:
    """The command as such a job, with a blocked signal besides."""
    return [sys.executable, "-c", _PROGRAM, *map(str, words)]
