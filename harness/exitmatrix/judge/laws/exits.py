"""Laws about statements that end a process, and about how exceptions end one."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Blocks,
    Dies,
    Exits,
    Facts,
    Finalizes,
    Law,
    Leaves,
    Proceeds,
    Waits,
    always,
)


def _interrupted(facts: Facts, start: str) -> bool:
    return facts.start == start and facts.exception == "KeyboardInterrupt"


PROMPTS = ("i", "interactive")
"""Ways to start Python at which it reads on when the program has ended, or at each line."""


LAWS: tuple[Law, ...] = (
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
        because="Uncaught SystemExit ends the main thread, and the program normally.",
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
            "An uncaught exception is printed, and the program ends normally with status 1; "
            "before 3.8 that holds for KeyboardInterrupt too."
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
            "From 3.8 on the interpreter finalizes after an uncaught KeyboardInterrupt, and then "
            "kills its process with SIGINT, so that a shell sees an interrupted program."
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
            "Before this PyPy kills itself with SIGINT it flushes stdout, and waits for a "
            "thread that is stuck in a write to it."
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
            "The interpreter notes that KeyboardInterrupt ended the script, and the prompt that "
            "follows does not clear the note: if nothing is typed there, the process is killed "
            "by SIGINT at the end."
        ),
        source="CPython Modules/main.c, pymain_repl and Py_RunMain",
    ),
    Law(
        id="prompt-forgets-ctrl-c",
        about="main exception",
        when=lambda f: _interrupted(f, "i") and f.profile.prompt_interrupt != "both",
        then=lambda _: Finalizes(0),
        because=(
            "A prompt that follows a script handles its KeyboardInterrupt: the end of the "
            "prompt sets the exit status."
        ),
        source="docs: using/cmdline, -i; CPython Modules/main.c, pymain_repl",
    ),
    Law(
        id="typed-ctrl-c-is-remembered",
        about="main exception",
        when=lambda f: _interrupted(f, "interactive") and f.profile.prompt_interrupt != "forgotten",
        then=lambda _: Finalizes(signal="SIGINT"),
        because=(
            "After a KeyboardInterrupt in the last statement that is typed the prompt returns, "
            "but at the end of the input the process is killed by SIGINT."
        ),
        source="CPython Modules/main.c, Py_RunMain; Python/pythonrun.c, run_eval_code_obj",
    ),
    Law(
        id="typed-ctrl-c-is-forgotten",
        about="main exception",
        when=lambda f: _interrupted(f, "interactive") and f.profile.prompt_interrupt == "forgotten",
        then=lambda _: Finalizes(0),
        because="KeyboardInterrupt at a prompt is printed, and has no effect on the end.",
        source="CPython 3.7 Modules/main.c, pymain_repl; PyPy pypy/interpreter/app_main.py",
    ),
    # ------------------------------------------------------------------- other threads
    Law(
        id="thread-ends-alone",
        about="thread exception",
        when=always,
        then=lambda _: Proceeds(),
        because=(
            "An exception that leaves a thread's code ends that thread: SystemExit silently, any "
            "other with a traceback. The process goes on."
        ),
        source="docs: library/threading, threading.excepthook; library/_thread, start_new_thread",
    ),
    Law(
        id="forked-thread-ends-the-child",
        about="forked thread",
        when=always,
        then=lambda f: Leaves(0, flushed=f.profile.streams == "C library"),
        because=(
            "A child that was forked by another thread than the main one has only that thread, "
            "and no frame of the main thread. When it ends, the C library ends the process as "
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
            "Before handlers run, the main thread joins every thread that is not a daemon: a "
            "handler that such a thread registers still runs."
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
            "PyPys of 3.7 to 3.9 sometimes end without waiting. The main thread lets go of a lock "
            "and asserts that nobody holds it: a thread that joins the main thread may."
        ),
        source="PyPy 7.3.11 lib-python/3/threading.py, _shutdown and Thread._stop",
        race="a thread that joins the main thread, and the main thread's look at its own lock",
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
        id="late-traceback-aborts-perhaps",
        about="late traceback",
        when=lambda f: f.profile.held_stream == "aborts",
        then=lambda _: (Proceeds(), Dies("SIGABRT")),
        because=(
            "A daemon thread that an exception ends writes a traceback, and nobody waits for that. "
            "If the interpreter suspends it in the middle of a write, it holds the lock of stderr "
            "for ever. The last flush of stderr waits one second for that lock, and aborts."
        ),
        source="CPython Modules/_io/bufferedio.c, _enter_buffered_busy; gh-70225",
        race="a daemon thread's traceback, and the end of the interpreter",
    ),
    Law(
        id="late-traceback-is-waited-for",
        about="late traceback",
        when=lambda f: f.profile.held_stream == "waits",
        then=lambda _: Proceeds(),
        because=(
            "Python 2 and PyPy let daemon threads run on while they flush stderr for the last time."
        ),
        source="CPython 2.7 Python/pythonrun.c, Py_Finalize; measured on PyPy 7.3.3 to 8.0.1",
    ),
    Law(
        id="interrupted-wait-is-over",
        about="late exception",
        when=always,
        then=lambda _: Waits(waits=False),
        because=(
            "An exception of a signal's handler, raised while the end waits for threads, is "
            "printed and dropped. The end goes on without waiting any longer, and the exit "
            "status stays the same. One that is raised where stdout is flushed before that is "
            "dropped too."
        ),
        source="CPython Python/pylifecycle.c, wait_for_thread_shutdown; Python/pythonrun.c, "
        "flush_io",
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
        because="An exception in a handler does not change the exit status.",
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
            "without flushing stdout."
        ),
        source="PyPy 7.3.5 pypy/module/atexit/app_atexit.py, run_exitfuncs",
    ),
)
