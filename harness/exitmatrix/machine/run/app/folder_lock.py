"""Whether another `exitmatrix run` is at work in a folder: each has a lock on it, flock(2)."""

from __future__ import annotations

import contextlib
import fcntl
import os


class FolderLock:
    """A lock that all may share, and that nobody can have alone while another has it too."""

    def __init__(self, folder: str) -> None:
        self._fd: int | None = None
        with contextlib.suppress(OSError):  # a folder that cannot be read, or without such locks
            self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._fd, fcntl.LOCK_SH)

    def is_shared(self) -> bool:
        """Whether another is at work there now."""
        if self._fd is None:
            return False
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            with contextlib.suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_SH)
        return False

    def leave(self) -> None:
        """Give the lock back."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
