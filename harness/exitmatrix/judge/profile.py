"""What is true of one Python: its version resolved, once, into named parameters. Pure.

A parameter has one value for each span of releases. Laws ask for parameters and
never for versions; a boundary stands in this table, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from exitmatrix.judge.context import Version, numbers
from exitmatrix.model import Frozen

HandlerList = Literal["popped", "slots", "copied", "reversed"]
FinalException = Literal["forgotten", "SystemExit counts", "fails at once"]
CodeEndFlush = Literal["always", "exceptions", "exceptions but SystemExit"]
InterruptedEnd = Literal["status 1", "signal", "signal before handlers"]
Streams = Literal["C library", "Python"]


class Profile(Frozen, kw_only=True):
    """The parameters of one Python."""

    handler_list: HandlerList
    has_unregister: bool
    run_raises: bool
    final_exception: FinalException
    exitfunc: bool
    no_threads_at_exit: bool
    interrupted_end: InterruptedEnd
    code_end_flush: CodeEndFlush
    streams: Streams
    keeps_unwritten: bool
    lost_stdout_status: int
    fatal_error: Literal["flushes", "loses", "no such call"]
    abort: Literal["abort(3)", "kill(2)"]
    refuses_uncatchable: bool
    notices_signals: Literal["at once", "in time"]
    waits_for_threads: Literal["all", "perhaps"]


class Span(Frozen):
    """From a release on, up to the next span of the same implementation."""

    implementation: str  # cpython, pypy
    since: Version  # of the language, or of PyPy itself
    value: Any
    own: bool = False  # `since` is PyPy's own version


class Parameter(Frozen, kw_only=True):
    """A row of the table: a field of Profile, what it means, its spans, where that is written."""

    name: str
    about: str
    spans: tuple[Span, ...]  # of each implementation from old to new
    source: str


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="handler_list",
        about="how the list of handlers is gone through",
        spans=(
            Span("cpython", (), "popped"),
            Span("cpython", (3,), "slots"),
            Span("cpython", (3, 14), "copied"),
            Span("pypy", (), "popped"),
            Span("pypy", (3,), "reversed"),
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; 3.6 to 3.13 Modules/atexitmodule.c, "
        "atexit_callfuncs; 3.14, the same; PyPy pypy/module/atexit/app_atexit.py, run_exitfuncs",
    ),
    Parameter(
        name="has_unregister",
        about="whether atexit has unregister and _clear",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3,), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3,), value=True),
        ),
        source="CPython 2.7 Lib/atexit.py; docs: library/atexit, atexit.unregister",
    ),
    Parameter(
        name="run_raises",
        about="whether atexit._run_exitfuncs raises the last exception of the handlers",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3, 10), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3, 10), value=False),
        ),
        source="CPython bpo-42639; 3.9 Modules/atexitmodule.c, atexit_run_exitfuncs; "
        "2.7 Lib/atexit.py",
    ),
    Parameter(
        name="final_exception",
        about="what the last exception of the handlers does to the end of the process",
        spans=(
            Span("cpython", (), "SystemExit counts"),
            Span("cpython", (3,), "forgotten"),
            Span("pypy", (), "forgotten"),
            Span("pypy", (3,), "fails at once"),
            Span("pypy", (3, 8), "forgotten"),
        ),
        source="CPython 2.7 Python/pythonrun.c, call_sys_exitfunc; 3.9 Python/pylifecycle.c, "
        "call_py_exitfuncs; PyPy 7.3.5 pypy/module/atexit/app_atexit.py, run_exitfuncs",
    ),
    Parameter(
        name="exitfunc",
        about="whether sys.exitfunc is called at the end",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3,), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3,), value=False),
        ),
        source="docs of 2.7: library/sys, sys.exitfunc; What's New In Python 3.0",
    ),
    Parameter(
        name="no_threads_at_exit",
        about="whether threads and forks are refused once the code has ended",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 12), value=True),
            Span("cpython", (3, 12, 3), value=False),
            Span("pypy", (), value=False),
        ),
        source="CPython gh-104690 brought it, gh-113964 took it back; "
        "3.12.0 Python/pylifecycle.c, Py_FinalizeEx",
    ),
    Parameter(
        name="interrupted_end",
        about="how a program ends whose KeyboardInterrupt nobody catches",
        spans=(
            Span("cpython", (), "status 1"),
            Span("cpython", (3, 8), "signal"),
            Span("pypy", (), "status 1"),
            Span("pypy", (3, 8), "signal before handlers"),
            Span("pypy", (7, 3, 12), "signal", own=True),
        ),
        source="CPython bpo-1054041; 3.8 Modules/main.c, exit_sigint; PyPy issue #4995",
    ),
    Parameter(
        name="code_end_flush",
        about="after what end of the code stdout is flushed before handlers run",
        spans=(
            Span("cpython", (), "exceptions"),
            Span("cpython", (3,), "always"),
            Span("pypy", (), "exceptions but SystemExit"),
            Span("pypy", (3, 8), "always"),
        ),
        source="CPython Python/pythonrun.c, flush_io; 2.7 Python/pythonrun.c, handle_system_exit "
        "and PyErr_Display; PyPy pypy/interpreter/app_main.py, run_toplevel",
    ),
    Parameter(
        name="streams",
        about="whose buffers sys.stdout writes through",
        spans=(
            Span("cpython", (), "C library"),
            Span("cpython", (3,), "Python"),
            Span("pypy", (), "Python"),
        ),
        source="CPython 2.7 Objects/fileobject.c; docs: library/io, Buffered Streams; "
        "PyPy rpython/rlib/streamio.py",
    ),
    Parameter(
        name="keeps_unwritten",
        about="whether what a failed flush could not write stays buffered",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3,), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3,), value=True),
        ),
        source="CPython Modules/_io/bufferedio.c, _bufferedwriter_flush_unlocked; fflush(3)",
    ),
    Parameter(
        name="lost_stdout_status",
        about="the exit status of a process that cannot flush stdout at its end; 0: as if it could",
        spans=(
            Span("cpython", (), 0),
            Span("cpython", (3,), 120),
            Span("pypy", (), 0),
            Span("pypy", (3,), 120),
        ),
        source="docs: library/sys, sys.exit; CPython Python/pylifecycle.c, Py_FinalizeEx; "
        "2.7 Python/pythonrun.c, Py_Finalize",
    ),
    Parameter(
        name="fatal_error",
        about="what Py_FatalError does to buffers",
        spans=(
            Span("cpython", (), "loses"),
            Span("cpython", (3,), "flushes"),
            Span("pypy", (), "no such call"),
        ),
        source="docs: c-api/sys, Py_FatalError; CPython Python/pylifecycle.c, fatal_error; "
        "2.7 Python/pythonrun.c, Py_FatalError",
    ),
    Parameter(
        name="abort",
        about="what os.abort calls",
        spans=(Span("cpython", (), "abort(3)"), Span("pypy", (), "kill(2)")),
        source="CPython Modules/posixmodule.c, os_abort_impl; "
        "PyPy pypy/module/posix/interp_posix.py, abort",
    ),
    Parameter(
        name="refuses_uncatchable",
        about="whether signal.signal raises for SIGKILL and SIGSTOP",
        spans=(Span("cpython", (), value=True), Span("pypy", (), value=False)),
        source="docs: library/signal, signal.signal; PyPy pypy/module/signal/interp_signal.py, "
        "signal",
    ),
    Parameter(
        name="notices_signals",
        about="when the main thread sees a signal that another thread has sent to the process",
        spans=(Span("cpython", (), "at once"), Span("pypy", (), "in time")),
        source="CPython Python/ceval.c, handle_signals; "
        "PyPy pypy/module/signal/interp_signal.py, CheckSignalAction",
    ),
    Parameter(
        name="waits_for_threads",
        about="whether the end of the main thread waits for every other that is no daemon",
        spans=(
            Span("cpython", (), "all"),
            Span("pypy", (), "all"),
            Span("pypy", (3,), "perhaps"),
            Span("pypy", (3, 10), "all"),
        ),
        source="docs: library/threading, Thread objects; "
        "PyPy 7.3.11 lib-python/3/threading.py, _shutdown",
    ),
)


def profile(python: Mapping[str, Any]) -> Profile:
    """The parameters of a Python as a record describes it.

    Keys: `implementation`, `version` and, for PyPy, `implementation_version`.
    """
    return profile_of(
        python["implementation"],
        numbers(python["version"]),
        numbers(python.get("implementation_version", "")),
        PARAMETERS,
    )


def profile_of(
    implementation: str, version: Version, own: Version, parameters: tuple[Parameter, ...]
) -> Profile:
    """The parameters of a release, by a table that may be another than ours."""
    return msgspec.convert(
        {one.name: _value(one, implementation, version, own) for one in parameters}, Profile
    )


def _value(parameter: Parameter, implementation: str, version: Version, own: Version) -> Any:
    """The last span that has begun."""
    return [
        span.value
        for span in parameter.spans
        if span.implementation == implementation and (own if span.own else version) >= span.since
    ][-1]
