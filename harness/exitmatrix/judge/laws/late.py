"""Laws about threads when the program is over: pools that are asked, daemons that are joined."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Calls, Facts, Law, Proceeds, Raises, always
from exitmatrix.model.language import JoinDaemon, Submit


def _closed(facts: Facts) -> bool:
    """Whether pools of threads take nothing any more."""
    return facts.finalizing if facts.profile.pools == "joined earlier" else facts.pool_over


def _joins(facts: Facts, how: str) -> bool:
    late = facts.finalizing and isinstance(facts.statement, JoinDaemon)
    return late and facts.profile.late_join == how


LAWS: tuple[Law, ...] = (
    Law(
        id="pool-executes",
        about="statement",
        when=lambda f: isinstance(f.statement, Submit) and not _closed(f),
        then=lambda _: Proceeds(),
        because=(
            "A pool of threads executes what is submitted. Up to 3.8 that is so until the handler "
            "runs that it has registered with atexit, so also in threads that outlive main, and in "
            "handlers that were registered behind it."
        ),
        source="CPython 3.8 Lib/concurrent/futures/thread.py, _python_exit",
    ),
    Law(
        id="pool-is-closed",
        about="statement",
        when=lambda f: isinstance(f.statement, Submit) and _closed(f),
        then=lambda _: Raises("Exception"),
        because=(
            "A pool of threads that is closed for good refuses with RuntimeError. From 3.9 on all "
            "of them are closed when main's code has ended: for threads that are alive, which the "
            "end waits for, and for all atexit handlers."
        ),
        source="CPython bpo-39812; Lib/concurrent/futures/thread.py, _python_exit and submit; "
        "gh-148280",
    ),
    Law(
        id="late-join-runs-2",
        about="statement",
        when=lambda f: _joins(f, "runs"),
        then=lambda _: Proceeds(),
        because=(
            "Python 2 lets daemon threads run while globals are released: one that is asked to end "
            "does so, and is joined."
        ),
        source="CPython 2.7 Python/pythonrun.c, Py_Finalize; Lib/threading.py, Condition.wait",
    ),
    Law(
        id="late-join-waits",
        about="statement",
        when=lambda f: _joins(f, "waits"),
        then=lambda _: Calls(),
        because=(
            "A daemon thread does not run any more when the interpreter is at its end. A join of "
            "it waits until its timeout, and for ever without one."
        ),
        source="CPython 3.8 Lib/threading.py, Thread.join; 3.13 Modules/_threadmodule.c, "
        "ThreadHandle_join; gh-123940",
    ),
    Law(
        id="late-join-returns",
        about="statement",
        when=lambda f: _joins(f, "returns"),
        then=lambda _: Proceeds(),
        because=(
            "From 3.9 to 3.12 the states of daemon threads are thrown away before globals are "
            "released, which is what Thread.join waits for: it returns at once."
        ),
        source="CPython bpo-19466; 3.12 Python/pylifecycle.c, Py_FinalizeEx",
    ),
    Law(
        id="late-join-is-refused",
        about="statement",
        when=lambda f: _joins(f, "refuses"),
        then=lambda _: Raises("Exception"),
        because="From 3.14 on Thread.join raises PythonFinalizationError instead of waiting.",
        source="docs: library/threading, Thread.join; CPython gh-87135",
    ),
    Law(
        id="del-raises",
        about="release exception",
        when=always,
        then=lambda _: Proceeds(),
        because=(
            "An exception in `__del__` is reported on stderr and does not propagate, not even"
            " SystemExit."
        ),
        source="docs: reference/datamodel, object.__del__",
    ),
)
