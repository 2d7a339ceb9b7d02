"""Laws about what libraries bring: handlers and helper processes."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Brings, Facts, HelpersStay, Helps, Law

FINALIZERS = "weakref.finalize._exitfunc"
"""The handler that weakref registers, once in a process."""

TRACKER_IGNORES = ("SIGINT", "SIGTERM")  # CPython Lib/multiprocessing/resource_tracker.py, main

COMPLETER = "rlcompleter.<lambda>"
PROMPT_HANDLERS = {
    "none": (),
    "completer": (COMPLETER,),
    "history": (
        COMPLETER,
        "site.enablerlcompleter.<locals>.register_readline.<locals>.write_history",
    ),
    "history 3.13": (COMPLETER, "site.register_readline.<locals>.write_history"),
}


def _pools(facts: Facts) -> tuple[str, ...]:
    """What concurrent.futures registers when APScheduler imports it, oldest first."""
    thread, process = (f"concurrent.futures.{kind}._python_exit" for kind in ("thread", "process"))
    processes: tuple[str, ...] = ("multiprocessing.util._exit_function", process)
    if facts.profile.pools == "backport":
        return thread, *processes
    if facts.profile.pools != "both" and not facts.profile.scheduler_forks:
        processes = ()
    return processes[:1] if facts.profile.pools == "joined earlier" else (*processes, thread)


LAWS: tuple[Law, ...] = (
    Law(
        id="logging-shutdown",
        about="import",
        when=lambda f: f.library == "logging",
        then=lambda _: Brings(("logging.shutdown",)),
        because=(
            "Importing logging registers logging.shutdown. Werkzeug imports it before the program"
            " registers its own handlers, so it runs after them."
        ),
        source="CPython Lib/logging/__init__.py, last lines",
    ),
    Law(
        id="temporary-folder-registers",
        about="import",
        when=lambda f: f.library == "TemporaryDirectory",
        then=lambda _: Brings((FINALIZERS,)),
        because=(
            "A TemporaryDirectory has itself removed by weakref.finalize, which registers one "
            "atexit handler for all that it is to call."
        ),
        source="CPython Lib/tempfile.py, TemporaryDirectory; Lib/weakref.py, finalize",
    ),
    Law(
        id="prompt-registers",
        about="import",
        when=lambda f: f.library == "prompt",
        then=lambda f: Brings(PROMPT_HANDLERS[f.profile.prompt_handlers]),
        because=(
            "Before an interactive prompt, site loads readline's completer, which registers a "
            "handler to release it. On CPython 3 another handler writes the history."
        ),
        source="docs: library/site, Readline configuration; CPython Lib/site.py, "
        "register_readline; Lib/rlcompleter.py",
    ),
    Law(
        id="pools-register",
        about="import",
        when=lambda f: f.library == "apscheduler",
        then=lambda f: Brings(_pools(f)),
        because=(
            "APScheduler uses the pools of concurrent.futures. Up to 3.8 each kind that is "
            "imported registers an exit function (from 3.9 on they are joined before atexit's "
            "turn), and the pool of processes brings multiprocessing's."
        ),
        source="CPython 3.8 Lib/concurrent/futures/thread.py and process.py; bpo-39812",
    ),
    Law(
        id="multiprocessing-exit",
        about="import",
        when=lambda f: f.library == "debugger" and f.profile.debugger_locks,
        then=lambda _: Brings(("multiprocessing.util._exit_function",)),
        because=(
            "The debugger of Werkzeug 3 imports multiprocessing when the server starts: it "
            "registers its exit function after the program's own handlers, so it runs before them."
        ),
        source="Werkzeug src/werkzeug/debug/__init__.py; CPython Lib/multiprocessing/util.py",
    ),
    Law(
        id="debugger-registers-nothing",
        about="import",
        when=lambda f: f.library == "debugger" and not f.profile.debugger_locks,
        then=lambda _: Brings(()),
        because="The debugger of older Werkzeugs imports nothing that registers a handler.",
        source="Werkzeug 2.2 src/werkzeug/debug/__init__.py",
    ),
    Law(
        id="resource-tracker",
        about="helpers",
        when=lambda f: not f.method and f.profile.debugger_locks and f.profile.tracker,
        then=lambda f: Helps(
            ("multiprocessing.resource_tracker",),
            ("semaphore",) if f.everyone and f.signal not in TRACKER_IGNORES else (),
        ),
        because=(
            "The debugger's lock is a named semaphore. From 3.14 on multiprocessing does not fork "
            "by default on Linux, and then starts a tracker that removes such names; a signal "
            "that kills the tracker too leaves them."
        ),
        source="CPython Lib/multiprocessing/synchronize.py, SemLock; What's New In Python 3.14",
    ),
    Law(
        id="pool-ends-with-its-program",
        about="orphans",
        when=lambda f: f.finalizing,
        then=lambda _: HelpersStay(stays=False),
        because="At a normal end a pool stops its workers, and waits for them.",
        source="joblib joblib/externals/loky/process_executor.py, _python_exit",
    ),
    Law(
        id="pool-outlives-its-program",
        about="orphans",
        when=lambda f: not f.finalizing,
        then=lambda _: HelpersStay(stays=True),
        because=(
            "The workers of a pool are not told that its program was killed: they wait for work "
            "until they have been idle for too long (joblib: five minutes), and then exit. The "
            "tracker, which would remove what is left, waits for them."
        ),
        source="joblib joblib/externals/loky/process_executor.py, _process_worker; "
        "backend/resource_tracker.py, main: it reads until all that have the pipe are gone",
    ),
    Law(
        id="no-tracker",
        about="helpers",
        when=lambda f: not f.method and not (f.profile.debugger_locks and f.profile.tracker),
        then=lambda _: Helps((), ()),
        because=(
            "Older Werkzeugs have no such lock, and where multiprocessing forks by default its "
            "semaphores are unlinked as soon as they are made."
        ),
        source="CPython 3.13 Lib/multiprocessing/synchronize.py, SemLock",
    ),
)
