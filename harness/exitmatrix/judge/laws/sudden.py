"""Laws about statements that end a process or raise an exception at once."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Dies,
    Effect,
    Facts,
    Law,
    Leaves,
    Proceeds,
    Raises,
    does,
    low_byte,
)
from exitmatrix.model.language import (
    Abort,
    Exec,
    FatalError,
    LibcExit,
    Nothing,
    OsExit,
    Raise,
    ReplaceHooks,
    Say,
    Segfault,
    SysExit,
)

FITS = range(-(2**31), 2**31)
"""Numbers that are a plain int on every Python; what larger ones do was not measured."""


def _exit_status(facts: Facts) -> Effect:
    argument = facts.statement.argument if isinstance(facts.statement, SysExit) else None
    return Raises("SystemExit", low_byte(argument) if isinstance(argument, int) else 0)


def _number(facts: Facts) -> bool:
    return isinstance(facts.statement, SysExit) and (
        facts.statement.argument is None
        or (isinstance(facts.statement.argument, int) and facts.statement.argument in FITS)
    )


def _text(facts: Facts) -> bool:
    return isinstance(facts.statement, SysExit) and isinstance(facts.statement.argument, str)


def _raised(facts: Facts) -> Effect:
    name = facts.statement.exception if isinstance(facts.statement, Raise) else ""
    return Raises("KeyboardInterrupt" if name == "KeyboardInterrupt" else "Exception")


def _status(facts: Facts) -> int:
    return low_byte(facts.statement.status) if isinstance(facts.statement, OsExit | LibcExit) else 0


def _libc(facts: Facts, *calls: str) -> bool:
    return isinstance(facts.statement, LibcExit) and facts.statement.call in calls


LAWS: tuple[Law, ...] = (
    Law(
        id="nothing-happens",
        about="statement",
        when=does(Nothing, Say, ReplaceHooks),
        then=lambda _: Proceeds(),
        because=(
            "`pass`, a line on stderr and another sys.excepthook do not change how a program ends."
        ),
        source="docs: reference/simple_stmts, The pass statement; library/sys, sys.excepthook",
    ),
    Law(
        id="exit-status-number",
        about="statement",
        when=_number,
        then=_exit_status,
        because=(
            "sys.exit raises SystemExit. Of its number the kernel keeps the low eight bits: "
            "256 becomes 0 and -1 becomes 255."
        ),
        source="docs: library/sys, sys.exit; wait(2), WEXITSTATUS",
    ),
    Law(
        id="exit-status-text",
        about="statement",
        when=_text,
        then=lambda _: Raises("SystemExit", 1),
        because=(
            "sys.exit with anything but a number or None prints its argument and ends with status"
            " 1."
        ),
        source="docs: library/sys, sys.exit",
    ),
    Law(
        id="raise",
        about="statement",
        when=does(Raise),
        then=_raised,
        because="An exception is raised in the thread whose code raises it, and nowhere else.",
        source="docs: reference/executionmodel, Exceptions",
    ),
    Law(
        id="immediate-exit",
        about="statement",
        when=lambda f: isinstance(f.statement, OsExit) or _libc(f, "_exit", "quick_exit"),
        then=lambda f: Leaves(_status(f)),
        because=(
            "os._exit, _exit and quick_exit end the process at once, from any thread. They"
            " neither run Python's handlers nor flush its buffers."
        ),
        source="docs: library/os, os._exit; _exit(2); quick_exit(3)",
    ),
    Law(
        id="libc-exit-stdio",
        about="statement",
        when=lambda f: _libc(f, "exit") and f.profile.streams == "C library",
        then=lambda f: Leaves(_status(f), flushed=True),
        because=(
            "exit(3) flushes the C library's streams, and Python 2 writes through those. Python's "
            "handlers are not registered with the C library."
        ),
        source="exit(3); CPython 2.7 Objects/fileobject.c",
    ),
    Law(
        id="libc-exit",
        about="statement",
        when=lambda f: _libc(f, "exit") and f.profile.streams == "Python",
        then=lambda f: Leaves(_status(f)),
        because=(
            "exit(3) runs the functions that were registered with the C library's atexit(3). "
            "Python's handlers are not among them, and the buffers of Python 3 and PyPy are "
            "their own, which exit(3) does not flush."
        ),
        source="exit(3); docs: library/io, Buffered Streams",
    ),
    Law(
        id="abort",
        about="statement",
        when=lambda f: isinstance(f.statement, Abort) and f.profile.abort == "abort(3)",
        then=lambda _: Dies("SIGABRT"),
        because=(
            "abort(3) raises SIGABRT, and where that is handled or ignored raises it again with "
            "the default action: nothing in Python runs."
        ),
        source="abort(3); CPython Modules/posixmodule.c, os_abort_impl",
    ),
    Law(
        id="pypy-abort-is-a-signal",
        about="statement",
        when=lambda f: isinstance(f.statement, Abort) and f.profile.abort == "kill(2)",
        then=lambda _: Proceeds(),
        because="PyPy's os.abort sends SIGABRT to its own process, like any other signal.",
        source="PyPy pypy/module/posix/interp_posix.py, abort",
    ),
    Law(
        id="segfault",
        about="statement",
        # Where the program has a handler, the same access follows it, for ever: not measured.
        when=lambda f: isinstance(f.statement, Segfault) and not f.disposition.startswith(":"),
        then=lambda _: Dies("SIGSEGV"),
        because=(
            "An access to memory that is not mapped makes the kernel end the process by SIGSEGV, "
            "even if the program ignores that signal."
        ),
        source="signal(7), section Standard signals; Linux kernel/signal.c, force_sig_info_to_task",
    ),
    Law(
        id="fatal-error-flushes",
        about="statement",
        # Where SIGPIPE is not ignored any more, a flush that nobody reads sends it: not measured.
        when=lambda f: (
            isinstance(f.statement, FatalError)
            and f.profile.fatal_error == "flushes"
            and (f.reader or not f.buffered or f.sigpipe == "ignored")
        ),
        then=lambda _: Dies("SIGABRT", flushed=True),
        because=(
            "Py_FatalError flushes stdout and stderr, writes its message and aborts; handlers do "
            "not run, because the interpreter's state cannot be trusted."
        ),
        source="docs: c-api/sys, Py_FatalError; CPython Python/pylifecycle.c, fatal_error",
    ),
    Law(
        id="fatal-error",
        about="statement",
        when=lambda f: isinstance(f.statement, FatalError) and f.profile.fatal_error == "loses",
        then=lambda _: Dies("SIGABRT"),
        because="Python 2's Py_FatalError writes its message and aborts, and flushes nothing.",
        source="CPython 2.7 Python/pythonrun.c, Py_FatalError",
    ),
    Law(
        id="pypy-has-no-fatal-error",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, FatalError) and f.profile.fatal_error == "no such call"
        ),
        then=lambda _: Raises("Exception"),
        because="PyPy's ctypes has no pythonapi: using it raises AttributeError.",
        source="PyPy lib_pypy/ctypes_support.py; docs: library/ctypes, ctypes.pythonapi",
    ),
    Law(
        id="exec-replaces",
        about="statement",
        when=does(Exec),
        then=lambda f: Leaves(low_byte(f.statement.status) if isinstance(f.statement, Exec) else 0),
        because=(
            "exec replaces the program within the process. The old program does not finalize, so "
            "none of its handlers run and its buffers are lost; the exit status is the new "
            "program's."
        ),
        source="docs: library/os, os.execv; execve(2)",
    ),
)
