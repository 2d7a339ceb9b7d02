"""The folder that environments and raw trials are kept in: where it is, and whether it is safe."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

PARTS = ("environments", "bundles", "uv", "trials", "runs")


class UnusableCacheError(Exception):
    """The cache cannot be used. The text says why, and what to do."""


def default_cache() -> Path:
    """Say where environments are kept: $EXITMATRIX_CACHE, or the user's cache folder."""
    if own := os.environ.get("EXITMATRIX_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "exitmatrix"


def check_cache(cache: Path) -> None:
    """Raise UnusableCacheError for a cache that others may write to, or no program can use.

    What lies in it is run: whoever can write there runs programs as this user. A group may:
    where each user has a group of their own, folders are made so.
    """
    if os.pathsep in str(cache):
        raise UnusableCacheError(
            f"the cache {cache} has a {os.pathsep!r} in its path, which PYTHONPATH cannot hold:"
            " name another folder with EXITMATRIX_CACHE"
        )
    reachable = True
    for folder in (cache, *(cache / part for part in PARTS)):
        try:
            status = folder.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnusableCacheError(
                f"the cache {folder} cannot be used: {error.strerror}"
            ) from error
        if not stat.S_ISDIR(status.st_mode):
            raise UnusableCacheError(f"the cache {folder} is no folder")
        if status.st_uid != os.geteuid():
            raise UnusableCacheError(
                f"the cache {folder} belongs to another user ({_name(status.st_uid)}), and what"
                " lies in it would be run: name another folder with EXITMATRIX_CACHE"
            )
        if folder == cache and not status.st_mode & stat.S_IXOTH:
            reachable = False
        if reachable and status.st_mode & stat.S_IWOTH:
            raise UnusableCacheError(
                f"everybody may write to the cache {folder}, and what lies in it is run:"
                f" `chmod o-w {folder}`, or name another folder with EXITMATRIX_CACHE"
            )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
