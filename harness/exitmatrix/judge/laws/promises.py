"""Laws about other promises of a clean end: finalizers, globals, threading, hooks."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Calls,
    Facts,
    Law,
    PassesOn,
    Proceeds,
    Raises,
    Swallows,
    Writes,
    does,
)
from exitmatrix.model.language import Finalize, Hook, Keep, RegisterThreading


def _lists(facts: Facts) -> bool:
    """Whether a function is to be put into threading's own list, and there is one."""
    return isinstance(facts.statement, RegisterThreading) and facts.profile.threading_atexit


def _told_in_main(facts: Facts, *raised: str) -> bool:
    """Whether sys.excepthook raises one of these."""
    return facts.hook == "sys.excepthook" and facts.exception in raised


def _raises_again(facts: Facts) -> bool:
    """Whether the last exception of the handlers is one of the main thread's once more."""
    return facts.again and facts.profile.final_exception == "SystemExit counts"


LAWS: tuple[Law, ...] = (
    Law(
        id="finalizer-waits-for-its-object",
        about="statement",
        when=lambda f: isinstance(f.statement, Finalize) and f.profile.has_finalize,
        then=lambda _: Proceeds(),
        because=(
            "weakref.finalize calls a function when an object dies, or at exit. The first call in "
            "a process registers one handler with atexit, which runs all that are left, the "
            "newest first: they run where the first stands in the order of handlers."
        ),
        source="docs: library/weakref, weakref.finalize; CPython Lib/weakref.py, finalize",
    ),
    Law(
        id="no-finalizers-in-2",
        about="statement",
        when=lambda f: isinstance(f.statement, Finalize) and not f.profile.has_finalize,
        then=lambda _: Raises("Exception"),
        because="Python 2's weakref has no finalize: using it raises AttributeError.",
        source="docs: library/weakref, weakref.finalize, New in version 3.4",
    ),
    Law(
        id="finalizer-raises",
        about="finalizer exception",
        when=lambda f: f.exception == "Exception" and not (f.profile.report_flushes and f.buffered),
        then=lambda _: Proceeds(),
        because=(
            "An exception in a finalizer is passed to sys.excepthook, and the next finalizer runs."
        ),
        source="docs: library/weakref, weakref.finalize; CPython Lib/weakref.py, "
        "finalize._exitfunc",
    ),
    Law(
        id="finalizer-report-flushes",
        about="finalizer exception",
        # What a flush does there that fails, or that has to wait, was not measured.
        when=lambda f: (
            f.exception == "Exception"
            and f.profile.report_flushes
            and f.buffered
            and f.reader
            and not (f.full or f.stuck)
        ),
        then=lambda _: Writes(written=True),
        because=(
            "An exception in a finalizer is passed to sys.excepthook, and the next finalizer"
            " runs. PyPy's own sys.excepthook flushes stdout first."
        ),
        source="docs: library/weakref, weakref.finalize; PyPy pypy/interpreter/app_main.py, "
        "excepthook",
    ),
    Law(
        id="finalizer-exits",
        about="finalizer exception",
        when=lambda f: f.exception in ("SystemExit", "KeyboardInterrupt"),
        then=lambda _: PassesOn(),
        because=(
            "SystemExit or KeyboardInterrupt in a finalizer leaves the handler that runs all of "
            "them, because neither is a subclass of Exception: the remaining finalizers do not "
            "run."
        ),
        source="CPython Lib/weakref.py, finalize._exitfunc",
    ),
    Law(
        id="threading-registers",
        about="statement",
        # In a child that another thread than the main one has forked, nobody asked.
        when=lambda f: _lists(f) and not f.list_closed and not f.rootless,
        then=lambda _: Proceeds(),
        because=(
            "From 3.9 on threading has a list of its own: its functions run, the newest first,"
            " when the main thread's code has ended, before other threads are joined and so before"
            " any atexit handler."
        ),
        source="CPython bpo-39812; Lib/threading.py, _register_atexit and _shutdown",
    ),
    Law(
        id="threading-list-is-closed",
        about="statement",
        when=lambda f: _lists(f) and f.list_closed,
        then=lambda _: Raises("Exception"),
        because=(
            "When the main thread's code has ended, nothing can be added to that list: "
            "RuntimeError."
        ),
        source="CPython bpo-39812; Lib/threading.py, _register_atexit",
    ),
    Law(
        id="no-threading-list",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, RegisterThreading) and not f.profile.threading_atexit
        ),
        then=lambda _: Raises("Exception"),
        because="Before 3.9 threading has no such list: using it raises AttributeError.",
        source="CPython bpo-39812",
    ),
    Law(
        id="global-is-kept",
        about="statement",
        when=does(Keep),
        then=lambda _: Proceeds(),
        because="A global lives as long as its module.",
        source="docs: reference/datamodel, Modules",
    ),
    Law(
        id="globals-are-released",
        about="globals",
        # Where a module of the standard library holds a function of the program, it is called
        # when the globals that it uses are gone: no law says what it then does.
        when=lambda f: (
            f.profile.releases_globals
            and (
                not f.held
                or f.profile.clears_globals
                or (f.held in ("frame", "main module") and f.profile.py_exit_releases)
            )
        ),
        then=lambda _: Calls(),
        because=(
            "When all handlers have run, CPython clears its modules: objects that were globals "
            "are finalized, and generators that are suspended are closed."
        ),
        source="CPython Python/pylifecycle.c, finalize_modules; docs: reference/datamodel, "
        "object.__del__, which guarantees nothing",
    ),
    Law(
        id="daemon-holds-globals",
        about="globals",
        when=lambda f: (
            f.held == "thread" and f.profile.releases_globals and not f.profile.clears_globals
        ),
        then=lambda _: Proceeds(),
        because=(
            "Since 3.4 a module is not cleared at once but left to the garbage collector. A "
            "daemon thread that executes a function of the program holds its globals and does "
            "not end, so they are not released. The same holds in a forked child whose parent "
            "had such threads, because their frames are copied."
        ),
        source="CPython bpo-18214; Python/pylifecycle.c, finalize_modules",
    ),
    Law(
        id="frame-holds-globals",
        about="globals",
        when=lambda f: (
            f.held == "frame" and f.profile.releases_globals and not f.profile.py_exit_releases
        ),
        then=lambda _: Proceeds(),
        because=(
            "Py_Exit leaves the frames of the program on the stack, and these hold its module. "
            "Since 3.8 the modules that are left are cleared, the last imported first: when "
            "globals are released, the modules that their functions need are empty."
        ),
        source="CPython Python/pylifecycle.c, Py_Exit and finalize_modules; Python/pythonrun.c",
    ),
    Law(
        id="main-module-came-last",
        about="globals",
        when=lambda f: (
            f.held == "main module"
            and f.profile.releases_globals
            and not (f.profile.clears_globals or f.profile.py_exit_releases)
        ),
        then=lambda _: Calls(),
        because=(
            "multiprocessing enters the main module into sys.modules once more, as __mp_main__: "
            "it counts as the last imported, and is cleared before the modules that its "
            "functions need."
        ),
        source="CPython Lib/multiprocessing/__init__.py, last lines; Python/pylifecycle.c, "
        "finalize_modules; 3.8 Python/import.c, PyImport_Cleanup",
    ),
    Law(
        id="pypy-leaves-globals",
        about="globals",
        when=lambda f: not f.profile.releases_globals,
        then=lambda _: Proceeds(),
        because=(
            "PyPy releases no globals at exit: their __del__ does not run, and suspended "
            "generators are not closed."
        ),
        source="PyPy docs: Differences related to garbage collection strategies",
    ),
    Law(
        id="hook-is-set",
        about="statement",
        when=does(Hook),
        then=lambda _: Proceeds(),
        because="A hook is an attribute of its module: the last one that was assigned counts.",
        source="docs: library/sys, sys.excepthook; library/threading, threading.excepthook",
    ),
    Law(
        id="main-thread-hook",
        about="hook",
        when=lambda f: f.hook == "sys.excepthook" and f.exception != "SystemExit" and not f.again,
        then=lambda _: Calls(),
        because=(
            "An exception that leaves the main thread's code is passed to sys.excepthook before"
            " the program ends, and so before any handler."
        ),
        source="docs: library/sys, sys.excepthook; CPython Python/pythonrun.c, PyErr_PrintEx",
    ),
    Law(
        id="thread-hook",
        about="hook",
        when=lambda f: f.hook == "threading.excepthook" and f.profile.thread_hook,
        then=lambda _: Calls(),
        because=(
            "From 3.8 on whatever leaves a thread's code is passed to threading.excepthook, in"
            " that thread. That includes SystemExit, which only the default hook ignores."
        ),
        source="docs: library/threading, threading.excepthook; CPython Lib/threading.py, "
        "_make_invoke_excepthook",
    ),
    Law(
        id="no-thread-hook",
        about="hook",
        when=lambda f: f.hook == "threading.excepthook" and not f.profile.thread_hook,
        then=lambda _: Proceeds(),
        because=(
            "Before 3.8 threading prints an exception that leaves a thread's code itself, and "
            "asks no hook."
        ),
        source="CPython bpo-1230540; 3.7 Lib/threading.py, Thread._bootstrap_inner",
    ),
    Law(
        id="hook-may-exit",
        about="hook exception",
        # What another hook than this one may raise was not measured, nor what KeyboardInterrupt
        # in one does that is told of something else.
        when=lambda f: _told_in_main(f, "SystemExit") and f.profile.hook_exits,
        then=lambda _: PassesOn(),
        because=(
            "SystemExit that a hook raises replaces the exception that the hook was given: the "
            "program ends with its status, also after KeyboardInterrupt."
        ),
        source="CPython Python/pythonrun.c, _PyErr_PrintEx and handle_system_exit",
    ),
    Law(
        id="pypy-hook-does-not-exit",
        about="hook exception",
        when=lambda f: _told_in_main(f, "SystemExit") and not f.profile.hook_exits,
        then=lambda _: Swallows(),
        because=(
            "PyPy prints whatever its hook raises, SystemExit too, and ends by the exception "
            "that the hook was given."
        ),
        source="PyPy pypy/interpreter/app_main.py, display_exception",
    ),
    Law(
        id="hook-fails",
        about="hook exception",
        # Where no flush comes first, printing it may flush: that was not measured.
        when=lambda f: (
            (
                _told_in_main(f, "Exception")
                or (_told_in_main(f, "KeyboardInterrupt") and f.reported == "KeyboardInterrupt")
            )
            and not (f.buffered and f.profile.hook_flush == "never")
        ),
        then=lambda _: Swallows(),
        because=(
            "Any other exception that a hook raises is printed, and so is the one that it was "
            "given; the program ends by the latter."
        ),
        source="docs: library/sys, sys.excepthook; CPython Python/pythonrun.c, _PyErr_PrintEx",
    ),
    Law(
        id="exits-call-no-hook",
        about="hook",
        when=lambda f: f.hook == "sys.excepthook" and f.exception == "SystemExit" and not f.again,
        then=lambda _: Proceeds(),
        because="SystemExit that ends the main thread's code is not passed to sys.excepthook.",
        source="docs: library/sys, sys.excepthook",
    ),
    Law(
        id="hook-is-told-again-2",
        about="hook",
        when=lambda f: _raises_again(f) and f.exception != "SystemExit",
        then=lambda _: Calls(),
        because=(
            "Python 2 raises the last exception of the handlers again when all have run, and"
            " passes it to sys.excepthook."
        ),
        source="CPython 2.7 Python/pythonrun.c, call_sys_exitfunc",
    ),
    Law(
        id="handlers-call-no-hook",
        about="hook",
        when=lambda f: f.again and not _raises_again(f),
        then=lambda _: Proceeds(),
        because="In Python 3 and PyPy what a handler raises is reported without sys.excepthook.",
        source="CPython Modules/atexitmodule.c, atexit_callfuncs; 3.9, the same; measured on "
        "PyPy 7.3.3",
    ),
)
