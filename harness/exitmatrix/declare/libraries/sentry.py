"""Sentry's SDK: events that a thread sends, and an atexit handler that waits for it.

`AtexitIntegration.setup_once` (sentry_sdk/integrations/atexit.py) registers a handler, which closes
the client: `BackgroundWorker.flush` (sentry_sdk/worker.py) waits up to shutdown_timeout for what is
in the queue. Its thread is a daemon, and no signal is handled.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.model.language import Busy, Function, Save
from exitmatrix.model.library import Library

EVENT = "last event"
_SHUTDOWN = "sentry_sdk.integrations.atexit.AtexitIntegration.setup_once.<locals>._shutdown"
_LOGGING, _CERTIFI = "logging.shutdown", "certifi.core.exit_cacert_ctx"
_THREADS, _PROCESSES = (f"concurrent.futures.{kind}._python_exit" for kind in ("thread", "process"))
_LAST = (
    _SHUTDOWN,
    "sentry_sdk.profiler.continuous_profiler.teardown_continuous_profiler",
    "weakref.finalize._exitfunc",  # of urllib3, for its pool of connections
)
_SOURCE = "sentry-sdk 2.75.0, integrations/atexit.py, `AtexitIntegration.setup_once`"

_ANSWERED = Library(
    id="sentry",
    package="sentry-sdk",
    handlers=(_LOGGING, _CERTIFI, *_LAST),
    functions=(Function(_SHUTDOWN, (Save(EVENT),)),),
    source=f"{_SOURCE}; worker.py, `BackgroundWorker.flush`",
)
_MUTE = replace(
    _ANSWERED,
    id="sentry, no answer",
    functions=(Function(_SHUTDOWN, (Busy(6000),)),),
    source=f"{_SOURCE}; worker.py, `BackgroundWorker._wait_flush`: shutdown_timeout",
)


def _older(library: Library) -> Iterator[Library]:
    """The facts on Pythons whose pools of concurrent.futures register a handler themselves."""
    yield replace(
        library,
        python=">=3.7,<3.9",
        handlers=(_LOGGING, _CERTIFI, _THREADS, *_LAST),
        source="CPython 3.8 Lib/concurrent/futures/thread.py, _python_exit; bpo-39812",
    )
    yield replace(
        library,
        python="==3.6.*",
        handlers=(
            _LOGGING,
            "multiprocessing.util._exit_function",
            _PROCESSES,
            _THREADS,
            *_LAST,
        ),
        source="CPython 3.6 Lib/concurrent/futures/__init__.py; certifi/core.py: 3.7 and newer",
    )


LIBRARIES = (_ANSWERED, *_older(_ANSWERED), _MUTE, *_older(_MUTE))
