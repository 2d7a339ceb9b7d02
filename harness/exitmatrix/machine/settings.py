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
    own, project = folder / NAME, folder / "pyproject.toml"
    if own.is_file():
        return _load(own), NAME
    if project.is_file():
        tool = _load(project).get("tool", {})
        found = tool.get("exitmatrix", {}) if isinstance(tool, dict) else {}
        if isinstance(found, dict) and found:
            return found, "pyproject.toml, tool.exitmatrix"
    return {}, ""


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotReadSettings(f"{path.name}: {error}") from error
