"""Signal dispositions: which can be set, and which an ancestor of observed programs has."""

from __future__ import annotations

import signal

# SIGKILL and SIGSTOP cannot be set, 32 and 33 belong to the C library (nptl(7)).
RESETTABLE = sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, 32, 33})

IGNORED = sorted(set(RESETTABLE) - {signal.SIGCHLD, signal.SIGCONT})
"""What guardian and engine ignore: an observed program may send its ancestors any signal."""


def reset() -> None:
    """Give this process the dispositions and the mask of one that a terminal started.

    Ignored signals and the mask are inherited: SIGINT and SIGQUIT are ignored in a
    background job of a shell without job control (POSIX, Shell Command Language, 2.9.3),
    SIGHUP under nohup. SIGPIPE and SIGXFSZ stay as Python sets them.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for signum in set(RESETTABLE) - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(signum) == signal.SIG_IGN:
            default = signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
            signal.signal(signum, default)


def ignore_all() -> None:
    """Ignore every signal that can be ignored, but for those by which children are seen."""
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
