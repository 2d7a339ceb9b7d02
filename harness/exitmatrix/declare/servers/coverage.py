"""coverage: a program that it runs, and a child that multiprocessing spawns.

`patch = subprocess` (coverage/patch.py, `_patch_subprocess`) puts the configuration into the
environment; the file a1_coverage.pth has each Python that finds it there start coverage, which
saves in an atexit handler.
"""

from __future__ import annotations

from exitmatrix.model.server import Reaction, Server, Stop

SUBPROCESS = Server(
    id="coverage-subprocess",
    package="coverage",
    workers=1,
    imports=("master", "worker"),
    listens=False,
    gives_up=Stop(source="CPython Lib/multiprocessing/process.py, join: its child is gone"),
    orphan=Reaction(
        how="finalizes",
        source="CPython Lib/multiprocessing/spawn.py, spawn_main: sys.exit when its work is done",
    ),
    helpers=("multiprocessing.resource_tracker",),
    source="coverage 7.17.4, patch.py, `_patch_subprocess`; control.py, `process_startup`",
)

SERVERS = (SUBPROCESS,)
