"""filelock: FileLock, which is flock(2), and SoftFileLock, which is a file that exists.

A lock is released where its `with` statement is left. Of a SoftFileLock whose file was left by a
holder that is gone, older releases know nothing: the next one waits.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.library import Library

SOFT = "SoftFileLock, to the next"
_LOGGING = "logging.shutdown"

_RELEASE, _RESOLVE = (
    f"filelock._core._shutdown.{name}" for name in ("_release_live_locks", "_resolve_lazy_imports")
)

_LOOKS = Library(
    id="filelock",
    since="4.3",  # what is between was not measured, but for the lock
    package="filelock",
    handlers=(_LOGGING, _RELEASE),
    data=((SOFT, "held"),),
    source="filelock 4.3.1, _identity.py, `owner_is_stale`; _soft, `_try_break_stale_lock`;"
    " _core/_shutdown.py; tox-dev/filelock#476",
)

LIBRARIES = (
    Library(
        id="filelock",
        package="filelock",
        handlers=(_LOGGING,),
        data=((SOFT, "until removed"),),
        source="filelock 3.12.2, _soft.py, `_acquire`: os.O_EXCL, and nobody looks who has it",
    ),
    replace(
        _LOOKS,
        since="3.22",
        handlers=(_LOGGING,),
        source="filelock 3.22.0, _soft.py, `_try_break_stale_lock`; tox-dev/filelock#476",
    ),
    _LOOKS,
    replace(
        _LOOKS,
        python=">=3.15",
        handlers=(_LOGGING, _RELEASE, _RESOLVE),
        source="filelock 4.3.1, _core/_shutdown.py: imports that are lazy (PEP 810) are made before"
        " the interpreter refuses them",
    ),
)
