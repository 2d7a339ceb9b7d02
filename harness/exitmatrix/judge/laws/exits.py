"""Laws about statements that end a process, and about how exceptions end one."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Blocks,
    Dies,
    Effect,
    Exits,
    Facts,
    Finalizes,
    Law,
    Leaves,
    Proceeds,
    Raises,
    Waits,
    always,
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


def _interrupted(facts: Facts, start: str) -> bool:
    return facts.start == start and facts.exception == "KeyboardInterrupt"


def _printed_too_late(facts: Facts) -> bool:
    """Whether a traceback may still be written while the interpreter ends.

    A thread that writes while nobody waits for its end may bring the process down by
    SIGABRT (CPython Modules/_io/bufferedio.c, _enter_buffered_busy): no law says when.
    """
    return facts.unwatched and facts.exception != "SystemExit"


PROMPTS = ("i", "interactive")
"""Ways to start Python at which it reads on when the program has ended, or at each line."""


LAWS: tuple[Law, ...] = (
    Law(
        id="nothing-happens",
        about="statement",
        when=does(Nothing, Say, ReplaceHooks),
        then=lambda _: Proceeds(),
        because=(
            "`pass`, a line on stderr and another sys.excepthook change nothing of how a program "
            "ends."
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
        because="sys.exit with anything but a number or None prints it and ends with status 1.",
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
            "os._exit, _exit and quick_exit end the process at once, from whichever thread. None "
            "of them knows of Python's handlers and buffers."
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
            "exit(3) runs what was registered with the C library's atexit(3), and Python's "
            "handlers are not; Python 3 and PyPy have buffers of their own that it does not know."
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
            "An access to memory that is not there makes the kernel end the process by SIGSEGV, "
            "also where the program ignores that."
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
        because="PyPy's ctypes has no pythonapi: asking for it is an AttributeError.",
        source="PyPy lib_pypy/ctypes_support.py; docs: library/ctypes, ctypes.pythonapi",
    ),
    Law(
        id="exec-replaces",
        about="statement",
        when=does(Exec),
        then=lambda f: Leaves(low_byte(f.statement.status) if isinstance(f.statement, Exec) else 0),
        because=(
            "exec replaces the program within the process. The old one does not end, so nothing "
            "of its end takes place; the exit status is the new program's."
        ),
        source="docs: library/os, os.execv; execve(2)",
    ),
    # ------------------------------------------------------------------- the main thread
    Law(
        id="last-line",
        about="main exception",
        when=lambda f: not f.exception,
        then=lambda _: Finalizes(0),
        because="A program that reaches its last line ends normally, with status 0.",
        source="docs: library/atexit; CPython Modules/main.c, pymain_run_python",
    ),
    Law(
        id="system-exit",
        about="main exception",
        when=lambda f: f.exception == "SystemExit" and f.start != "i",
        then=lambda f: Finalizes(f.status),
        because="SystemExit that nobody catches ends the main thread, and the program normally.",
        source="docs: library/exceptions, SystemExit",
    ),
    Law(
        id="uncaught-exception",
        about="main exception",
        when=lambda f: (
            f.start not in PROMPTS
            and (
                f.exception == "Exception"
                or (f.exception == "KeyboardInterrupt" and f.profile.interrupted_end == "status 1")
            )
        ),
        then=lambda _: Finalizes(1),
        because=(
            "An exception that nobody catches is printed, and the program ends normally with "
            "status 1; before 3.8 that holds for KeyboardInterrupt too."
        ),
        source="docs: library/sys, sys.excepthook; CPython Python/pythonrun.c",
    ),
    Law(
        id="ctrl-c-dies-of-sigint",
        about="main exception",
        when=lambda f: (
            f.exception == "KeyboardInterrupt"
            and f.profile.interrupted_end == "signal"
            and f.start not in PROMPTS
        ),
        then=lambda _: Finalizes(signal="SIGINT"),
        because=(
            "From 3.8 on an uncaught KeyboardInterrupt ends the program normally and then kills "
            "the process with SIGINT, so that a shell sees an interrupted program."
        ),
        source="CPython bpo-1054041; Modules/main.c, exit_sigint",
    ),
    Law(
        id="pypy-ctrl-c-skips-exit",
        about="main exception",
        when=lambda f: (
            f.exception == "KeyboardInterrupt"
            and f.profile.interrupted_end == "signal before handlers"
            and f.start not in PROMPTS
            and not f.stuck
            # What a handler of SIGPIPE does about that flush was not measured.
            and (f.reader or not f.buffered or f.sigpipe == "ignored")
        ),
        then=lambda _: Dies("SIGINT", flushed=True),
        because=(
            "This PyPy kills itself with SIGINT for an uncaught KeyboardInterrupt before it runs "
            "its exit functions; buffers were written by then."
        ),
        source="PyPy issue #4995",
    ),
    Law(
        id="pypy-ctrl-c-waits-for-stdout",
        about="main exception",
        when=lambda f: (
            f.exception == "KeyboardInterrupt"
            and f.profile.interrupted_end == "signal before handlers"
            and f.stuck
        ),
        then=lambda _: Blocks(),
        because=(
            "Before this PyPy kills itself with SIGINT it flushes stdout, and waits for whoever is "
            "stuck in a write to it."
        ),
        source="PyPy issue #4995; measured on PyPy 7.3.11",
    ),
    Law(
        id="prompt-follows",
        about="main exception",
        when=lambda f: (
            (f.start in PROMPTS and f.exception == "Exception")
            or (f.start == "i" and f.exception == "SystemExit")
        ),
        then=lambda _: Finalizes(0),
        because=(
            "Where a prompt follows, or the program is typed at one, an exception is printed and "
            "ends nothing, and after -i not even SystemExit does. When nothing more is typed the "
            "interpreter ends normally, with status 0."
        ),
        source="docs: using/cmdline, -i; CPython Modules/main.c, pymain_repl",
    ),
    Law(
        id="prompt-dies-of-past-ctrl-c",
        about="main exception",
        when=lambda f: _interrupted(f, "i") and f.profile.prompt_interrupt == "both",
        then=lambda _: Finalizes(signal="SIGINT"),
        because=(
            "The note that KeyboardInterrupt ended the script is not taken back by the prompt that "
            "follows: where nothing is typed there, the end kills the process with SIGINT."
        ),
        source="CPython Modules/main.c, pymain_repl and Py_RunMain",
    ),
    Law(
        id="prompt-forgets-ctrl-c",
        about="main exception",
        when=lambda f: _interrupted(f, "i") and f.profile.prompt_interrupt != "both",
        then=lambda _: Finalizes(0),
        because="A prompt that follows a script makes its KeyboardInterrupt a thing of the past.",
        source="docs: using/cmdline, -i; CPython Modules/main.c, pymain_repl",
    ),
    Law(
        id="typed-ctrl-c-is-remembered",
        about="main exception",
        when=lambda f: _interrupted(f, "interactive") and f.profile.prompt_interrupt != "forgotten",
        then=lambda _: Finalizes(signal="SIGINT"),
        because=(
            "KeyboardInterrupt in the last thing that is typed at a prompt goes on with the next "
            "prompt, and at the end of the input kills the process with SIGINT."
        ),
        source="CPython Modules/main.c, Py_RunMain; Python/pythonrun.c, run_eval_code_obj",
    ),
    Law(
        id="typed-ctrl-c-is-forgotten",
        about="main exception",
        when=lambda f: _interrupted(f, "interactive") and f.profile.prompt_interrupt == "forgotten",
        then=lambda _: Finalizes(0),
        because="KeyboardInterrupt at a prompt is printed, and at the end of the input forgotten.",
        source="CPython 3.7 Modules/main.c, pymain_repl; PyPy pypy/interpreter/app_main.py",
    ),
    # ------------------------------------------------------------------- other threads
    Law(
        id="thread-ends-alone",
        about="thread exception",
        when=lambda f: not _printed_too_late(f),
        then=lambda _: Proceeds(),
        because=(
            "What leaves a thread's code ends that thread: SystemExit silently, anything else with "
            "a traceback. The process goes on."
        ),
        source="docs: library/threading, threading.excepthook; library/_thread, start_new_thread",
    ),
    Law(
        id="forked-thread-ends-the-child",
        about="forked thread",
        when=always,
        then=lambda f: Leaves(0, flushed=f.profile.streams == "C library"),
        because=(
            "A child that another thread than the main one forked has that thread alone, and no "
            "code of the main thread below it. When it ends, the C library ends the process as "
            "exit(3) with status 0 does: no handlers run, and only CPython 2's buffers are "
            "written."
        ),
        source="fork(2); pthread_exit(3), Notes; CPython Python/thread_pthread.h",
    ),
    Law(
        id="waits-for-threads",
        about="thread",
        when=lambda f: not f.daemon and f.profile.waits_for_threads == "all",
        then=lambda _: Waits(waits=True),
        because=(
            "Before handlers run, the main thread joins every thread that is no daemon: what such "
            "a thread still registers is registered in time."
        ),
        source="docs: library/threading, Thread objects; CPython Python/pylifecycle.c, "
        "wait_for_thread_shutdown",
    ),
    Law(
        id="pypy-waits-for-threads-perhaps",
        about="thread",
        when=lambda f: not f.daemon and f.profile.waits_for_threads == "perhaps",
        then=lambda _: (Waits(waits=True), Waits(waits=False)),
        because=(
            "PyPys of 3.7 to 3.9 now and then end without a thread that began to run only when "
            "the main thread's code had ended."
        ),
        source="PyPy 7.3.11 lib-python/3/threading.py, _shutdown",
        race="the thread's first step, and the main thread's look at which threads there are",
    ),
    Law(
        id="daemons-are-left",
        about="thread",
        when=lambda f: f.daemon,
        then=lambda _: Waits(waits=False),
        because="A daemon thread is not waited for; it is stopped wherever it is.",
        source="docs: library/threading, Thread objects",
    ),
    Law(
        id="interrupted-wait-is-over",
        about="late exception",
        when=always,
        then=lambda _: Waits(waits=False),
        because=(
            "What a signal's handler raises while the end waits for threads is reported and "
            "forgotten; the end goes on and waits no longer, and the exit status stays."
        ),
        source="CPython Python/pylifecycle.c, wait_for_thread_shutdown",
    ),
    # ------------------------------------------------------------------- the last exit
    Law(
        id="handlers-leave-the-exit-alone",
        about="end of handlers",
        when=lambda f: (
            not f.exception
            or f.profile.final_exception == "forgotten"
            or (f.profile.final_exception == "SystemExit counts" and f.exception != "SystemExit")
        ),
        then=lambda _: Exits(),
        because="What a handler raises does not change the exit status.",
        source="CPython Modules/atexitmodule.c, atexit_callfuncs; 3.9 Python/pylifecycle.c, "
        "call_py_exitfuncs",
    ),
    Law(
        id="last-exit-status-counts-2",
        about="end of handlers",
        when=lambda f: (
            f.exception == "SystemExit" and f.profile.final_exception == "SystemExit counts"
        ),
        then=lambda f: Exits(f.status),
        because=(
            "Python 2 raises the last exception of the handlers again when all have run: if that "
            "is SystemExit, its status becomes the program's."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; Python/pythonrun.c, call_sys_exitfunc",
    ),
    Law(
        id="pypy-handler-exception-fails",
        about="end of handlers",
        when=lambda f: f.exception != "" and f.profile.final_exception == "fails at once",
        then=lambda _: Leaves(1),
        because=(
            "This PyPy raises the last exception of the handlers again and ends with status 1, "
            "past the flush of stdout."
        ),
        source="PyPy 7.3.5 pypy/module/atexit/app_atexit.py, run_exitfuncs",
    ),
)
