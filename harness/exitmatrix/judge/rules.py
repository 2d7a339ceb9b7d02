"""The semantics of ending a Python process, as an ordered list of rules. Pure.

`predict` asks questions one after another: what does this act do here, who
catches this exception, what runs next. Of the rules about a question the first
whose condition holds answers it. A rule states a law, and sees the context only.

Two effects in `then` are a race: either may happen, and `race` says which two
events decide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from exitmatrix.judge.context import Context
from exitmatrix.judge.effects import (
    Calls,
    Child,
    Dies,
    Effect,
    Ends,
    GoesOn,
    HandlerOrder,
    Helps,
    Imports,
    Keeps,
    Leaves,
    LosesStdout,
    Meeting,
    Next,
    Passes,
    Prints,
    Raises,
    Registered,
    Restarts,
    Waits,
    Writes,
)
from exitmatrix.model import Frozen

Question = Literal[
    "act",  # what an act does to the process in which it is done
    "exception",  # what an exception does at the place it has come to
    "registers",  # what a step does to the list of handlers
    "imports",  # what libraries register
    "helpers",  # what processes libraries start
    "thread",  # whether the end of the main thread waits for another one
    "fork",  # what a forked child has of its parent's
    "order",  # in which order handlers run
    "handler",  # what a handler's own act does to the run of the others
    "prints",  # what an exception writes to stderr
    "subinterpreter",  # what the end of a second interpreter does
    "running",  # what registering and unregistering do while handlers run
    "flush",  # whether buffers are written out at this moment
    "data",  # what becomes of data in flight
    "grace",  # whether a handler ends before somebody sends SIGKILL
    "child ended",  # what a supervisor does when its child has ended
    "parent died",  # what becomes of a child whose parent is gone at once
    "parent ends",  # what becomes of a child whose parent ends in Python
    "again",  # what a second Ctrl-C meets
]

Then = Callable[[Context], Effect | tuple[Effect, ...]]


class Rule(Frozen, kw_only=True):
    """One law."""

    id: str
    about: Question
    when: Callable[[Context], bool]
    then: Then
    because: str
    source: str
    race: str = ""  # between which two events, where `then` has several effects


def _always(_: Context) -> bool:
    return True


def _does(*verbs: str) -> Callable[[Context], bool]:
    return lambda t: t.act.verb in verbs


TRACEBACK = "Traceback (most recent call last):"
IGNORED = "Exception ignored in atexit callback"
ADDRESS = "at 0x<address>"


def _text(context: Context) -> str:
    """How an exception's last line reads."""
    return context.act.about if context.act.verb == "raise" else context.exception


def _hook(name: str, context: Context) -> str:
    return f"sys.{name} is told: {_text(context).replace(': ', ' ', 1)}"


def _pools(context: Context) -> tuple[str, ...]:
    """What concurrent.futures registers when APScheduler imports it, oldest first."""
    thread, process = (f"concurrent.futures.{kind}._python_exit" for kind in ("thread", "process"))
    processes: tuple[str, ...] = ("multiprocessing.util._exit_function", process)
    if not context.since(3):  # the backport imports both kinds, as 3.6 does
        return thread, *processes
    if context.since(3, 7) and context.package("apscheduler") < (3, 10):
        processes = ()
    registered = (*processes, thread)
    return registered if not context.since(3, 9) else processes[:1]


def _low_byte(status: int) -> int:
    return status & 0xFF


DEFAULT_ACTION = {  # signal(7), section Standard signals
    "SIGTERM", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGUSR1", "SIGALRM", "SIGKILL", "SIGSEGV",
}  # fmt: skip

NO_THREADS_AT_EXIT = ((3, 12), (3, 12, 2))  # gh-104690 brought it, gh-113964 took it back
PYPY_WITHOUT_EXIT = (7, 3, 11)  # the last measured in which pypy #4995 shows

TRACKER_IGNORES = ("SIGINT", "SIGTERM")  # CPython Lib/multiprocessing/resource_tracker.py, main

# What a second Ctrl-C meets in the two processes of 2.7, which run their handlers at the same time.
MEETINGS_2: tuple[tuple[tuple[str, Meeting], ...], ...] = (
    (("child", "handler"),),
    (("parent", "handler"),),
    (("parent", "handler"), ("child", "handler")),
    (("child", "handler"), ("parent", "call")),
    (("parent", "handler"), ("child", "call")),
    (("child", "handler"), ("parent", "atexit")),
    (("child", "handler"), ("parent", "nobody")),
)

RULES: tuple[Rule, ...] = (
    # ------------------------------------------------------------------------------ acts
    Rule(
        id="reloader-sigterm",
        about="act",
        when=lambda t: t.act.about == "SIGTERM" and t.place in ("reloader", "supervisor"),
        then=lambda _: Raises("SystemExit", 0),
        because=(
            "Werkzeug's reloader installs a SIGTERM handler that calls sys.exit(0), in the parent "
            "and in the child; it runs in the main thread, whichever thread the signal reached."
        ),
        source="Werkzeug src/werkzeug/_reloader.py, run_with_reloader; docs: library/signal",
    ),
    Rule(
        id="own-signal-handler",
        about="act",
        when=lambda t: t.act.verb == "signal" and t.handled,
        then=lambda _: Calls(),
        because=(
            "A signal for which the program has set a handler calls it, in the main thread between "
            "two instructions; what the handler raises is raised there."
        ),
        source="docs: library/signal, Execution of Python signal handlers",
    ),
    Rule(
        id="default-action",
        about="act",
        when=lambda t: t.act.verb == "signal" and t.act.about in DEFAULT_ACTION,
        then=lambda t: Dies(t.act.about),
        because=(
            "A signal that the program does not handle has its default action: the kernel ends "
            "the process, and nothing in Python runs, neither handlers nor the flushing of buffers."
        ),
        source="signal(7), section Standard signals; docs: library/atexit, note at the top",
    ),
    Rule(
        id="sigpipe-ignored",
        about="act",
        when=lambda t: t.act.verb == "signal" and t.act.about == "SIGPIPE",
        then=lambda _: GoesOn(),
        because="Python ignores SIGPIPE from its start, so that writes fail with an exception.",
        source="docs: library/signal, General rules; CPython Python/pylifecycle.c, init_signals",
    ),
    Rule(
        id="sigint-raises",
        about="act",
        when=lambda t: t.act.verb == "signal" and t.act.about == "SIGINT",
        then=lambda _: Raises("KeyboardInterrupt"),
        because="Python turns SIGINT into a KeyboardInterrupt, raised in the main thread.",
        source="docs: library/signal, signal.default_int_handler",
    ),
    Rule(
        id="reloader-sees-change",
        about="act",
        when=_does("touch"),
        then=lambda _: Raises("SystemExit", 3),
        because="When a watched file changes, the child's reloader calls sys.exit(3).",
        source="Werkzeug src/werkzeug/_reloader.py, ReloaderLoop.trigger_reload",
    ),
    Rule(
        id="exit-status-number",
        about="act",
        when=lambda t: t.act.verb == "sys.exit" and t.act.about.lstrip("-").isdigit(),
        then=lambda t: Raises("SystemExit", _low_byte(t.act.number)),
        because=(
            "sys.exit raises SystemExit. Of its number the kernel keeps the low eight bits: "
            "256 becomes 0 and -1 becomes 255."
        ),
        source="docs: library/sys, sys.exit; wait(2), WEXITSTATUS",
    ),
    Rule(
        id="exit-status-text",
        about="act",
        when=_does("sys.exit"),
        then=lambda _: Raises("SystemExit", 1),
        because="sys.exit with anything but a number or None prints it and ends with status 1.",
        source="docs: library/sys, sys.exit",
    ),
    Rule(
        id="raise",
        about="act",
        when=_does("raise"),
        then=lambda t: Raises(t.act.about if t.act.about == "KeyboardInterrupt" else "Exception"),
        because="An exception is raised in the thread whose code raises it, and nowhere else.",
        source="docs: reference/executionmodel, Exceptions",
    ),
    Rule(
        id="last-line",
        about="act",
        when=_does("return"),
        then=lambda _: Ends(0),
        because="A program that reaches its last line ends normally, with status 0.",
        source="docs: library/atexit; CPython Modules/main.c, pymain_run_python",
    ),
    Rule(
        id="immediate-exit",
        about="act",
        when=_does("os._exit", "C _exit", "C quick_exit"),
        then=lambda t: Leaves(_low_byte(t.act.number)),
        because=(
            "os._exit, _exit and quick_exit end the process at once. None of them knows of "
            "Python's handlers and buffers."
        ),
        source="docs: library/os, os._exit; _exit(2); quick_exit(3)",
    ),
    Rule(
        id="libc-exit-stdio",
        about="act",
        when=lambda t: t.act.verb == "C exit" and not t.since(3),
        then=lambda t: Leaves(t.act.number, flushed=True),
        because=(
            "exit(3) flushes the C library's streams, and Python 2 writes through those. Python's "
            "handlers are not registered with the C library."
        ),
        source="exit(3); CPython 2.7 Objects/fileobject.c",
    ),
    Rule(
        id="libc-exit",
        about="act",
        when=_does("C exit"),
        then=lambda t: Leaves(t.act.number),
        because=(
            "exit(3) runs what was registered with the C library's atexit(3), and Python's "
            "handlers are not; Python 3 and PyPy have buffers of their own that it does not know."
        ),
        source="exit(3); docs: library/io, Buffered Streams",
    ),
    Rule(
        id="fatal-error-flushes",
        about="act",
        when=lambda t: t.act.verb == "fatal error" and t.since(3),
        then=lambda _: Dies("SIGABRT", flushed=True),
        because=(
            "Py_FatalError flushes stdout and stderr, writes its message and aborts; handlers do "
            "not run, because the interpreter's state cannot be trusted."
        ),
        source="docs: c-api/sys, Py_FatalError; CPython Python/pylifecycle.c, fatal_error",
    ),
    Rule(
        id="fatal-error",
        about="act",
        when=_does("fatal error"),
        then=lambda _: Dies("SIGABRT"),
        because="Python 2's Py_FatalError writes its message and aborts, and flushes nothing.",
        source="CPython 2.7 Python/pythonrun.c, Py_FatalError",
    ),
    Rule(
        id="exec-replaces",
        about="act",
        when=_does("exec"),
        then=lambda t: Leaves(int(t.act.about.split()[-1])),
        because=(
            "exec replaces the program within the process. The old one does not end, so nothing "
            "of its end takes place; the exit status is the new program's."
        ),
        source="docs: library/os, os.execv; execve(2)",
    ),
    Rule(
        id="reader-gone",
        about="act",
        when=_does("close stdout"),
        then=lambda _: LosesStdout(),
        because="A reader that goes away ends nothing: only a later write fails, with EPIPE.",
        source="pipe(7), section I/O on pipes and FIFOs",
    ),
    # ------------------------------------------------------------------------- exceptions
    Rule(
        id="thread-ends-alone",
        about="exception",
        when=lambda t: t.place == "thread",
        then=lambda _: GoesOn("200"),
        because=(
            "What leaves a thread's code ends that thread: SystemExit silently, anything else with "
            "a traceback. The process goes on."
        ),
        source="docs: library/threading, threading.excepthook; library/_thread, start_new_thread",
    ),
    Rule(
        id="view-exception",
        about="exception",
        when=lambda t: t.place.startswith("view") and t.exception == "Exception",
        then=lambda _: GoesOn("500"),
        because="Flask turns an exception in a view into the answer 500.",
        source="Flask src/flask/app.py, Flask.handle_exception",
    ),
    Rule(
        id="view-ends-its-thread",
        about="exception",
        when=lambda t: t.place == "view",
        then=lambda _: GoesOn("none"),
        because=(
            "SystemExit and KeyboardInterrupt are no Exception, so Flask lets them pass, and they "
            "end the request's thread: the client gets no answer, and the server goes on."
        ),
        source="CPython Lib/socketserver.py, ThreadingMixIn.process_request_thread",
    ),
    Rule(
        id="socketserver-2-catches-all",
        about="exception",
        when=lambda t: t.place == "view in main" and not t.since(3),
        then=lambda _: GoesOn("none"),
        because="Python 2's SocketServer catches whatever a request raises, SystemExit too.",
        source="CPython 2.7 Lib/SocketServer.py, BaseServer._handle_request_noblock",
    ),
    Rule(
        id="socketserver-2-swallows-in-main",
        about="exception",
        when=lambda t: (
            t.exception == "SystemExit" and t.place == "server" and t.request and not t.since(3)
        ),
        then=lambda t: (Ends(t.status), GoesOn("either")),
        because=(
            "Python 2's SocketServer catches whatever is raised while it hands a request over to "
            "its thread. A signal that the view sends may come to the main thread just there: the "
            "SystemExit of its handler is then swallowed, and the server goes on."
        ),
        source="CPython 2.7 Lib/SocketServer.py, BaseServer._handle_request_noblock",
        race="the signal, and the main thread's return to waiting for the next request",
    ),
    Rule(
        id="view-leaves-the-loop",
        about="exception",
        when=lambda t: t.place == "view in main",
        then=lambda _: Passes("server"),
        because=(
            "Without threads a view runs inside the server's loop, and socketserver lets what is "
            "no Exception out of it."
        ),
        source="CPython Lib/socketserver.py, BaseServer._handle_request_noblock",
    ),
    Rule(
        id="werkzeug-stops-at-ctrl-c",
        about="exception",
        when=lambda t: (
            t.exception == "KeyboardInterrupt" and t.place in ("server", "reloader", "supervisor")
        ),
        then=lambda _: Ends(0),
        because=(
            "Werkzeug's server swallows KeyboardInterrupt and returns, and so does its reloader, "
            "in parent and child: the program reaches its last line."
        ),
        source="Werkzeug src/werkzeug/serving.py, BaseWSGIServer.serve_forever; "
        "src/werkzeug/_reloader.py, run_with_reloader",
    ),
    Rule(
        id="system-exit",
        about="exception",
        when=lambda t: t.exception == "SystemExit",
        then=lambda t: Ends(t.status),
        because="SystemExit that nobody catches ends the main thread, and the program normally.",
        source="docs: library/exceptions, SystemExit",
    ),
    Rule(
        id="pypy-ctrl-c-skips-exit",
        about="exception",
        when=lambda t: (
            t.exception == "KeyboardInterrupt" and t.pypy and t.own_version <= PYPY_WITHOUT_EXIT
        ),
        then=lambda _: Dies("SIGINT", flushed=True),
        because=(
            "This PyPy kills itself with SIGINT for an uncaught KeyboardInterrupt before it runs "
            "its exit functions; buffers were written by then."
        ),
        source="PyPy issue #4995",
    ),
    Rule(
        id="ctrl-c-dies-of-sigint",
        about="exception",
        when=lambda t: t.exception == "KeyboardInterrupt" and t.since(3, 8),
        then=lambda _: Ends(signal="SIGINT"),
        because=(
            "From 3.8 on an uncaught KeyboardInterrupt ends the program normally and then kills "
            "the process with SIGINT, so that a shell sees an interrupted program."
        ),
        source="bpo-1054041; CPython Modules/main.c, exit_sigint",
    ),
    Rule(
        id="uncaught-exception",
        about="exception",
        when=_always,
        then=lambda _: Ends(1),
        because=(
            "An exception that nobody catches is printed, and the program ends normally with "
            "status 1; before 3.8 that holds for KeyboardInterrupt too."
        ),
        source="docs: library/sys, sys.excepthook; CPython Python/pythonrun.c",
    ),
    # -------------------------------------------------------------------- the list of handlers
    Rule(
        id="register-appends",
        about="registers",
        when=_does("register", "thread that ends after main registers"),
        then=lambda t: Registered((*t.handlers, t.act.about)),
        because=(
            "Each call of register adds one entry, with its arguments, also for a function that is "
            "registered already, and from whichever thread."
        ),
        source="docs: library/atexit, atexit.register",
    ),
    Rule(
        id="unregister-equal",
        about="registers",
        when=_does("unregister"),
        then=lambda t: Registered(tuple(one for one in t.handlers if one != t.act.about)),
        because=(
            "unregister removes every entry that compares equal, however many; where there is "
            "none it silently does nothing."
        ),
        source="docs: library/atexit, atexit.unregister",
    ),
    Rule(
        id="unregister-not-by-name",
        about="registers",
        when=_does("unregister a namesake of"),
        then=lambda t: Registered(t.handlers),
        because="Functions are equal only to themselves: one that bears the same name is another.",
        source="docs: library/atexit, atexit.unregister; reference/expressions, Value comparisons",
    ),
    Rule(
        id="list-is-emptied",
        about="registers",
        when=_does("clear", "run handlers"),
        then=lambda _: Registered(()),
        because="atexit._clear empties the list; atexit._run_exitfuncs runs, then empties it.",
        source="CPython Modules/atexitmodule.c, atexit_clear and atexit_run_exitfuncs",
    ),
    Rule(
        id="exitfunc-holds-one",
        about="registers",
        when=_does("exitfunc"),
        then=lambda t: Registered((f"sys.exitfunc:{t.act.about}",)),
        because=(
            "Python 2 calls sys.exitfunc at the end, one function. atexit is such a function: it "
            "keeps one that is there when it is imported, and is displaced by one that comes later."
        ),
        source="docs of 2.7: library/sys, sys.exitfunc; CPython 2.7 Lib/atexit.py, last lines",
    ),
    Rule(
        id="logging-shutdown",
        about="imports",
        when=lambda t: t.library == "logging",
        then=lambda _: Imports(before=("logging.shutdown",)),
        because=(
            "Importing logging registers logging.shutdown: before the program's own handlers, so "
            "it runs after them. Werkzeug imports it."
        ),
        source="CPython Lib/logging/__init__.py, last lines",
    ),
    Rule(
        id="pools-register",
        about="imports",
        when=lambda t: t.library == "apscheduler",
        then=lambda t: Imports(before=_pools(t)),
        because=(
            "APScheduler uses the pools of concurrent.futures. Up to 3.8 each kind that is "
            "imported registers an exit function (from 3.9 on they are joined before atexit's "
            "turn), and the pool of processes brings multiprocessing's."
        ),
        source="CPython 3.8 Lib/concurrent/futures/thread.py and process.py; bpo-39812",
    ),
    Rule(
        id="multiprocessing-exit",
        about="imports",
        when=lambda t: t.library == "debugger" and t.package("werkzeug") >= (3,),
        then=lambda _: Imports(after=("multiprocessing.util._exit_function",)),
        because=(
            "The debugger of Werkzeug 3 imports multiprocessing when the server starts: it "
            "registers its exit function after the program's own handlers, so it runs before them."
        ),
        source="Werkzeug src/werkzeug/debug/__init__.py; CPython Lib/multiprocessing/util.py",
    ),
    Rule(
        id="resource-tracker",
        about="helpers",
        when=lambda t: t.package("werkzeug") >= (3,) and t.since(3, 14),
        then=lambda t: Helps(
            ("multiprocessing.resource_tracker",),
            ("semaphore",) if t.everyone and t.act.about not in TRACKER_IGNORES else (),
        ),
        because=(
            "The debugger's lock is a named semaphore. From 3.14 on multiprocessing does not fork "
            "by default on Linux, and then starts a tracker that removes such names; a signal "
            "that kills the tracker too leaves them."
        ),
        source="CPython Lib/multiprocessing/synchronize.py, SemLock; What's New In Python 3.14",
    ),
    # ----------------------------------------------------------------------- before the handlers
    Rule(
        id="waits-for-threads",
        about="thread",
        when=lambda t: t.act.verb != "daemon thread",
        then=lambda _: Waits(waits=True),
        because=(
            "Before handlers run, the main thread joins every thread that is no daemon: what such "
            "a thread still registers is registered in time."
        ),
        source="docs: library/threading, Thread objects; CPython Python/pylifecycle.c, "
        "wait_for_thread_shutdown",
    ),
    Rule(
        id="daemons-are-left",
        about="thread",
        when=_always,
        then=lambda _: Waits(waits=False),
        because="A daemon thread is not waited for; it is stopped wherever it is.",
        source="docs: library/threading, Thread objects",
    ),
    Rule(
        id="fork-copies",
        about="fork",
        when=_always,
        then=lambda t: Registered(t.handlers),
        because=(
            "A forked child is a copy: it has its parent's handlers, those that have not run yet, "
            "and what the parent had buffered. Both are used twice if both processes end normally."
        ),
        source="fork(2); docs: library/os, os.fork",
    ),
    # --------------------------------------------------------------------------------- handlers
    Rule(
        id="lifo",
        about="order",
        when=_always,
        then=lambda t: HandlerOrder(tuple(reversed(t.handlers))),
        because="Handlers run in the reverse of the order in which they were registered.",
        source="docs: library/atexit; CPython Modules/atexitmodule.c, atexit_callfuncs",
    ),
    Rule(
        id="handler-exit-status-2",
        about="handler",
        when=lambda t: t.exception == "SystemExit" and not t.since(3),
        then=lambda t: Next(raised=True, status=t.status),
        because=(
            "Python 2 runs the remaining handlers and raises the last exception again: a "
            "SystemExit from a handler becomes the program's exit status."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; Python/pythonrun.c, call_sys_exitfunc",
    ),
    Rule(
        id="handler-raises",
        about="handler",
        when=lambda t: t.exception != "",
        then=lambda _: Next(raised=True),
        because=(
            "What a handler raises ends that handler only. The others run, and the exit status is "
            "what it would have been."
        ),
        source="docs: library/atexit, atexit.register; CPython Modules/atexitmodule.c, "
        "atexit_callfuncs",
    ),
    Rule(
        id="no-threads-at-exit",
        about="handler",
        when=lambda t: t.act.verb in ("start thread", "fork") and t.between(*NO_THREADS_AT_EXIT),
        then=lambda _: Next(raised=True),
        because=(
            "3.12.0 to 3.12.2 refuse new threads and forks once the interpreter is ending, with "
            "RuntimeError."
        ),
        source="CPython gh-104690, taken back by gh-113964",
    ),
    Rule(
        id="handlers-may-do-anything",
        about="handler",
        when=_always,
        then=lambda _: Next(),
        because="While handlers run the interpreter is whole: threads, forks and imports work.",
        source="CPython Python/pylifecycle.c, Py_FinalizeEx: handlers before anything is torn down",
    ),
    Rule(
        id="registered-while-running-2",
        about="running",
        when=lambda t: t.act.verb == "register" and not t.since(3),
        then=lambda t: Registered((*t.handlers, t.act.about)),
        because=(
            "Python 2 pops handlers off a list until it is empty, so one that is registered "
            "meanwhile runs next."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; docs call it undefined",
    ),
    Rule(
        id="registered-while-running",
        about="running",
        when=_does("register"),
        then=lambda t: Registered(t.handlers),
        because=(
            "Handlers are run from the place where the list ended when running began; what is "
            "added behind it is cleared without having run."
        ),
        source="CPython Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    Rule(
        id="runs-from-a-copy",
        about="running",
        when=lambda t: t.act.verb == "unregister" and not t.pypy and t.since(3, 14),
        then=lambda t: Registered(t.handlers),
        because=(
            "From 3.14 on the handlers are run from a copy of the list: one that is unregistered "
            "meanwhile still runs."
        ),
        source="CPython Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    Rule(
        id="unregistered-while-running",
        about="running",
        when=_does("unregister"),
        then=lambda t: Registered(tuple(one for one in t.handlers if one != t.act.about)),
        because=(
            "Handlers are taken from the list itself, so one that is unregistered before its turn "
            "does not run."
        ),
        source="CPython 3.13 Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    # ----------------------------------------------------------------------------------- stderr
    Rule(
        id="uncaught-is-printed",
        about="prints",
        when=lambda t: t.handler == "" and not t.again and t.exception != "SystemExit",
        then=lambda t: Prints((TRACEBACK, _text(t))),
        because="An exception that nobody catches is printed before any handler runs.",
        source="docs: library/sys, sys.excepthook",
    ),
    Rule(
        id="last-is-raised-again",
        about="prints",
        when=lambda t: t.again and not t.since(3),
        then=lambda t: Prints(
            (
                "Error in sys.exitfunc:",
                *((_hook("excepthook", t),) if t.hooked else (TRACEBACK, _text(t))),
            )
        ),
        because=(
            "Python 2 raises the last exception of the handlers again when all have run, and "
            "prints it once more, through sys.excepthook."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; Python/pythonrun.c, call_sys_exitfunc",
    ),
    Rule(
        id="unraisable-hook-is-told",
        about="prints",
        when=lambda t: t.handler != "" and t.hooked and t.since(3, 10),
        then=lambda t: Prints((_hook("unraisablehook", t),)),
        because=(
            "From 3.10 on what a handler raises is reported as unraisable, one handler at a time; "
            "nothing is raised again at the end."
        ),
        source="CPython bpo-42639; Modules/atexitmodule.c, atexit_callfuncs",
    ),
    Rule(
        id="pypy-printed-unraisable",
        about="prints",
        when=lambda t: t.handler != "" and t.pypy and t.since(3, 10),
        then=lambda t: Prints((f"{IGNORED} <function {t.handler} {ADDRESS}>", _text(t))),
        because="This PyPy names the handler, and prints what it raised without a traceback.",
        source="PyPy pypy/module/atexit, pypy/interpreter/error.py",
    ),
    Rule(
        id="printed-unraisable",
        about="prints",
        when=lambda t: t.handler != "" and t.since(3, 13),
        then=lambda t: Prints(
            (f"{IGNORED} <function {t.handler} {ADDRESS}>:", TRACEBACK, _text(t))
        ),
        because="From 3.13 on the line that names the handler ends with a colon.",
        source="CPython Modules/atexitmodule.c, atexit_callfuncs, PyErr_FormatUnraisable",
    ),
    Rule(
        id="printed-unraisable-3-10",
        about="prints",
        when=lambda t: t.handler != "" and t.since(3, 10),
        then=lambda t: Prints(
            (f"{IGNORED}: <function {t.handler} {ADDRESS}>", TRACEBACK, _text(t))
        ),
        because="From 3.10 to 3.12 a colon stands before the handler.",
        source="CPython 3.10 Modules/atexitmodule.c, _PyErr_WriteUnraisableMsg",
    ),
    Rule(
        id="pypy-printed",
        about="prints",
        when=lambda t: t.handler != "" and t.pypy,
        then=lambda t: Prints((TRACEBACK, _text(t))),
        because="Older PyPys print the traceback of each handler, and nothing about whose it is.",
        source="PyPy lib_pypy or pypy/module/atexit, run_exitfuncs",
    ),
    Rule(
        id="printed-by-atexit",
        about="prints",
        when=lambda t: t.handler != "",
        then=lambda t: Prints(("Error in atexit._run_exitfuncs:", TRACEBACK, _text(t))),
        because="Up to 3.9 atexit prints the traceback of each handler itself, past any hook.",
        source="CPython 3.9 Modules/atexitmodule.c, atexit_callfuncs; 2.7 Lib/atexit.py",
    ),
    # -------------------------------------------------------------------------- subinterpreters
    Rule(
        id="subinterpreter-of-3-7-aborts",
        about="subinterpreter",
        when=lambda t: t.act.about != "" and t.since(3, 7) and not t.since(3, 8),
        then=lambda _: Dies("SIGABRT", flushed=True),
        because=(
            "3.7 runs the main interpreter's handlers and then aborts, because another interpreter "
            "is still there."
        ),
        source="CPython 3.7 Python/pystate.c, PyInterpreterState_Delete: remaining subinterpreters",
    ),
    Rule(
        id="subinterpreter-forgets",
        about="subinterpreter",
        when=lambda t: not t.since(3, 7),
        then=lambda _: HandlerOrder(()),
        because=(
            "Before 3.7 handlers are the process's, and only the main interpreter's end runs them: "
            "those that a second one registered never run."
        ),
        source="bpo-31901; docs: library/atexit, atexit.register",
    ),
    Rule(
        id="subinterpreter-left-3-8",
        about="subinterpreter",
        when=lambda t: t.act.about != "" and not t.since(3, 12),
        then=lambda _: Leaves(0),
        because=(
            "From 3.8 to 3.11 a second interpreter's handlers begin when the runtime already "
            "counts as finalizing: the first one that lets go of the interpreter's lock, as any "
            "system call does, ends the main thread, and with it the process, with status 0."
        ),
        source="CPython gh-109793; 3.11 Python/ceval_gil.h, take_gil",
    ),
    Rule(
        id="subinterpreter-runs-its-own",
        about="subinterpreter",
        when=_always,
        then=lambda t: HandlerOrder(tuple(reversed(t.handlers))),
        because=(
            "Handlers belong to the interpreter that registered them: its end runs them, in the "
            "reverse of their order; from 3.12 on the end of the main one ends it first."
        ),
        source="docs: library/atexit, atexit.register; CPython Python/pylifecycle.c, "
        "Py_EndInterpreter",
    ),
    # --------------------------------------------------------------------------------- buffers
    Rule(
        id="flush-before-handlers",
        about="flush",
        when=lambda t: t.flushes == "code ended" and (t.since(3) or t.exception == "SystemExit"),
        then=lambda _: Writes(written=True),
        because=(
            "Stdout is flushed when the program's code has ended, before any handler runs: what "
            "happens in a handler does not touch what was written until then. Python 2 does so "
            "only where SystemExit ended the code."
        ),
        source="CPython Python/pythonrun.c, flush_io; 2.7 Python/pythonrun.c, handle_system_exit; "
        "PyPy pypy/interpreter/app_main.py, run_toplevel",
    ),
    Rule(
        id="lost-stdout-120",
        about="flush",
        when=lambda t: t.flushes == "finalized, no reader" and t.since(3),
        then=lambda _: Writes(written=False, failed=120),
        because=(
            "The flush of stdout at the end fails when nobody reads it any more, and then the exit "
            "status is 120."
        ),
        source="docs: library/sys, sys.exit; CPython Python/pylifecycle.c, Py_FinalizeEx",
    ),
    Rule(
        id="lost-stdout-silent",
        about="flush",
        when=lambda t: t.flushes == "finalized, no reader",
        then=lambda _: Writes(written=False),
        because="Python 2 does not look whether the last flush of stdout worked.",
        source="CPython 2.7 Python/pythonrun.c, Py_Finalize",
    ),
    Rule(
        id="flush-at-end",
        about="flush",
        when=lambda t: t.flushes == "finalized",
        then=lambda _: Writes(written=True),
        because="An interpreter that ends normally writes out what is buffered for stdout.",
        source="CPython Python/pylifecycle.c, flush_std_files",
    ),
    # ------------------------------------------------------------------------------------ data
    Rule(
        id="clean-end-saves-data",
        about="data",
        when=lambda t: t.finalized,
        then=lambda t: Keeps(t.clean),
        because=(
            "A normal end brings into safety what handlers see to, and closes the files that "
            "nobody closed."
        ),
        source="docs: library/atexit; library/io, IOBase.__del__",
    ),
    Rule(
        id="stdio-saves-files",
        about="data",
        when=lambda t: t.flushed and t.data in ("buffer", "long buffer") and not t.since(3),
        then=lambda _: Keeps("kept"),
        because="Python 2's files are the C library's streams, which exit(3) flushes.",
        source="exit(3); CPython 2.7 Objects/fileobject.c",
    ),
    Rule(
        id="memory-is-lost",
        about="data",
        when=lambda t: t.data in ("memory", "buffer", "long buffer"),
        then=lambda t: Keeps("damaged" if t.data == "long buffer" else "lost"),
        because=(
            "What is in the memory of a process goes with it. Of a long file what did not fit the "
            "buffer is on disk already: it ends in the middle of a line."
        ),
        source="docs: library/functions, open, buffering",
    ),
    Rule(
        id="transaction-is-rolled-back",
        about="data",
        when=lambda t: t.data in ("transaction", "journal"),
        then=lambda t: Keeps("lost" if t.data == "transaction" else "left behind"),
        because=(
            "A transaction that was not committed did not take place. Its journal stays on disk "
            "until the next one who opens the database rolls it back."
        ),
        source="docs: library/sqlite3, Transaction control; SQLite, Atomic Commit, 4 Rollback",
    ),
    Rule(
        id="nobody-removes-files",
        about="data",
        when=lambda t: t.data == "file",
        then=lambda _: Keeps("left behind"),
        because="The kernel closes files and removes none: lock files and temporary folders stay.",
        source="_exit(2); unlink(2)",
    ),
    Rule(
        id="grace-time",
        about="grace",
        when=_always,
        then=lambda t: Child("ends" if t.needs < t.grace else "killed"),
        because=(
            "Nothing in Python limits how long handlers take. Who sends SIGKILL after a grace time "
            "does: a handler ends if it and those before it need less than that together."
        ),
        source="signal(7); docker stop, kill -9 after 10 s; systemd.kill(5), TimeoutStopSec",
    ),
    # ------------------------------------------------------------------------------- supervisor
    Rule(
        id="wait-returns",
        about="child ended",
        when=lambda t: t.program.supervisor == "wait",
        then=lambda _: Ends(0),
        because=(
            "Popen.wait returns its child's status, negative for a signal, and raises nothing: "
            "the parent goes on to its last line."
        ),
        source="docs: library/subprocess, Popen.wait and Popen.returncode",
    ),
    Rule(
        id="wait-leaves-child",
        about="parent ends",
        when=lambda t: t.program.supervisor == "wait",
        then=lambda t: Child("goes on" if t.child == "serves" else "ends"),
        because=(
            "An exception that leaves Popen.wait does nothing to the child: one that got no signal "
            "goes on, an orphan."
        ),
        source="CPython Lib/subprocess.py, Popen.wait",
    ),
    Rule(
        id="reloader-restarts-on-3",
        about="child ended",
        when=lambda t: t.status == 3 and not t.signal,
        then=lambda _: Restarts(),
        because="Exit status 3 of the child, wherever it came from, asks the parent for a new one.",
        source="Werkzeug src/werkzeug/_reloader.py, restart_with_reloader",
    ),
    Rule(
        id="reloader-passes-status-on",
        about="child ended",
        when=_always,
        then=lambda t: Raises("SystemExit", _low_byte(t.status)),
        because=(
            "The reloader's parent calls sys.exit with its child's return code, which is negative "
            "for a signal: after SIGKILL, -9, of which 247 is left. So the parent ends normally, "
            "and its handlers run, however the child died."
        ),
        source="Werkzeug src/werkzeug/_reloader.py, run_with_reloader; docs: library/subprocess, "
        "Popen.returncode",
    ),
    Rule(
        id="orphan-goes-on",
        about="parent died",
        when=_always,
        then=lambda _: Child("goes on"),
        because=(
            "A parent that the kernel ends tells its child nothing. The child becomes an orphan, "
            "goes on, and serves the port."
        ),
        source="wait(2), notes on orphans; prctl(2), PR_SET_PDEATHSIG, which nobody sets here",
    ),
    Rule(
        id="call-2-leaves-child",
        about="parent ends",
        when=lambda t: not t.since(3),
        then=lambda t: Child("goes on" if t.child == "serves" else "ends"),
        because=(
            "Python 2's subprocess.call lets an exception pass and leaves its child alone: one "
            "that got no signal goes on, an orphan, and one that got the same signal ends in its "
            "own time."
        ),
        source="CPython 2.7 Lib/subprocess.py, call",
    ),
    Rule(
        id="call-kills-child",
        about="parent ends",
        when=lambda t: t.child == "serves",
        then=lambda _: Child("killed"),
        because=(
            "In Python 3 an exception that unwinds subprocess.call, be it SystemExit, kills the "
            "child with SIGKILL: none of the child's handlers run."
        ),
        source="CPython Lib/subprocess.py, call",
    ),
    Rule(
        id="call-kills-ending-child",
        about="parent ends",
        when=lambda t: t.child == "ends",
        then=lambda _: (Child("ends"), Child("killed on its way")),
        because=(
            "Both processes got the signal. The parent's subprocess.call kills the child, which is "
            "running its own handlers: at once, or after Ctrl-C, from 3.7 on, when a quarter of a "
            "second has passed."
        ),
        source="CPython Lib/subprocess.py, call and Popen._sigint_wait_secs (bpo-25942)",
        race="the end of the child, and the SIGKILL that its parent sends on its own way out",
    ),
    Rule(
        id="second-ctrl-c-alone",
        about="again",
        when=lambda t: t.place != "supervisor",
        then=lambda _: Child("ends", (("main", "handler"),)),
        because=(
            "A second Ctrl-C raises KeyboardInterrupt in the handler that runs. That handler ends, "
            "and the others run."
        ),
        source="docs: library/signal; library/atexit, atexit.register",
    ),
    Rule(
        id="second-ctrl-c-2",
        about="again",
        when=lambda t: not t.since(3),
        then=lambda _: tuple(Child("ends", meets) for meets in MEETINGS_2),
        because=(
            "In Python 2 parent and child run their handlers at the same time after the first "
            "Ctrl-C. The second one interrupts whichever handler runs, in one of them or in both, "
            "also before its first line; between two, it interrupts atexit itself, which is "
            "Python code, and then none runs; and where the reloader is about to end, nobody "
            "catches it any more."
        ),
        source="CPython 2.7 Lib/subprocess.py, call; docs: library/signal",
        race="the second SIGINT, and the beginning of the first handler in each process",
    ),
    Rule(
        id="second-ctrl-c-no-grace",
        about="again",
        when=lambda t: not t.since(3, 7),
        then=lambda _: (
            Child("killed on its way", (("child", "handler"),)),
            Child("killed on its way", (("parent", "handler"),)),
            Child("ends", (("child", "handler"),)),
        ),
        because=(
            "Before 3.7 the parent kills the child at the first Ctrl-C, without a grace time; the "
            "second one interrupts whichever process's handler runs by then. A child that is quick "
            "has ended before it is killed."
        ),
        source="CPython 3.6 Lib/subprocess.py, call (bpo-25942 came in 3.7)",
        race="the second SIGINT, the end of the child, and the SIGKILL that its parent sends to it",
    ),
    Rule(
        id="second-ctrl-c-ends-grace",
        about="again",
        when=_always,
        then=lambda _: (
            Child("ends", (("child", "handler"),)),
            Child("killed on its way", (("child", "handler"),)),
        ),
        because=(
            "After the first Ctrl-C the parent gives its child a quarter of a second. The second "
            "one interrupts the child's handler and the parent's waiting, and the parent kills."
        ),
        source="CPython Lib/subprocess.py, Popen.wait and call (bpo-25942)",
        race="the end of the child, and the SIGKILL that its parent sends at the second SIGINT",
    ),
)

RULES_BY_ID = {rule.id: rule for rule in RULES}
