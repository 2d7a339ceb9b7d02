"""Laws about what is buffered for stdout."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Law, Proceeds, Raises, Writes, does
from exitmatrix.model.language import CloseStdout, Flush, Write

NO_FILE = ("c", "m", "runpy")
"""Starts of Python that give it the program as a text or as a module: declare/starts.py."""


def flushed_early(facts: Facts) -> bool:
    """Whether stdout is flushed when the code has ended, before any handler runs."""
    if _is_text(facts):
        return False
    if facts.hook:  # and now, before it is called?
        return facts.profile.hook_flush == "before"
    if facts.reported and facts.exception == "SystemExit":  # which the hook has raised
        return facts.profile.hook_flush != "before"
    if facts.reported:
        return facts.profile.hook_flush == "behind" and facts.exception != "KeyboardInterrupt"
    kind = facts.profile.code_end_flush
    return kind in ("always", "of a file") or (
        facts.exception != "" and (kind == "exceptions" or facts.exception != "SystemExit")
    )


def _is_text(facts: Facts) -> bool:
    """Whether Python is given the program in a way in which only files are flushed early."""
    return facts.profile.code_end_flush == "of a file" and facts.start in NO_FILE


def _unread(facts: Facts) -> bool:
    return facts.buffered and not facts.reader


def _stuck(facts: Facts) -> bool:
    return (facts.buffered and facts.full) or facts.stuck


def flush_fails(facts: Facts) -> bool:
    """Whether a flush fails with EPIPE.

    Where SIGPIPE is not ignored any more the write sends that too: no law says what then happens.
    """
    return _unread(facts) and facts.sigpipe == "ignored"


def _may_have_failed(facts: Facts) -> bool:
    """Whether a stream of the C library may be in error, so that Python 2 raises on a write.

    It is after a flush that failed; whether there was one is not followed up here.
    """
    return not facts.reader and facts.finalizing and facts.profile.streams == "C library"


LAWS: tuple[Law, ...] = (
    Law(
        id="written-to-a-buffer",
        about="statement",
        when=lambda f: isinstance(f.statement, Write) and not _may_have_failed(f),
        then=lambda _: Proceeds(),
        because="What is written to a pipe or a file stays in a buffer until that is flushed.",
        source="docs: library/functions, open, buffering; library/sys, sys.stdout",
    ),
    Law(
        id="reader-gone",
        about="statement",
        when=lambda f: does(CloseStdout)(f) and not f.stuck,
        then=lambda _: Proceeds(),
        because=(
            "A reader that closes the pipe does not end the program: only a later write"
            " fails, with EPIPE."
        ),
        source="pipe(7), section I/O on pipes and FIFOs",
    ),
    Law(
        id="flush-writes",
        about="statement",
        when=lambda f: isinstance(f.statement, Flush) and not _unread(f) and not _stuck(f),
        then=lambda _: Proceeds(),
        because="flush writes out what is buffered.",
        source="docs: library/io, IOBase.flush",
    ),
    Law(
        id="flush-fails",
        about="statement",
        when=lambda f: isinstance(f.statement, Flush) and flush_fails(f),
        then=lambda _: Raises("Exception", flush="failed"),
        because="A flush to a pipe without a reader raises BrokenPipeError.",
        source="write(2), EPIPE; docs: library/exceptions, BrokenPipeError",
    ),
    Law(
        id="flush-before-handlers",
        about="code ended",
        when=lambda f: flushed_early(f) and (not _unread(f) or flush_fails(f)) and not _stuck(f),
        then=lambda _: Writes(written=True),
        because=(
            "Stdout is flushed when the program's code has ended, before any handler runs: what "
            "happens in a handler does not touch what was written until then. CPython 3 does so "
            "for programs that are files, and Python 2 and older PyPys only where an exception "
            "ended the code."
        ),
        source="CPython Python/pythonrun.c, flush_io; 2.7 Python/pythonrun.c, handle_system_exit; "
        "PyPy pypy/interpreter/app_main.py, run_toplevel",
    ),
    Law(
        id="no-flush-before-handlers",
        about="code ended",
        when=lambda f: not flushed_early(f) and not (f.hook or f.reported or _is_text(f)),
        then=lambda _: Writes(written=False),
        because=(
            "In Python 2 and older PyPys code that ends without an exception leaves stdout "
            "buffered while handlers run."
        ),
        source="CPython 2.7 Modules/main.c, Py_Main; PyPy 7.3.5 pypy/interpreter/app_main.py, "
        "run_toplevel",
    ),
    Law(
        id="no-flush-before-handlers-of-a-text",
        about="code ended",
        when=lambda f: _is_text(f) and not (f.hook or f.reported),
        then=lambda _: Writes(written=False),
        because=(
            "CPython 3 leaves stdout buffered while handlers run where the program is not run as a "
            "file: with -c, -m or runpy."
        ),
        source="CPython 3.8 Python/pythonrun.c, PyRun_SimpleStringFlags, which calls no flush_io; "
        "Modules/main.c, pymain_run_module",
    ),
    Law(
        id="hook-instead-of-flush",
        about="code ended",
        when=lambda f: not flushed_early(f) and bool(f.hook or f.reported),
        then=lambda _: Writes(written=False),
        because=(
            "Where sys.excepthook is a function of the program, CPython 3 flushes stdout before it "
            "is called, and what it writes itself stays buffered while handlers run. In Python 2 "
            "and older PyPys it was the display of the traceback that flushed, which does not take "
            "place; other PyPys flush behind it, but not for KeyboardInterrupt."
        ),
        source="CPython Python/pythonrun.c, flush_io; 2.7 Python/pythonrun.c, PyErr_Display and "
        "handle_system_exit; measured on PyPy 7.3.3 to 8.0.1",
    ),
    Law(
        id="flush-at-end",
        about="streams",
        when=lambda f: not _unread(f) and not _stuck(f),
        then=lambda _: Writes(written=True),
        because="An interpreter that ends normally writes out what is buffered for stdout.",
        source="CPython Python/pylifecycle.c, flush_std_files",
    ),
    Law(
        id="lost-stdout-120",
        about="streams",
        when=lambda f: flush_fails(f) and f.profile.lost_stdout_status != 0,
        then=lambda f: Writes(written=False, failed=f.profile.lost_stdout_status),
        because=(
            "The flush of stdout at the end fails if its reader is gone, and then the exit "
            "status is 120."
        ),
        source="docs: library/sys, sys.exit; CPython Python/pylifecycle.c, Py_FinalizeEx",
    ),
    Law(
        id="lost-stdout-silent",
        about="streams",
        when=lambda f: flush_fails(f) and f.profile.lost_stdout_status == 0,
        then=lambda _: Writes(written=False),
        because="Python 2 does not check whether the last flush of stdout worked.",
        source="CPython 2.7 Python/pythonrun.c, Py_Finalize",
    ),
)
