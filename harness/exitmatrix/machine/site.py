"""The folder of a site: what is copied into it, and which folder may be overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from exitmatrix.machine.store.files import CannotWrite, write

MARK = ".exitmatrix-site"
"""Lists the files of a site; a folder without it is nobody's to write over."""


class OtherFolderError(Exception):
    """The folder holds something else."""


def assets() -> dict[str, bytes]:
    """Style, script and icon, by name; they come with the package."""
    folder = files("exitmatrix.report.site") / "assets"
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


def check_folder(folder: Path) -> None:
    """Raise OtherFolderError where writing could hide something."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise OtherFolderError(f"{folder} is neither empty nor a site: name another with --to")


def write_site(folder: Path, made: Iterable[tuple[str, bytes]]) -> int:
    """Write all files and remove those of an earlier site; returns how many there are.

    Raises CannotWrite.
    """
    mark = folder / MARK
    try:
        before = set(mark.read_text().splitlines()) if mark.exists() else set()
        folder.mkdir(parents=True, exist_ok=True)
        now = set()
        for path, content in made:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write(folder / path, content)
            now.add(path)
            if len(now) == 1:  # from the first file on it is ours, whatever comes
                write(mark, "\n".join(sorted(before | now)).encode())
        for path in before - now:
            (folder / path).unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}") from error
    write(mark, "\n".join(sorted(now)).encode())
    return len(now)
