"""Builds exitmatrix.pyz: the package and all that it needs but uv, for every Python that is named.

    python -m pyz.build [--output FILE] [3.11 3.12 ...]

`exitmatrix run` makes no environment, so uv, which is large, is left out. Wheels are those that
requirements/runtime.txt pins, by hash.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = ROOT / "requirements" / "runtime.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LEFT_OUT = ("uv",)
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
DATE = (1980, 1, 1, 0, 0, 0)  # equal contents give equal bytes
RECORDS = "exitmatrix/_reports/"


def pins() -> str:
    """The pins of what goes in."""
    entries = re.split(r"(?m)^(?=\S)", PINS.read_text(encoding="utf-8"))
    return "".join(one for one in entries if not one.startswith(tuple(f"{n}==" for n in LEFT_OUT)))


def wheels_of(python: str, folder: Path) -> list[Path]:
    """Download the wheels for one Python."""
    wanted = folder / "pins.txt"
    wanted.write_text(pins(), encoding="utf-8")
    place = folder / python
    platforms = [word for one in PLATFORMS for word in ("--platform", one)]
    subprocess.run(
        [
            *(*PIP, "download", "--quiet", "--no-deps", "--only-binary=:all:"),
            *("--require-hashes", "--python-version", python, "--implementation", "cp"),
            *(*platforms, "--dest", str(place), "--requirement", str(wanted)),
        ],
        check=True,
    )
    return sorted(place.glob("*.whl"))


def own_wheel(folder: Path) -> Path:
    """Build the wheel of the package itself, without an index."""
    subprocess.run(
        [
            *(*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
            *("--wheel-dir", str(folder), str(ROOT)),
        ],
        check=True,
    )
    (wheel,) = folder.glob("exitmatrix-*.whl")
    return wheel


def files_of(wheel: Path, part: str) -> Iterator[tuple[str, bytes]]:
    """What a wheel holds, by its place in the archive; records of the matrix stay out."""
    with zipfile.ZipFile(wheel) as opened:
        for name in opened.namelist():
            if not name.endswith("/") and not name.startswith(RECORDS):
                yield f"{part}/{name}", opened.read(name)


def contents(pythons: list[str]) -> dict[str, bytes]:
    """All files of the archive but its digest."""
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files.update(files_of(own_wheel(folder), "common"))
        for python in pythons:
            own = f"cp{python.replace('.', '')}"
            files[f"{own}/"] = b""
            for wheel in wheels_of(python, folder):
                pure = wheel.name.endswith("-none-any.whl")
                files.update(files_of(wheel, "common" if pure else own))
    return files


ENTRY = Path(__file__).parent / "entry.py"


def write(files: dict[str, bytes], output: Path) -> None:
    """Write the archive with its entry point, in a stable order; it can be started by its name."""
    files = files | {"__main__.py": ENTRY.read_bytes()}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    with output.open("wb") as out:
        out.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name, DATE), files[name], zipfile.ZIP_DEFLATED)
            told = digest.hexdigest()[:16].encode()
            archive.writestr(zipfile.ZipInfo("DIGEST", DATE), told)
    output.chmod(0o755)


def main() -> None:
    """Build the archive that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "exitmatrix.pyz")
    parser.add_argument("pythons", nargs="*", default=list(PYTHONS))
    told = parser.parse_args()
    write(contents(told.pythons), told.output)
    print(told.output)


if __name__ == "__main__":
    main()
