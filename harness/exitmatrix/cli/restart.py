"""Start this command again without the variables that would bend the Python it runs on."""

from __future__ import annotations

import os
import sys

BENDING = frozenset(
    {
        "PYTHONASYNCIODEBUG",
        "PYTHONDEBUG",
        "PYTHONDEVMODE",
        "PYTHONDUMPREFS",
        "PYTHONHOME",
        "PYTHONINSPECT",
        "PYTHONIOENCODING",
        "PYTHONMALLOCSTATS",
        "PYTHONOPTIMIZE",
        "PYTHONPLATLIBDIR",
        "PYTHONPROFILEIMPORTTIME",
        "PYTHONTRACEMALLOC",
        "PYTHONVERBOSE",
        "PYTHONWARNINGS",
    }
)
"""Variables that the caller set for another program, which `run` gives them to.

PYTHONINSPECT waits at a prompt when the command has ended, PYTHONOPTIMIZE=2 leaves no help to
show, others print. Not PYTHONPATH and PYTHONUSERBASE: they may be how this package is found.
"""


def restart_unbent() -> None:
    """Replace this process by the same command in a plain Python; return where it is one.

    The process keeps its id, its descriptors and its dispositions (execve(2)).
    """
    if bent := BENDING & os.environ.keys():
        from exitmatrix.machine.run.aside import put_aside  # noqa: PLC0415 - `--help` needs none of it

        words = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, words, put_aside(os.environ, bent))  # noqa: S606
