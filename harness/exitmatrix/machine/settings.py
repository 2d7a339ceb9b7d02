"""Find and read what a project says of its own program."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

NAME = "exitmatrix.toml"


class CannotReadSettings(Exception):
    """A file that cannot be read; one line."""


def read_settings(folder: Path) -> tuple[dict[str, Any], str]:
    """The settings of a folder, and the file they are in; ({}, "") where there are none.

    Raises CannotReadSettings.
    """
    if (own := _load(folder / NAME)) is not None:
        return own, NAME
    tool = (_load(folder / "pyproject.toml") or {}).get("tool", {})
    found = tool.get("exitmatrix", {}) if isinstance(tool, dict) else {}
    if isinstance(found, dict) and found:
        return found, "pyproject.toml, tool.exitmatrix"
    return {}, ""


def _load(path: Path) -> dict[str, Any] | None:
    """What a file says; None where there is nothing of that name. Of a pipe nothing is read."""
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise CannotReadSettings(f"{path.name}: it is no file")
        # Editors of Windows begin a file with a byte order mark, which TOML has no place for.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CannotReadSettings(f"{path.name}: {str(error.strerror).lower()}") from error
    except ValueError as error:
        raise CannotReadSettings(f"{path.name}: {error}") from error
