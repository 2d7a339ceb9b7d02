"""What the words of a user name for an interpreter: releases, wheels, projects in folders."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace
from packaging.requirements import Requirement

from exitmatrix.declare.requirements import BadRequirement, Replacement, is_place, replacement
from exitmatrix.declare.stacks import PINS
from exitmatrix.machine.environments.installer import CommandFailedError, Tools
from exitmatrix.model import Interpreter

_PROJECT = ("pyproject.toml", "setup.py")
_NOT_PACKED = ("__pycache__", "build", "dist")  # beside folders that are hidden


def tools_at(cache: Path) -> Tools:
    """The installer, with what it keeps in a cache."""
    return Tools(Path(os.path.realpath(cache)), PINS)


def absolute(word: str) -> str:
    """A word as it can be told to an installer that works in another folder.

    Raises BadRequirement where it is a place at which nothing is that could be installed.
    """
    if not is_place(word):
        return replacement(word).word
    place = Path(word).resolve()
    if not place.exists():
        near = difflib.get_close_matches(place.name, _beside(place), n=1)
        hint = f"; nearest: {Path(word).parent / near[0]}" if near else ""
        raise BadRequirement(f"there is no {word}{hint}")
    if place.is_dir() and not any((place / one).is_file() for one in _PROJECT):
        raise BadRequirement(f"{word} is no project: it has no {' and no '.join(_PROJECT)}")
    return os.fspath(place)


def _beside(place: Path) -> list[str]:
    return [one.name for one in place.parent.iterdir()] if place.parent.is_dir() else []


def exact(tools: Tools, words: Sequence[str], interpreter: Interpreter) -> tuple[Replacement, ...]:
    """The releases that absolute words name for an interpreter, and the projects that they are.

    Raises BadRequirement for what the index has not, UnreachableError where it is not reached.
    """
    found: list[Replacement] = []
    for word in words:
        try:
            # A path may hold what a line of requirements cannot; its address holds none of that.
            answer = tools.exactly([Path(word).as_uri() if is_place(word) else word], interpreter)
        except CommandFailedError as error:
            reason = re.sub(r"^Because (.+?) and you require .*", r"\1", str(error))
            raise BadRequirement(f"{word}: {reason}") from error
        # A folder is named as such: uv builds one each time that is named on its own.
        named = {"word": word} if is_place(word) else {}
        found += [replace(replacement(line), **named) for line in answer]
    return tuple(found)


def newest_releases(
    tools: Tools, words: Sequence[str], interpreter: Interpreter, *, pre: bool = False
) -> tuple[str, ...]:
    """The newest releases of all that words name which go together. Raises FailedError."""
    options = ("--prerelease", "allow") if pre else ()
    return tools.exactly(words, interpreter, *options, together=True)


def marks(requirement: str) -> bytes:
    """What tells the content of a local file or project apart; nothing of a release.

    As for environments: the size of each file and when it was changed.
    """
    place = Path(requirement) if is_place(requirement) else _local(requirement)
    if place is None:
        return b""
    files = sorted(_files(place)) if place.is_dir() else [place]
    found = [(one, one.stat()) for one in files]
    return b"".join(
        b"%s\0%d\0%d\0" % (os.fsencode(one), status.st_size, status.st_mtime_ns)
        for one, status in found
    )


def _local(requirement: str) -> Path | None:
    address = urlsplit(Requirement(requirement).url or "")
    return Path(unquote(address.path)) if address.scheme == "file" else None


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_symlink() or entry.name.startswith(".") or entry.name in _NOT_PACKED:
            continue
        if entry.is_dir():
            if not entry.name.endswith(".egg-info"):
                yield from _files(entry)
        elif entry.is_file():
            yield entry
