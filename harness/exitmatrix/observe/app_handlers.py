"""What to call a handler of a user's program, and whose it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exitmatrix.model.app_outcome import Handler
from exitmatrix.model.trial import LIBRARY

INSTALLED = re.compile(r".*/(?:site|dist)-packages/|.*/lib\w*/(?:python|pypy)[\d.]+t?/(?=asyncio/)")

POOLS = "concurrent.futures."
"""Its module of threads, and that of processes, wait for their workers at the end: of 3.9 up by
threading._register_atexit, before by atexit."""


ON_SIGNALS = {"gunicorn.worker_int": ("SIGINT", "SIGQUIT"), "gunicorn.worker_abort": ("SIGABRT",)}
"""Hooks that a library calls for signals alone: gunicorn/workers/base.py, Worker.init_signals."""


def is_due(handler: Handler, signals: Sequence[str]) -> bool:
    """Whether what did not run was to run in a process that was sent these signals."""
    return not (own := ON_SIGNALS.get(handler.mechanism)) or not set(own).isdisjoint(signals)


def told_by_itself(detail: Sequence[str]) -> Handler:
    """A handler of another mechanism, which tells of itself: `lifespan:shutdown`."""
    return Handler(label=detail[1], mechanism=detail[1].partition(":")[0])


def of_atexit(detail: Sequence[str], folder: str) -> Handler:
    """`app.db:close_pool` at `app/db.py:31`; arguments that tell two of one name apart.

    The place is where its code is, or where it was registered if that alone is the user's own.
    """
    _, name, code, place, _, call = (*detail, *[""] * 6)[:6]
    arguments = name[name.index("(") :] if "(" in name else ""
    # `atexit.register(shutil.rmtree, folder)` is the user's, though rmtree is not.
    own = _own_place(place, call)
    return Handler(
        label=code + arguments,
        place=short_place(own or place, folder),
        library=not own,
    )


def of_finalizer(mechanism: str, code: str, place: str, call: str, folder: str) -> Handler:
    """`weakref.finalize:close` at `app.py:12`."""
    if code.startswith(POOLS):
        mechanism, code = POOLS.rstrip("."), code.replace(":", ".").replace(POOLS, ":", 1)
    own = _own_place(place, call)
    return Handler(
        label=f"{mechanism}:{code.partition(':')[2] or code}",
        place=short_place(own or place, folder),
        mechanism=mechanism,
        library=not own,
    )


def of_signal(name: str, code: str, place: str, call: str, folder: str) -> Handler:
    """`signal.SIGTERM:stop` at `app.py:12`."""
    mechanism = f"signal.{name}"
    own = _own_place(place, call)
    return Handler(
        label=f"{mechanism}:{code.partition(':')[2] or code}",
        place=short_place(own or place or call, folder),
        mechanism=mechanism,
        library=not own,
    )


def _own_place(*places: str) -> str:
    """The first of the places that is the user's own code."""
    return next((one for one in places if one and not LIBRARY.search(one)), "")


def short_place(place: str, folder: str) -> str:
    """A place without the working folder, or without the folder where libraries are."""
    return INSTALLED.sub("", place.removeprefix(f"{folder}/"))
