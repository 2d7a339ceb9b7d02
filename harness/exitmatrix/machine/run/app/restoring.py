"""What a run leaves in a user's folders is put aside for the next, and is there again at the end.

A lock file that a killed program left makes the next one refuse to start, and one that
another removes makes its handler fail: neither says anything of the program's own clean-up.
Nothing is deleted but for what a later run has made anew. Who is killed meanwhile leaves it in a
folder whose name begins with `.exitmatrix-`, beside the others of temporary files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from exitmatrix.machine.run.kernel import shared_memory

PREFIX = ".exitmatrix-"


class PutAside:
    """Files and folders that lie elsewhere until all runs are over."""

    def __init__(self) -> None:
        self._moved: list[tuple[str, str]] = []
        self._places: dict[str, str] = {}  # by the folder that something came from

    def take(self, names: Iterable[str]) -> None:
        """Move what is there; what cannot be moved stays, as it would without us."""
        for path in sorted(one for one in names if _is_a_file_of_the_users(one)):
            with contextlib.suppress(OSError):
                place = f"{self._place(path)}/{len(self._moved)}-{os.path.basename(path)}"  # noqa: PTH119
                os.rename(path, place)  # noqa: PTH104
                self._moved.append((path, place))

    def give_back(self) -> None:
        """Move back what is not there anew, the newest of each name."""
        for path, place in reversed(self._moved):
            if not os.path.lexists(path):
                with contextlib.suppress(OSError):
                    os.rename(place, path)  # noqa: PTH104
            elif os.path.isdir(place) and not os.path.islink(place):  # noqa: PTH112, PTH114
                shutil.rmtree(place, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(place)  # noqa: PTH108
        for place in self._places.values():
            with contextlib.suppress(OSError):
                os.rmdir(place)  # noqa: PTH106

    def _place(self, path: str) -> str:
        """A folder of ours on the same device: rename(2) does not go from one to another."""
        folder = os.path.dirname(path)  # noqa: PTH120
        if folder not in self._places:
            device = os.stat(folder).st_dev  # noqa: PTH116
            near = (tempfile.gettempdir(), str(Path(folder).parent), folder)
            fit = (one for one in near if os.stat(one).st_dev == device and os.access(one, os.W_OK))  # noqa: PTH116
            self._places[folder] = tempfile.mkdtemp(prefix=PREFIX, dir=next(fit, folder))
        return self._places[folder]


def _is_a_file_of_the_users(name: str) -> bool:
    """A path outside of the run's own folder and of shared memory, which the run removes itself."""
    return name.startswith("/") and not name.startswith(f"{shared_memory.FOLDER}/")
