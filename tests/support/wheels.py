"""Wheels made by hand, and a folder of them that an installer takes for its index."""

from __future__ import annotations

import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, version: str, files: dict[str, str], needs: str = "") -> Path:
    """A wheel that holds these files, for every Python; `needs` is another package."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    held = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{one},,\n" for one in (*held, f"{info}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for one, text in {**held, f"{info}/RECORD": record}.items():
            archive.writestr(one, text)
    return path


def on_sigterm(status: int) -> dict[str, str]:
    """Files of a package that ends a program with a status on SIGTERM, before its handlers."""
    module = "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: os._exit(%d))\n"
    return {"bent.py": module % status, "bent.pth": "import bent\n"}


def index(folder: Path) -> dict[str, str]:
    """The variables with which the installer knows these wheels and no others."""
    return {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder)}
