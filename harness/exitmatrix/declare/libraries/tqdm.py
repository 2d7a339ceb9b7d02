"""tqdm: a progress bar, a thread that looks after it, and a lock of multiprocessing.

The thread is a daemon, and is asked to end by a handler of atexit (tqdm/_monitor.py); the lock is
made when tqdm is imported (tqdm/std.py, `TqdmDefaultWriteLock.create_mp_lock`).
"""

from __future__ import annotations

from exitmatrix.model.library import Library

_SOURCE = "tqdm 4.70.1, _monitor.py, `TMonitor.__init__`; std.py, `create_mp_lock`"

LIBRARIES = (
    Library(
        id="tqdm",
        package="tqdm",
        handlers=(
            "logging.shutdown",
            "multiprocessing.util._exit_function",
            "tqdm._monitor.TMonitor._atexit_signal",
        ),
        source=_SOURCE,
    ),
)
