"""What of the kernel the harness makes use of, and what it does without.

Each facility may be missing. `EXITMATRIX_WITHOUT`, names joined by commas,
switches off what is there, so that the other path can be tested on any machine.

    name            without it
    pidfd           psutil watches: ends are seen by asking again, pids by their time of start
    exit-info       the status of what somebody else reaped is unknown, unless it was a zombie
    children        descendants are found by looking at every process (CONFIG_PROC_CHILDREN)
    subreaper       orphans go to init; they are found by their mark, their status is unknown
    mark            orphans are told apart by session and by environment, both of which a
                    program can change: one that changed both is found when the run ends
    spawn-options   `subprocess` starts programs, from an engine with default dispositions
    control-groups  nothing is ended by the limit of one
    sock-diag       sockets are read from /proc/PID/net, which takes longer

Of PID namespaces nothing makes use: a sandbox without them lacks nothing.
"""

from __future__ import annotations

import os
import sys

VARIABLE = "EXITMATRIX_WITHOUT"
FACILITIES = frozenset(
    {
        *("pidfd", "exit-info", "children", "subreaper", "mark", "spawn-options"),
        *("control-groups", "sock-diag"),
    }
)

_WITHOUT = frozenset(os.environ.get(VARIABLE, "").replace(",", " ").split())


def have(name: str) -> bool:
    """Whether a facility may be used: that it is there is for its user to find out."""
    return name not in _WITHOUT


def have_pidfds() -> bool:
    """Whether processes can be held by a descriptor: Linux 5.4, and no sandbox against it."""
    if not have("pidfd"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def refusal() -> str | None:
    """Why no trial can be run here; None where they can."""
    unknown = sorted(_WITHOUT - FACILITIES)
    if unknown:
        known = ", ".join(sorted(FACILITIES))
        return f"{VARIABLE} names {', '.join(unknown)}: the facilities are {known}"
    if sys.platform != "linux":
        return (
            "trials are run on Linux alone: they need /proc, epoll and a subreaper; "
            "here only what was measured can be read"
        )
    try:
        itself = os.readlink("/proc/self")  # noqa: PTH115
    except OSError:
        return "trials need /proc, and none is mounted here: mount -t proc proc /proc"
    if itself != str(os.getpid()):
        return (
            "trials need the /proc of their own PID namespace, and the one here is of another: "
            "mount -t proc proc /proc (or unshare --mount-proc)"
        )
    return None
