"""tqdm: a progress bar, a thread that looks after it, and a lock of multiprocessing.

The thread is a daemon, and is asked to end by an atexit handler (tqdm/_monitor.py). The lock is
made with the first bar (tqdm/std.py, `TqdmDefaultWriteLock`): of the default start method, which
is not fork from Python 3.14 on, so that it has a name then, and a tracker.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.library import Library

_TQDM = Library(
    id="tqdm",
    package="tqdm",
    handlers=(
        "logging.shutdown",
        "multiprocessing.util._exit_function",
        "tqdm._monitor.TMonitor._atexit_signal",
    ),
    source="tqdm 4.70.1, _monitor.py, `TMonitor.__init__`; std.py, `create_mp_lock`",
)

LIBRARIES = (
    _TQDM,
    replace(
        _TQDM,
        implementation="cpython",
        python=">=3.14",
        shares=("semaphore",),
        source="What's New In Python 3.14: forkserver is the default; tqdm/tqdm#1355",
    ),
)
