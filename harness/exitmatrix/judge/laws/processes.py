"""Laws about threads and forks that a program starts."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Law, Proceeds, Raises
from exitmatrix.model.language import Fork, StartThread


def _waits_for_main(facts: Facts) -> bool:
    """Whether a thread that is started here can wait for the end of the main thread's code.

    What one does that is started later, by a handler, or where no code of the main
    thread is, was not measured.
    """
    return not facts.rootless and not (facts.finalizing and facts.in_main)


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
            "3.12.0 to 3.12.2 refuse new threads and forks once the main thread's code has ended, "
            "with RuntimeError."
        ),
        source="CPython gh-104690, taken back by gh-113964",
    ),
    Law(
        id="thread-starts",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, StartThread)
            and not (f.finalizing and f.profile.no_threads_at_exit)
            and (f.statement.ends != "after main" or _waits_for_main(f))
        ),
        then=lambda _: Proceeds(),
        because=(
            "A thread starts wherever its program starts it. While handlers run the interpreter "
            "is whole."
        ),
        source="docs: library/threading, Thread.start; CPython Python/pylifecycle.c, "
        "Py_FinalizeEx: handlers before anything is torn down",
    ),
    Law(
        id="fork-copies",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, Fork) and not (f.finalizing and f.profile.no_threads_at_exit)
        ),
        then=lambda _: Proceeds(),
        because=(
            "A forked child is a copy: it has its parent's handlers, those that have not run yet, "
            "its signal handlers and what it had buffered, and of its threads the one that forked."
        ),
        source="fork(2); docs: library/os, os.fork",
    ),
)
