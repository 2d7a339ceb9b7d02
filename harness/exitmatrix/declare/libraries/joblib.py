"""joblib: a pool of loky's processes, and an array that they map.

The folder is removed where the pool's `with` statement is left, by an atexit handler
(joblib/_memmapping_reducer.py, `register_folder_finalizer`), or by the tracker of loky's resources.
"""

from __future__ import annotations

from exitmatrix.model.library import Library

_LOKY = "joblib.externals.loky.backend"
_CLEANUP = (
    "joblib._memmapping_reducer.TemporaryResourcesManager.register_folder_finalizer"
    ".<locals>._cleanup"
)

LIBRARIES = (
    Library(
        id="joblib",
        package="joblib",
        handlers=("logging.shutdown", "multiprocessing.util._exit_function", _CLEANUP),
        helpers=(
            *(f"{_LOKY}.popen_loky_posix" for _ in range(2)),
            f"{_LOKY}.resource_tracker",
            "multiprocessing.resource_tracker",
        ),
        source="joblib 1.6.0, _memmapping_reducer.py, `register_folder_finalizer`;"
        " externals/loky/process_executor.py, `_process_worker`",
    ),
)
