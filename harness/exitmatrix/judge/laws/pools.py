"""Laws about pools of threads: concurrent.futures.ThreadPoolExecutor."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    POOL,
    PROCESS_POOL,
    Brings,
    Facts,
    Law,
    Proceeds,
    Raises,
    Waits,
    always,
)
from exitmatrix.model.language import UsePool


def _uses(facts: Facts) -> bool:
    return isinstance(facts.statement, UsePool) and facts.profile.pools != "backport"


def _can_be_imported(facts: Facts) -> bool:
    """Whether the pools are there, or can register what ends them.

    In a child that another thread than the main one has forked, nobody asked.
    """
    if facts.pooled or facts.profile.pools != "joined earlier":
        return True
    return not facts.list_closed and not facts.rootless


def _is_taken(facts: Facts) -> bool:
    """Whether a new pool takes a task.

    One that waits for the exit function would not wait when that has run: nobody asked.
    """
    waits = isinstance(facts.statement, UsePool) and facts.statement.ends == "at exit"
    return not facts.pool_over or not (facts.profile.pools_refuse or waits)


LAWS: tuple[Law, ...] = (
    Law(
        id="executor-registers",
        about="import",
        when=lambda f: f.library == "executor" and f.profile.pools in ("at use", "joined earlier"),
        then=lambda f: Brings((POOL,) if f.profile.pools == "at use" else ()),
        because=(
            "The first use of a pool of threads, an event loop's too, imports it. Up to 3.8 that "
            "registers an exit function which waits for its threads, before all handlers that are "
            "there already; from 3.9 on threading waits for them, before atexit's turn."
        ),
        source="CPython 3.8 Lib/concurrent/futures/thread.py, _python_exit; bpo-39812",
    ),
    Law(
        id="executor-registers-both",
        about="import",
        when=lambda f: f.library == "executor" and f.profile.pools == "both",
        then=lambda _: Brings(
            (
                "multiprocessing.util._exit_function",
                PROCESS_POOL,
                POOL,
            )
        ),
        because=(
            "Up to 3.6 concurrent.futures imports pools of processes with those of threads: each "
            "registers an exit function, and multiprocessing its own."
        ),
        source="CPython 3.6 Lib/concurrent/futures/__init__.py",
    ),
    Law(
        id="thread-pool-works",
        about="statement",
        when=lambda f: _uses(f) and _can_be_imported(f) and _is_taken(f),
        then=lambda _: Proceeds(),
        because=(
            "A pool starts a thread for its first task. The thread executes it, and ends when "
            "the pool is shut down, which `with` does; shutdown waits for it."
        ),
        source="docs: library/concurrent.futures, Executor.shutdown; CPython "
        "Lib/concurrent/futures/thread.py",
    ),
    Law(
        id="thread-pool-is-refused",
        about="statement",
        when=lambda f: _uses(f) and f.pooled and f.pool_over and f.profile.pools_refuse,
        then=lambda _: Raises("Exception"),
        because=(
            "When the exit function of pools of threads has run, submit raises RuntimeError, even"
            " for a new pool."
        ),
        source="CPython bpo-33097; Lib/concurrent/futures/thread.py, ThreadPoolExecutor.submit",
    ),
    Law(
        id="thread-pool-comes-too-late",
        about="statement",
        when=lambda f: (
            _uses(f)
            and not f.pooled
            and f.profile.pools == "joined earlier"
            and f.list_closed
            and not f.rootless
        ),
        then=lambda _: Raises("Exception"),
        because=(
            "From 3.9 on the module registers its exit function in threading's own list, when it "
            "is imported. Once main's code has ended that list takes nothing: the first use of a "
            "pool in a handler is a RuntimeError of the import."
        ),
        source="CPython bpo-39812; Lib/concurrent/futures/thread.py; Lib/threading.py, "
        "_register_atexit; gh-86813",
    ),
    Law(
        id="no-thread-pools-in-2",
        about="statement",
        when=lambda f: isinstance(f.statement, UsePool) and f.profile.pools == "backport",
        then=lambda _: Raises("Exception"),
        because="Python 2 has no concurrent.futures: ImportError.",
        source="docs: library/concurrent.futures, New in version 3.2",
    ),
    Law(
        id="task-of-a-thread-is-caught",
        about="pool task",
        when=always,
        then=lambda _: Proceeds(),
        because=(
            "A worker stores any exception of its task, SystemExit and KeyboardInterrupt too, in "
            "the task's future. result() raises it; without a call of result() it is not "
            "reported."
        ),
        source="CPython Lib/concurrent/futures/thread.py, _WorkItem.run; docs: "
        "library/concurrent.futures, Future.result",
    ),
    Law(
        id="pools-are-joined",
        about="pools",
        when=always,
        then=lambda _: Waits(waits=True),
        because=(
            "A pool that is left open is ended by the exit function of pools: it tells the workers "
            "that nothing comes any more, and waits until they have done what was submitted. Up to "
            "3.8 that is an atexit handler, which runs where the first use of a pool has "
            "registered it, and workers are daemons; from 3.9 on it is in threading's own list."
        ),
        source="CPython Lib/concurrent/futures/thread.py, _python_exit; bpo-39812",
    ),
)
