"""The console script: what can be interrupted before the command is there."""

from __future__ import annotations

import sys


def entry() -> None:
    """Import the command and call it.

    Ctrl-C while modules are imported ends it as later: with status 130, and no traceback.
    """
    try:
        from exitmatrix.cli.main import call  # noqa: PLC0415 - it takes a third of a second

        call()
    except KeyboardInterrupt:
        sys.exit(130)  # errors.INTERRUPTED, which may not be there yet
