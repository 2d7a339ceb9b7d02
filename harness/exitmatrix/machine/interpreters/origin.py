"""From a virtual environment to the Python that it was made from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from exitmatrix.machine.interpreters.places import exists


def _environment_file(path: str) -> Path | None:
    """The file that makes a binary that of a virtual environment; None for a real Python."""
    folder = Path(path).parent
    for configuration in (folder.parent / "pyvenv.cfg", folder / "pyvenv.cfg"):
        if os.access(configuration, os.R_OK):
            return configuration
    # virtualenv before version 20 wrote the home of the Python that it copied into this file.
    return next(iter(folder.parent.glob("lib*/*/orig-prefix.txt")), None)


def _bases(configuration: Path, binary: str) -> Iterator[str]:
    text = configuration.read_text(encoding="utf-8", errors="surrogateescape")
    if configuration.name == "orig-prefix.txt":
        yield str(Path(text.strip()) / "bin" / binary)
        return
    pairs = (line.partition("=") for line in text.splitlines())
    keys = {key.strip().lower(): value.strip() for key, _, value in pairs}
    # `executable` is written by venv since 3.11, `base-executable` by virtualenv since 20.
    yield from (keys[key] for key in ("base-executable", "executable") if keys.get(key))
    if home := keys.get("home"):
        yield from (str(Path(home) / name) for name in (binary, "python3", "python"))


def base_interpreter(path: str) -> str | None:
    """Give the interpreter that a virtual environment's binary is made from.

    `path` itself where it is none; None where the base is gone.
    """
    for _ in range(4):
        if not (configuration := _environment_file(path)):
            return path
        real = os.path.realpath(path)
        if _environment_file(real) is None:
            path = real
            continue
        bases = _bases(configuration, Path(path).name)
        following = next((base for base in bases if base != path and exists(base)), None)
        if following is None:
            return None
        path = following
    return None
