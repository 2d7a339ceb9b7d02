"""coverage: `coverage run app.py`, as it is and with two options for sudden ends.

Facts are of coverage/cmdline.py (`do_run`: it saves in a `finally` clause around the
program), coverage/control.py (`_init_for_start`, `_on_sigterm`, and `_atexit`, which saves where
`auto_data` was asked for: `coverage run` does not), coverage/patch.py (`_patch__exit`) and
coverage/pytracer.py, the tracer of PyPy.
"""

from __future__ import annotations

from collections.abc import Iterator

from exitmatrix.model.language import Default, Function, Save, Signal
from exitmatrix.model.library import Library

DATA = "data of coverage"
_ATEXIT = "coverage.control.Coverage._atexit"
_TRACER = "builtins.setattr"  # pytracer.py: atexit.register(setattr, self, "in_atexit", True)
_SAVES = "-coverage saves"
_SIGTERM = "-coverage.control.Coverage._on_sigterm"

_SAVING = (Function(_SAVES, (Save(DATA),)),)
_AGAIN = (Default("SIGTERM"), Signal("SIGTERM"))


def _of_both(id: str, since: str = "", **facts: object) -> Iterator[Library]:
    """The facts on CPython, and on PyPy, where the tracer is written in Python."""
    for implementation, handlers in (("", (_ATEXIT,)), ("pypy", (_ATEXIT, _TRACER))):
        yield Library(
            id=id,
            since=since,
            package="coverage",
            implementation=implementation,
            handlers=handlers,
            around=_SAVES,
            **facts,  # type: ignore[arg-type]
        )


_HANDLED = (("SIGTERM", _SIGTERM),)

LIBRARIES = (
    *_of_both(
        "coverage",
        functions=_SAVING,
        source="coverage 7.17.4, cmdline.py, `do_run`; control.py, `_init_for_start`",
    ),
    *_of_both(
        "coverage, sigterm and _exit",
        since="6.4",
        functions=_SAVING,
        source="coverage 7.2.2, control.py, `_on_sigterm`: it comes to `_atexit`, which saves"
        " nothing, and to SIGTERM once more, as if there were no handler; coveragepy#1599",
    ),
    *_of_both(
        "coverage, sigterm and _exit",
        since="7.2.3",
        signals=_HANDLED,
        functions=(*_SAVING, Function(_SIGTERM, (Save(DATA), *_AGAIN))),
        source="coverage's CHANGES.rst, 7.2.3; control.py, `_atexit`; coveragepy#1600",
    ),
    *_of_both(
        "coverage, sigterm and _exit",
        since="7.10",
        signals=_HANDLED,
        before_exit=_SAVES,
        functions=(*_SAVING, Function(_SIGTERM, (Save(DATA), *_AGAIN))),
        source="coverage 7.17.4, control.py, `_on_sigterm`; patch.py, `_patch__exit`",
    ),
)
