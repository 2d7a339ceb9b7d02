"""Laws about threads and forks that a program starts."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Dies, Facts, Law, Leaves, Proceeds, Raises, does
from exitmatrix.model.language import Busy, Fork, Import, ReplaceExit, Save, StartChild, StartThread


def _can_wait(facts: Facts) -> bool:
    """Whether a thread that is to wait for the end of the main thread's code can do so.

    What one does that is started later, by a handler, or where no code of the main
    thread is, was not measured.
    """
    after = isinstance(facts.statement, StartThread) and facts.statement.outlives_main
    return not after or not (facts.rootless or (facts.finalizing and facts.in_main))


LAWS: tuple[Law, ...] = (
    Law(
        id="no-threads-at-exit",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, StartThread | Fork)
            and f.finalizing
            and f.profile.no_threads_at_exit
        ),
        then=lambda _: Raises("Exception"),
        because=(
            "3.12.0 to 3.12.2 refuse new threads and forks once the interpreter is ending, with "
            "RuntimeError."
        ),
        source="CPython gh-104690, taken back by gh-113964",
    ),
    Law(
        id="thread-starts",
        about="statement",
        when=lambda f: isinstance(f.statement, StartThread) and not f.finalizing and _can_wait(f),
        then=lambda _: Proceeds(),
        because=(
            "A thread starts where its program starts it, and is joined where the program says so."
        ),
        source="docs: library/threading, Thread.start",
    ),
    Law(
        id="handlers-may-do-anything",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, StartThread | Fork)
            and f.finalizing
            and not f.profile.no_threads_at_exit
            and _can_wait(f)
        ),
        then=lambda _: Proceeds(),
        because=(
            "While handlers run the interpreter still works: threads can be started, processes "
            "forked, and modules imported."
        ),
        source="CPython Python/pylifecycle.c, Py_FinalizeEx: handlers before anything is torn down",
    ),
    Law(
        id="fork-copies-loading",
        about="loading",
        when=lambda f: not f.thread_ends,
        then=lambda _: (Proceeds(), Leaves(127)),
        race="the end of a thread, which loads a library, and a fork",
        because=(
            "Before 3.9.6 a thread ends by pthread_exit(3), the first of which loads libgcc_s. "
            "`join` does not wait for that. A child that is forked meanwhile has a copy of the "
            "dynamic linker at work: the next library that it loads ends it with status 127."
        ),
        source="CPython bpo-44434; glibc elf/dl-open.c, dl_open_worker_begin",
    ),
    Law(
        id="fork-copies-thread-end",
        about="loading",
        when=lambda f: f.thread_ends,
        then=lambda _: (Proceeds(), Leaves(127), Dies("SIGABRT")),
        race="the end of a thread, which loads a library, and a fork",
        because=(
            "In such a child the first thread that ends loads libgcc_s once more: the dynamic "
            "linker ends it with status 127, or pthread_exit(3) finds no library and aborts."
        ),
        source="CPython bpo-44434; glibc nptl/pthread_exit.c",
    ),
    Law(
        id="child-starts",
        about="statement",
        when=does(StartChild),
        then=lambda _: Proceeds(),
        because=(
            "A child that is started runs the program from its start, with handlers of its own."
        ),
        source="docs: library/subprocess, Popen",
    ),
    Law(
        id="library-is-imported",
        about="statement",
        when=does(Import),
        then=lambda _: Proceeds(),
        because="A library may register handlers when it is first imported.",
        source="docs: reference/import, The module cache",
    ),
    Law(
        id="library-saves",
        about="statement",
        when=lambda f: isinstance(f.statement, Save | Busy),
        then=lambda _: Proceeds(),
        because="A library's function does its work, and takes the time that it needs.",
        source="coverage coverage/control.py, Coverage.save",
    ),
    Law(
        id="os-exit-is-replaced",
        about="statement",
        when=does(ReplaceExit),
        then=lambda _: Proceeds(),
        because=(
            "os._exit is a name in a module: a library may put a function in its place that "
            "does something before it calls the real one. Code that calls _exit(2) directly is "
            "not affected."
        ),
        source="coverage coverage/patch.py, _patch__exit",
    ),
    Law(
        id="fork-copies",
        about="statement",
        when=lambda f: isinstance(f.statement, Fork) and not f.finalizing,
        then=lambda _: Proceeds(),
        because=(
            "A forked child is a copy of its parent. It has the parent's atexit handlers that"
            " have not run yet, its signal handlers, its buffered output, and of its threads only"
            " the one that forked."
        ),
        source="fork(2); docs: library/os, os.fork",
    ),
)
