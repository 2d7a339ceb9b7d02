"""The scenarios; files that are none are skipped."""

from __future__ import annotations

from collections.abc import Collection

from exitmatrix.cli.streams import say
from exitmatrix.machine import scenarios as programs
from exitmatrix.model import Scenario


def load_scenarios(wanted: Collection[str] | None = None) -> tuple[dict[str, Scenario], int]:
    """The scenarios by id, and how many files were in error; each is reported on stderr."""
    loaded = programs.load(programs.find_folder(), wanted)
    for error in loaded.errors:
        key = f", {error.key}" if error.key else ""
        say(f"scenario in error: {error.file}{key}: {error.text}")
    return {one.id: one for one in loaded.scenarios}, len(loaded.errors)
