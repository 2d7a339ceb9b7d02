"""Ways to start Python with a program: one table. Frozen data."""

from __future__ import annotations

from exitmatrix.model import Start

TEXT = "{text}"
FILE = "app.py"

# What -S leaves out, and -E and -I do not look at: the program does it in their stead, so that
# its imports and the harness's are found. The flags are what they are all the same.
OPENING = """\
import os, sys
sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize
except ImportError:
    pass
"""

STARTS: tuple[Start, ...] = (
    Start(id="c", does="python -c TEXT", words=("-c", TEXT)),
    Start(id="m", does="python -m MODULE", words=("-m", "app")),
    # Python 2 sets the program's globals to None when run_path returns: handlers run and fail.
    Start(
        id="runpy",
        does="runpy.run_path, called by another program",
        words=("-c", f"import runpy; runpy.run_path({FILE!r}, run_name='__main__')"),
        requires=">=3",
    ),
    Start(id="stdin", does="python < FILE", words=(), reads=True),
    Start(id="interactive", does="python -i < FILE: at a prompt", words=("-i",), reads=True),
    Start(id="i", does="python -i FILE: a prompt follows", words=("-i", FILE)),
    Start(id="s", does="python -S FILE: without site", words=("-S", FILE), opening=OPENING),
    Start(
        id="e",
        does="python -E FILE: without the environment's variables",
        words=("-E", FILE),
        opening=OPENING,
    ),
    Start(
        id="isolated",
        does="python -I FILE: isolated",
        words=("-I", FILE),
        opening=OPENING,
        requires=">=3.4",
    ),
)

STARTS_BY_ID = {one.id: one for one in STARTS}
