"""What is true of one Python: its version resolved, once, into named parameters. Pure.

A parameter has one value for each span of releases. Laws ask for parameters and
never for versions; a boundary stands in this table, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from exitmatrix.model import Frozen

Version = tuple[int, ...]
HandlerList = Literal["popped", "slots", "copied", "reversed"]
FinalException = Literal["forgotten", "SystemExit counts", "fails at once"]
CodeEndFlush = Literal["always", "of a file", "exceptions", "exceptions but SystemExit"]
InterruptedEnd = Literal["status 1", "signal", "signal before handlers"]
Streams = Literal["C library", "Python"]
SecondInterpreter = Literal[
    "none", "forgets", "aborts if left", "leaves if left", "runs if released", "runs", "runs first"
]


class Profile(Frozen, kw_only=True):
    """The parameters of one Python."""

    handler_list: HandlerList
    has_unregister: bool
    run_raises: bool
    final_exception: FinalException
    exitfunc: bool
    no_threads_at_exit: bool
    thread_end_loads: bool
    interrupted_end: InterruptedEnd
    code_end_flush: CodeEndFlush
    hook_flush: Literal["before", "behind", "never"]
    streams: Streams
    keeps_unwritten: bool
    held_stream: Literal["waits", "aborts"]
    lost_stdout_status: int
    fatal_error: Literal["flushes", "loses", "no such call"]
    abort: Literal["abort(3)", "kill(2)"]
    refuses_uncatchable: bool
    notices_signals: Literal["at once", "in time"]
    nests_signal_handlers: Literal["always", "in calls", "never"]
    keeps_ignored_sigint: bool
    unkilled_status: int
    waits_for_threads: Literal["all", "perhaps"]
    handler_report: Literal["title", "traceback", "colon before", "colon behind", "named"]
    unraisable_hook: bool
    raises_again: bool
    second_interpreter: SecondInterpreter
    has_finalize: bool
    has_faulthandler: bool
    threading_atexit: bool
    releases_globals: bool
    clears_globals: bool
    py_exit_releases: bool
    report_flushes: bool
    signals_after_fork: Literal["noticed", "unnoticed"]
    thread_hook: bool
    early_exit_function: bool
    process_end: Literal["os._exit", "handlers"]
    process_without_status: int
    start_methods: bool
    list_runs_before_end: bool
    eval_forgets_interrupt: bool
    server_imports: bool
    server_keeps_status: bool
    late_join: Literal["runs", "waits", "returns", "refuses"]
    has_runner: bool
    runner_takes_sigint: bool
    copied_loop: Literal["runs", "unknown", "holds exits"]
    hook_exits: bool
    prompt_handlers: Literal["none", "completer", "history", "history 3.13"]
    prompt_interrupt: Literal["forgotten", "typed", "both"]
    endless_calls: Literal["raise", "overflow"]
    gzip_loses: Literal["nothing", "if held", "its buffer", "all"]
    unhandled_interrupt: Literal["nothing", "TypeError"]
    pools: Literal["backport", "both", "at use", "joined earlier"]
    pools_refuse: bool
    tracker: bool
    shared_memory: bool
    file_buffer: int
    pool_notices: bool
    wakes_closed_pools: bool
    spawns_executors: bool
    tracker_name: Literal["semaphore_tracker", "resource_tracker"]
    server_catches_all: bool
    start_method: Literal["fork", "forkserver"]
    closing_waits: bool
    trusts_family: bool
    tells_frames: bool
    wait_in_handler: Literal["interrupted", "deaf"]
    callbacks: Literal["at once", "collected"]
    call_leaves_child: bool
    debugger_locks: bool
    scheduler_forks: bool


class Span(Frozen):
    """From a release on, up to the next span of the same subject."""

    subject: str  # cpython, pypy, or a package
    since: Version  # of the language, of PyPy itself, or of the package; (): also where it is not
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
        name="thread_end_loads",
        about="whether the first thread that ends loads a library: pthread_exit(3) and libgcc_s",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3,), value=True),
            Span("cpython", (3, 9, 6), value=False),
            Span("pypy", (), value=False),
        ),
        source="CPython bpo-44434; 2.7 Python/thread_pthread.h, PyThread_exit_thread; "
        "3.8, the same, and Modules/_threadmodule.c, t_bootstrap",
    ),
    Parameter(
        name="interrupted_end",
        about="how a program ends after an uncaught KeyboardInterrupt",
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
            Span("cpython", (3,), "of a file"),
            Span("pypy", (), "exceptions but SystemExit"),
            Span("pypy", (3, 8), "always"),
        ),
        source="CPython Python/pythonrun.c, flush_io; 2.7 Python/pythonrun.c, handle_system_exit "
        "and PyErr_Display; PyPy pypy/interpreter/app_main.py, run_toplevel",
    ),
    Parameter(
        name="hook_flush",
        about=(
            "when stdout is flushed if an exception that ends the code is passed to a "
            "sys.excepthook of the program's own"
        ),
        spans=(
            Span("cpython", (), "never"),
            Span("cpython", (3,), "before"),
            Span("pypy", (), "never"),
            Span("pypy", (3, 8), "behind"),
        ),
        source="CPython Python/pythonrun.c, flush_io and PyErr_Display; measured on PyPy 7.3.3 to "
        "8.0.1",
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
        name="held_stream",
        about=(
            "what finalization does about a stream whose lock is held by a suspended daemon thread"
        ),
        spans=(
            Span("cpython", (), "waits"),
            Span("cpython", (3,), "aborts"),
            Span("pypy", (), "waits"),
        ),
        source="CPython Modules/_io/bufferedio.c, _enter_buffered_busy; gh-70225, gh-129536; 2.7 "
        "Objects/fileobject.c; flockfile(3)",
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
        name="nests_signal_handlers",
        about="whether a signal is handled that arrives while the handler of another signal runs",
        spans=(
            Span("cpython", (), "in calls"),
            Span("cpython", (3, 8), "always"),
            Span("pypy", (), "always"),
            Span("pypy", (7, 3, 12), "never", own=True),
        ),
        source="CPython 3.7 Python/ceval.c, Py_MakePendingCalls; 3.8, handle_signals; measured on "
        "PyPy 7.3.11 and 8.0.1",
    ),
    Parameter(
        name="keeps_ignored_sigint",
        about="whether SIGINT stays ignored in a program that is started so",
        spans=(Span("cpython", (), value=True), Span("pypy", (), value=False)),
        source="CPython Modules/signalmodule.c, signal_install_handlers; PyPy: seen with"
        " signal.getsignal below a shell's trap '' INT",
    ),
    Parameter(
        name="unkilled_status",
        about="the exit status of an interrupted program that its own SIGINT does not kill",
        spans=(Span("cpython", (), 130), Span("pypy", (), 1)),
        source="CPython Modules/main.c, exit_sigint; PyPy: seen as PID 1",
    ),
    Parameter(
        name="waits_for_threads",
        about="whether the end of the main thread waits for all non-daemon threads",
        spans=(
            Span("cpython", (), "all"),
            Span("pypy", (), "all"),
            Span("pypy", (3,), "perhaps"),
            Span("pypy", (3, 10), "all"),
        ),
        source="docs: library/threading, Thread objects; "
        "PyPy 7.3.11 lib-python/3/threading.py, _shutdown",
    ),
    Parameter(
        name="handler_report",
        about="how an exception in a handler is written to stderr",
        spans=(
            Span("cpython", (), "title"),
            Span("cpython", (3, 10), "colon before"),
            Span("cpython", (3, 13), "colon behind"),
            Span("pypy", (), "title"),
            Span("pypy", (3,), "traceback"),
            Span("pypy", (3, 10), "named"),
        ),
        source="CPython 3.9, 3.10 and 3.13 Modules/atexitmodule.c, atexit_callfuncs; 2.7 "
        "Lib/atexit.py; PyPy pypy/module/atexit/app_atexit.py, run_exitfuncs",
    ),
    Parameter(
        name="unraisable_hook",
        about="whether sys.unraisablehook is called for an exception in a handler",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 10), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 10), value=True),
        ),
        source="CPython bpo-42639",
    ),
    Parameter(
        name="raises_again",
        about="whether the last exception of the handlers is printed once more",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3,), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3,), value=False),
        ),
        source="CPython 2.7 Python/pythonrun.c, call_sys_exitfunc",
    ),
    Parameter(
        name="second_interpreter",
        about="what becomes of the handlers that a second interpreter registered",
        spans=(
            Span("cpython", (), "forgets"),
            Span("cpython", (3, 7), "aborts if left"),
            Span("cpython", (3, 8), "leaves if left"),
            Span("cpython", (3, 12), "runs if released"),
            Span("cpython", (3, 13), "runs"),
            Span("cpython", (3, 14), "runs first"),
            Span("pypy", (), "none"),
        ),
        source="CPython bpo-31901; gh-109793; gh-128639; 3.7 Python/pystate.c, "
        "PyInterpreterState_Delete",
    ),
    Parameter(
        name="has_finalize",
        about="whether weakref has finalize",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 4), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 4), value=True),
        ),
        source="docs: library/weakref, weakref.finalize",
    ),
    Parameter(
        name="has_faulthandler",
        about="whether the module faulthandler exists",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 3), value=True),
            Span("pypy", (), value=True),
        ),
        source="docs: library/faulthandler, New in version 3.3; PyPy pypy/module/faulthandler",
    ),
    Parameter(
        name="threading_atexit",
        about="whether threading has a list of functions that run before threads are joined",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 9), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 9), value=True),
        ),
        source="CPython bpo-39812; Lib/threading.py, _register_atexit",
    ),
    Parameter(
        name="releases_globals",
        about="whether globals are released when all handlers have run",
        spans=(Span("cpython", (), value=True), Span("pypy", (), value=False)),
        source="CPython Python/pylifecycle.c, finalize_modules; 2.7 Python/import.c, "
        "PyImport_Cleanup; PyPy docs: Differences related to garbage collection strategies",
    ),
    Parameter(
        name="clears_globals",
        about=(
            "whether that clears the program's module even if its functions are still referenced"
        ),
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3, 4), value=False),
            Span("pypy", (), value=False),
        ),
        source="CPython bpo-18214; 2.7 Objects/moduleobject.c, module_dealloc",
    ),
    Parameter(
        name="py_exit_releases",
        about="whether globals are released though Py_Exit leaves frames that have them",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3, 8), value=False),
            Span("pypy", (), value=False),
        ),
        source="CPython Python/pylifecycle.c, finalize_modules; 3.7 Python/import.c, "
        "PyImport_Cleanup; measured on 2.7 to 3.15",
    ),
    Parameter(
        name="report_flushes",
        about="whether Python's own sys.excepthook flushes stdout when a finalizer calls it",
        spans=(Span("cpython", (), value=False), Span("pypy", (), value=True)),
        source="PyPy pypy/interpreter/app_main.py, excepthook; CPython Lib/weakref.py, "
        "finalize._exitfunc; measured on PyPy 7.3.3 to 8.0.1",
    ),
    Parameter(
        name="signals_after_fork",
        about="whether Python code notices a signal in a child that another thread has forked",
        spans=(
            Span("cpython", (), "noticed"),
            Span("cpython", (3, 13), "unnoticed"),
            Span("pypy", (), "noticed"),
        ),
        source="CPython Python/pystate.c, _PyRuntimeState_ReInitThreads; Python/ceval_gil.c, "
        "_PyEval_SignalReceived, which sets a bit of the thread that was the main one",
    ),
    Parameter(
        name="thread_hook",
        about=(
            "whether threading.excepthook is called for an exception that leaves a thread's code"
        ),
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 8), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 8), value=True),
        ),
        source="CPython bpo-1230540; docs: library/threading, threading.excepthook",
    ),
    Parameter(
        name="early_exit_function",
        about="whether the import of multiprocessing registers its exit function, not its use",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3,), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3,), value=False),
        ),
        source="CPython 2.7 Lib/multiprocessing/__init__.py, import of util; 3.6 "
        "Lib/multiprocessing/popen_fork.py, the same",
    ),
    Parameter(
        name="process_end",
        about="whether a process that multiprocessing has forked runs its handlers at its end",
        spans=(
            Span("cpython", (), "os._exit"),
            Span("cpython", (3, 13), "handlers"),
            Span("pypy", (), "os._exit"),
        ),
        source="CPython gh-83856; Lib/multiprocessing/popen_fork.py, Popen._launch; "
        "Lib/multiprocessing/forkserver.py, main",
    ),
    Parameter(
        name="process_without_status",
        about="the exit status of a process of multiprocessing that calls sys.exit(None)",
        spans=(
            Span("cpython", (), 1),
            Span("cpython", (3, 9), 0),
            Span("pypy", (), 1),
            Span("pypy", (3, 9), 0),
        ),
        source="CPython 3.8 and 3.9 Lib/multiprocessing/process.py, BaseProcess._bootstrap",
    ),
    Parameter(
        name="start_methods",
        about="whether multiprocessing has other ways to start a process than fork",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 4), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 4), value=True),
        ),
        source="docs: library/multiprocessing, multiprocessing.get_context",
    ),
    Parameter(
        name="list_runs_before_end",
        about=(
            "whether threading counts the main thread as ended only after its list of functions"
        ),
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 9, 8), value=True),
            Span("cpython", (3, 10), value=False),
            Span("cpython", (3, 10, 1), value=True),
            Span("pypy", (), value=True),
        ),
        source="CPython bpo-1596321, GH-28549 and GH-28589; Lib/threading.py, _shutdown",
    ),
    Parameter(
        name="eval_forgets_interrupt",
        about=(
            "whether eval of a text, while handlers run, makes a program exit with 1 after "
            "KeyboardInterrupt"
        ),
        spans=(
            Span("cpython", (), value=True),  # before 3.8 it ends with 1 in any case
            Span("cpython", (3, 14), value=False),
            Span("pypy", (), value=False),
        ),
        source="CPython 3.13 Python/pythonrun.c, run_eval_code_obj; 3.13 "
        "Lib/multiprocessing/util.py, which imports subprocess, whose imports call eval",
    ),
    Parameter(
        name="server_imports",
        about="whether the fork server imports the program's file, and its children do not",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 13, 8), value=True),
            Span("cpython", (3, 14), value=False),
            Span("cpython", (3, 14, 1), value=True),
            Span("pypy", (), value=False),
        ),
        source="CPython gh-126631, GH-135295; Lib/multiprocessing/forkserver.py, "
        "ForkServer.ensure_running",
    ),
    Parameter(
        name="server_keeps_status",
        about="whether a child of the fork server exits with its own status, not with 1",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 7), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 7), value=True),
        ),
        source="CPython bpo-30589; 3.6 Lib/multiprocessing/forkserver.py, main and _serve_one",
    ),
    Parameter(
        name="late_join",
        about="what Thread.join of a daemon thread does while the interpreter finalizes",
        spans=(
            Span("cpython", (), "runs"),
            Span("cpython", (3,), "waits"),
            Span("cpython", (3, 9), "returns"),
            Span("cpython", (3, 13), "waits"),
            Span("cpython", (3, 14), "refuses"),
            Span("pypy", (), "waits"),
        ),
        source="CPython bpo-19466: 3.9 Python/pylifecycle.c, Py_FinalizeEx; gh-114271: 3.13 "
        "Modules/_threadmodule.c; gh-87135",
    ),
    Parameter(
        name="has_runner",
        about="whether asyncio.run exists",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 7), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 7), value=True),
        ),
        source="docs: library/asyncio-runner, asyncio.run, New in version 3.7",
    ),
    Parameter(
        name="runner_takes_sigint",
        about="whether asyncio.run has a handler of SIGINT of its own",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 11), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 11), value=True),
        ),
        source="CPython gh-83658; docs: library/asyncio-runner, Handling Keyboard Interruption",
    ),
    Parameter(
        name="copied_loop",
        about="what an event loop is in a child that one of its tasks has forked",
        spans=(
            Span("cpython", (), "runs"),
            Span("cpython", (3, 8), "unknown"),
            Span("cpython", (3, 14), "holds exits"),
            Span("pypy", (), "runs"),
            Span("pypy", (3, 8), "unknown"),
        ),
        source="CPython Lib/asyncio/events.py, _get_running_loop; 3.8 Lib/asyncio/tasks.py, sleep; "
        "3.14 Modules/_asynciomodule.c, leave_task",
    ),
    Parameter(
        name="hook_exits",
        about="whether sys.exit in sys.excepthook sets the exit status",
        spans=(Span("cpython", (), value=True), Span("pypy", (), value=False)),
        source="CPython Python/pythonrun.c, handle_system_exit; PyPy "
        "pypy/interpreter/app_main.py, display_exception",
    ),
    Parameter(
        name="prompt_handlers",
        about="what registers with atexit before a prompt",
        spans=(
            Span("cpython", (), "none"),
            Span("cpython", (3, 4), "history"),
            Span("cpython", (3, 13), "history 3.13"),
            Span("pypy", (), "none"),
            Span("pypy", (3,), "completer"),
        ),
        source="docs: library/site, Readline configuration; CPython Lib/site.py",
    ),
    Parameter(
        name="prompt_interrupt",
        about=(
            "after which KeyboardInterrupt an interactive interpreter is killed by SIGINT at its "
            "end"
        ),
        spans=(
            Span("cpython", (), "forgotten"),
            Span("cpython", (3, 8), "both"),
            Span("cpython", (3, 10), "typed"),
            Span("cpython", (3, 14), "both"),
            Span("pypy", (), "forgotten"),
        ),
        source="CPython Modules/main.c, pymain_repl and Py_RunMain; Python/pythonrun.c, "
        "run_eval_code_obj",
    ),
    Parameter(
        name="endless_calls",
        about="how endless recursion through C code ends when Python's own limit is raised",
        spans=(
            Span("cpython", (), "overflow"),
            Span("cpython", (3, 12), "raise"),
            Span("pypy", (), "overflow"),
            Span("pypy", (8,), "raise", own=True),
        ),
        source="CPython gh-91079; What's New In Python 3.12, sys.setrecursionlimit; PyPy issue "
        "#4874, pull request #5520",
    ),
    Parameter(
        name="gzip_loses",
        about="what a GzipFile that is a global loses when globals are released",
        spans=(
            Span("cpython", (), "nothing"),
            Span("cpython", (3,), "if held"),
            Span("cpython", (3, 8), "nothing"),
            Span("cpython", (3, 12), "if held"),
            Span("cpython", (3, 12, 10), "its buffer"),
            Span("cpython", (3, 13), "if held"),
            Span("cpython", (3, 13, 3), "its buffer"),
            Span("cpython", (3, 14), "all"),
            Span("pypy", (), "nothing"),
        ),
        source="CPython 3.7 Python/import.c, PyImport_Cleanup; gh-89550; gh-129726; Lib/gzip.py, "
        "_WriteBufferStream; gh-130806; 3.14 Lib/gzip.py, GzipFile.__del__",
    ),
    Parameter(
        name="unhandled_interrupt",
        about="what a simulated SIGINT does if it is ignored or has its default action",
        spans=(
            Span("cpython", (), "TypeError"),
            Span("cpython", (3, 7, 4), "nothing"),
            Span("pypy", (), "nothing"),
        ),
        source="CPython bpo-23395; PyPy pypy/module/signal/interp_signal.py, report_signal",
    ),
    Parameter(
        name="pools",
        about="which exit functions the pools of concurrent.futures register",
        spans=(
            Span("cpython", (), "backport"),
            Span("cpython", (3,), "both"),
            Span("cpython", (3, 7), "at use"),
            Span("cpython", (3, 9), "joined earlier"),
            Span("pypy", (), "backport"),
            Span("pypy", (3,), "both"),
            Span("pypy", (3, 7), "at use"),
            Span("pypy", (3, 9), "joined earlier"),
        ),
        source="CPython 3.8 Lib/concurrent/futures/thread.py and process.py; bpo-39812",
    ),
    Parameter(
        name="pools_refuse",
        about="whether a new pool refuses tasks once the exit function of such pools has run",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 7), value=True),
            Span("pypy", (), value=True),
        ),
        source="CPython bpo-33097; 3.6 and 3.7 Lib/concurrent/futures/thread.py and "
        "process.py, submit",
    ),
    Parameter(
        name="tracker",
        about="whether a named semaphore starts multiprocessing's resource tracker",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 14), value=True),
            Span("pypy", (), value=False),
        ),
        source="What's New In Python 3.14; CPython Lib/multiprocessing/synchronize.py, SemLock",
    ),
    Parameter(
        name="shared_memory",
        about="whether multiprocessing.shared_memory exists",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 8), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 8), value=True),
        ),
        source="What's New In Python 3.8; docs: library/multiprocessing.shared_memory",
    ),
    Parameter(
        name="file_buffer",
        about="how many KiB of what is written to a file wait in its buffer, at most",
        spans=(
            Span("cpython", (), 8),
            Span("cpython", (3, 14), 128),
            Span("pypy", (), 8),
        ),
        source="CPython gh-117151; Modules/_io/_iomodule.h, DEFAULT_BUFFER_SIZE",
    ),
    Parameter(
        name="pool_notices",
        about="whether a Pool of multiprocessing has a queue of changes that it notices",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 8), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (3, 8), value=True),
        ),
        source="CPython bpo-35493; Lib/multiprocessing/pool.py, Pool.__init__, _change_notifier",
    ),
    Parameter(
        name="wakes_closed_pools",
        about="whether the exit function of pools of processes may fail on one that is closed",
        spans=(
            Span("cpython", (), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3, 9), value=False),
        ),
        source="PyPy issue 3317; CPython bpo-39104; 3.7 Lib/concurrent/futures/process.py, "
        "_ThreadWakeup.wakeup and _python_exit",
    ),
    Parameter(
        name="spawns_executors",
        about="whether workers of a ProcessPoolExecutor can be spawned",
        spans=(
            Span("cpython", (), value=True),
            Span("pypy", (), value=False),
            Span("pypy", (7, 3, 12), value=True, own=True),
        ),
        source="PyPy issue 3910, of 7.3.11; measured on 8.0.1",
    ),
    Parameter(
        name="tracker_name",
        about="what multiprocessing's tracker is called",
        spans=(
            Span("cpython", (), "semaphore_tracker"),
            Span("cpython", (3, 8), "resource_tracker"),
            Span("pypy", (), "semaphore_tracker"),
            Span("pypy", (3, 8), "resource_tracker"),
        ),
        source="CPython bpo-36867; Lib/multiprocessing/resource_tracker.py",
    ),
    Parameter(
        name="server_catches_all",
        about="whether socketserver catches exceptions that are not subclasses of Exception",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3,), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3,), value=False),
        ),
        source="CPython 2.7 Lib/SocketServer.py, BaseServer._handle_request_noblock",
    ),
    Parameter(
        name="start_method",
        about="how multiprocessing starts a process, unless it is told to do otherwise",
        spans=(
            Span("cpython", (), "fork"),
            Span("cpython", (3, 14), "forkserver"),
            Span("pypy", (), "fork"),
        ),
        source="docs: library/multiprocessing, Contexts and start methods; CPython gh-84559",
    ),
    Parameter(
        name="closing_waits",
        about="whether wait_closed of a server of asyncio waits for its connections",
        spans=(
            Span("cpython", (), value=False),
            Span("cpython", (3, 12), value=True),
            Span("pypy", (), value=False),
        ),
        source="docs: library/asyncio-eventloop, Server.wait_closed; CPython gh-79033",
    ),
    Parameter(
        name="trusts_family",
        about="whether a socket of a given descriptor has the family that socket.fromfd is told",
        spans=(Span("cpython", (), value=False), Span("pypy", (), value=True)),
        source="PyPy rpython/rlib/rsocket.py, `_addrbuf`; CPython Modules/socketmodule.c,"
        " makesockaddr",
    ),
    Parameter(
        name="tells_frames",
        about="whether sys._current_frames is there",
        spans=(Span("cpython", (), value=True), Span("pypy", (), value=False)),
        source="docs: library/sys, sys._current_frames; PyPy pypy/module/sys has none",
    ),
    Parameter(
        name="wait_in_handler",
        about="whether a signal interrupts the wait for a lock within the handler of another",
        spans=(
            Span("cpython", (), "deaf"),
            Span("cpython", (3, 2), "interrupted"),
            Span("pypy", (), "deaf"),
            Span("pypy", (3,), "interrupted"),
            Span("pypy", (8,), "deaf", own=True),
        ),
        source="docs: library/threading, Lock.acquire, changed in 3.2; of PyPy seen, with a handler"
        " that waits for a lock, and another signal meanwhile: 7.3.5, 7.3.11 and 8.0.1",
    ),
    Parameter(
        name="callbacks",
        about="when the callbacks of weak references are called, if there is no cycle",
        spans=(Span("cpython", (), "at once"), Span("pypy", (), "collected")),
        source="docs: library/weakref; PyPy doc/cpython_differences, Differences related to "
        "garbage collection strategies",
    ),
    Parameter(
        name="call_leaves_child",
        about="whether subprocess.call leaves its child alone when an exception unwinds it",
        spans=(
            Span("cpython", (), value=True),
            Span("cpython", (3,), value=False),
            Span("pypy", (), value=True),
            Span("pypy", (3,), value=False),
        ),
        source="CPython 2.7 Lib/subprocess.py, call; 3.6, the same",
    ),
    Parameter(
        name="debugger_locks",
        about="whether Werkzeug's debugger has a lock of multiprocessing's",
        spans=(Span("werkzeug", (), value=False), Span("werkzeug", (3, 0, 4), value=True)),
        source="Werkzeug 3.0.4 src/werkzeug/debug/__init__.py, DebuggedApplication; #2916",
    ),
    Parameter(
        name="scheduler_forks",
        about="whether APScheduler imports the pool of processes with that of threads",
        spans=(Span("apscheduler", (), value=False), Span("apscheduler", (3, 10), value=True)),
        source="APScheduler apscheduler/executors/pool.py",
    ),
)


SUBJECTS = frozenset(span.subject for one in PARAMETERS for span in one.spans)


def profile(python: Mapping[str, Any], packages: Mapping[str, str] | None = None) -> Profile:
    """The parameters of a Python and its packages as a record describes them.

    Keys: `implementation`, `version` and, for PyPy, `implementation_version`.
    """
    versions = tuple(
        (name, text) for name, text in sorted((packages or {}).items()) if name in SUBJECTS
    )
    return _profile(
        python["implementation"],
        python["version"],
        python.get("implementation_version", ""),
        versions,
    )


@lru_cache(maxsize=1024)
def _profile(
    implementation: str, version: str, own: str, packages: tuple[tuple[str, str], ...]
) -> Profile:
    return profile_of(
        implementation,
        numbers(version),
        numbers(own),
        {name: numbers(text) for name, text in packages},
    )


def profile_of(
    implementation: str,
    version: Version,
    own: Version,
    packages: Mapping[str, Version],
    parameters: tuple[Parameter, ...] = PARAMETERS,
) -> Profile:
    """The parameters of a release, by a table that may be another than ours."""

    def holds(span: Span) -> bool:
        if span.subject in ("cpython", "pypy"):
            since = own if span.own else version
            return span.subject == implementation and since >= span.since
        return packages.get(span.subject, ()) >= span.since

    return msgspec.convert(
        {one.name: [span.value for span in one.spans if holds(span)][-1] for one in parameters},
        Profile,
    )


def numbers(version: str) -> Version:
    """(3, 13, 0) for "3.13.0"; what follows the first letter of a pre-release is left out."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
