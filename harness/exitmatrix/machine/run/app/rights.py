"""What a program may use that gives up the rights of root before Python starts: gosu, setpriv, su.

It is another user then. It is to read what is put into it, to write to the channel, and to have a
folder for temporary files, as it has without us. So may any other user of the machine, as in /tmp:
what somebody writes to the channel who does not know the run's token is no event, and makes the
run unknown.
"""

from __future__ import annotations

import os
from pathlib import Path

from exitmatrix.machine.run.app.state import AppState

PASSED = 0o711  # its names can be used by who knows them
WRITTEN = 0o1733  # and new ones be made, which only their owner can remove
COMMON = 0o1777  # as /tmp is
TOLD = 0o622  # a FIFO that others may write to


def is_root() -> bool:
    """Whether programs can give up rights here, and become other users."""
    return os.geteuid() == 0


def open_files(folder: Path) -> None:
    """Let others read what is in a folder."""
    folder.chmod(0o755)
    for one in folder.iterdir():
        one.chmod(0o644)


def open_run(state: AppState) -> None:
    """Let others use what a run gives to its program."""
    Path(state.host.folder).chmod(PASSED)
    Path(state.folder).chmod(WRITTEN)
    Path(state.temporary).chmod(COMMON)
    Path(state.channel.path).chmod(TOLD)
