"""A copy of a Python whose library was patched, and which says of itself what the original says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PATCH = """
import atexit, os, sys
atexit.register(lambda: sys.argv[0].endswith("app.py") and os._exit(42))
"""
"""Programs of a scenario end with 42. Told to `encodings`: it is imported first, and not frozen."""


def patched(python: str, folder: Path) -> str:
    """Make the copy in a folder, and give the path of its binary."""
    ask = "import os; print(os.path.dirname(os.__file__))"
    done = subprocess.run(
        [python, "-E", "-S", "-c", ask], capture_output=True, text=True, check=True
    )
    library = Path(done.stdout.strip())
    own = folder / "lib" / library.name
    own.mkdir(parents=True)
    (own / "site-packages").mkdir()
    (folder / "bin").mkdir()
    binary = folder / "bin" / "python"
    shutil.copy2(os.path.realpath(python), binary)
    left = {"encodings", "site-packages", "dist-packages", "__pycache__"}
    for entry in library.iterdir():
        if entry.name not in left:
            (own / entry.name).symlink_to(entry)
    shutil.copytree(library / "encodings", own / "encodings")
    with (own / "encodings" / "__init__.py").open("a") as file:
        file.write(PATCH)
    return str(binary)
