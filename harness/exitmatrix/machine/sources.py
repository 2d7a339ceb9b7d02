"""The texts that a reproducer is made of, as they lie in the package."""

from __future__ import annotations

from pathlib import Path

from exitmatrix.model import Scenario, Sources

_INSIDE = Path(__file__).parents[1] / "inside"


def sources(scenario: Scenario) -> Sources:
    """The scenario's files under the names that they have in a trial, and the endings."""
    program = Path(scenario.path)
    files = {"app.py": program.read_text(encoding="utf-8")}
    if scenario.folder:
        folder = Path(scenario.folder)
        files |= {
            file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file != program and "__pycache__" not in file.parts
        }
    return Sources(
        files=files,
        endings=(_INSIDE / "endings" / "endings.py").read_text(encoding="utf-8"),
        provided={
            file.stem: file.read_text(encoding="utf-8")
            for file in sorted((_INSIDE / "endings").glob("*.py"))
            if file.stem not in ("endings", *scenario.modules)
        },
    )
