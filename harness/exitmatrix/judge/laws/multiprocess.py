"""Laws about processes of multiprocessing."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    POOL,
    PROCESS_POOL,
    Brings,
    Calls,
    Exits,
    Facts,
    Later,
    Law,
    Leaves,
    PassesOn,
    Proceeds,
    Raises,
    Restarts,
    Unnoticed,
    Waits,
    always,
    does,
)
from exitmatrix.model.language import (
    ApplyTask,
    AwaitJoin,
    AwaitProcess,
    AwaitTask,
    JoinProcess,
    PutUnread,
    ServeManager,
    StartProcess,
    SubmitTask,
    TerminateProcess,
)


def _status(facts: Facts) -> int:
    """The exit status of a process by what has left its function."""
    if facts.empty:
        return facts.profile.process_without_status
    if facts.exception == "SystemExit":
        return facts.status
    return int(facts.exception != "")


def _loses_status(facts: Facts) -> bool:
    return facts.method == "forkserver" and not facts.profile.server_keeps_status


def _has_method(facts: Facts) -> bool:
    """Whether multiprocessing can start a process in the way that is asked for."""
    method = facts.statement.method if isinstance(facts.statement, StartProcess) else "fork"
    return method == "fork" or facts.profile.start_methods


def _is_in_time(facts: Facts) -> bool:
    """Whether the program's file can be found that a process may have to import.

    When its code has ended, `__main__` has no `__file__` any more: CPython Python/pythonrun.c,
    _PyRun_SimpleFile. What a process then does that is not forked is not followed up here.
    """
    method = facts.statement.method if isinstance(facts.statement, StartProcess) else "fork"
    return method == "fork" or not facts.finalizing


def _process_pool(facts: Facts) -> tuple[str, ...]:
    """What the import of the pool of processes registers, oldest first."""
    own = {"both": (PROCESS_POOL, POOL), "at use": (PROCESS_POOL,)}.get(facts.profile.pools, ())
    return ("logging.shutdown", "multiprocessing.util._exit_function", *own)


def _is_a_task(facts: Facts) -> bool:
    """Whether a task is submitted to a pool of processes that this Python has."""
    executor = does(SubmitTask)(facts) and facts.profile.pools != "backport"
    return executor or (does(ApplyTask)(facts) and facts.profile.start_methods)


def _is_tried(facts: Facts) -> bool:
    """Whether that is where it was measured: in the main thread, before its code has ended."""
    return _is_a_task(facts) and facts.in_main and not facts.finalizing


def _is_refused(facts: Facts) -> bool:
    """Whether an executor takes no task any more."""
    return does(SubmitTask)(facts) and facts.executors_over and facts.profile.pools_refuse


TRACKED = ("semaphore", "shared memory")
"""What multiprocessing makes, and tells its tracker of."""


LAWS: tuple[Law, ...] = (
    Law(
        id="multiprocessing-registers-early",
        about="import",
        when=lambda f: f.library == "multiprocessing" and f.profile.early_exit_function,
        then=lambda _: Brings(("multiprocessing.util._exit_function",)),
        because=(
            "Python 2's multiprocessing registers its exit function when it is imported, which is "
            "before most handlers of a program, so it runs behind them."
        ),
        source="CPython 2.7 Lib/multiprocessing/__init__.py and util.py",
    ),
    Law(
        id="multiprocessing-registers-late",
        about="import",
        when=lambda f: f.library == "multiprocessing" and not f.profile.early_exit_function,
        then=lambda _: Brings(()),
        because="In Python 3, importing multiprocessing alone registers nothing.",
        source="CPython Lib/multiprocessing/__init__.py",
    ),
    Law(
        id="import-of-a-pool-registers",
        about="import",
        when=lambda f: f.library == "process pool",
        then=lambda f: Brings(_process_pool(f)),
        because=(
            "The import of ProcessPoolExecutor brings those of logging and of multiprocessing, and "
            "up to 3.8 one that joins the pools (up to 3.6 two, of both kinds of pools); since 3.9 "
            "threading joins them before atexit's turn."
        ),
        source="CPython 3.8 Lib/concurrent/futures/process.py, last lines; bpo-39812",
    ),
    Law(
        id="broken-pool",
        about="worker gone",
        when=lambda f: not f.of_pool and not f.shuts_down,
        then=lambda _: Raises("Exception"),
        because=(
            "A worker that ends by itself breaks its pool: result() raises BrokenProcessPool, "
            "the worker is not replaced, and the other workers are sent SIGTERM."
        ),
        source="CPython Lib/concurrent/futures/process.py, _ExecutorManagerThread; docs: "
        "library/concurrent.futures, BrokenProcessPool",
    ),
    Law(
        id="pool-breaks-while-it-ends",
        about="worker gone",
        when=lambda f: not f.of_pool and f.shuts_down,
        then=lambda _: Raises("Exception"),
        because=(
            "Ctrl-C goes to all: the program leaves the `with` statement, which waits for tasks; "
            "one at a task is a result, one between tasks ends its worker. Where that end is seen "
            "before the result, the pool is broken, and the worker with the result is sent SIGTERM."
        ),
        source="CPython Lib/concurrent/futures/process.py, _process_worker and "
        "_ExecutorManagerThread.wait_result_broken_or_wakeup",
        race="the end of a worker that was between tasks, and the result of another's task",
    ),
    Law(
        id="late-pool-is-refused",
        about="statement",
        when=lambda f: _is_tried(f) and _is_refused(f),
        then=lambda _: Raises("Exception"),
        because=(
            "When the exit function of pools of processes has run, which up to 3.8"
            " atexit._run_exitfuncs runs too, submit raises RuntimeError, even for a new pool."
        ),
        source="CPython bpo-33097; 3.8 Lib/concurrent/futures/process.py, "
        "ProcessPoolExecutor.submit",
    ),
    Law(
        id="open-pools-are-shut-down",
        about="process pools",
        when=always,
        then=lambda _: Waits(waits=True),
        because=(
            "A ProcessPoolExecutor that is left open is shut down by the exit function of its "
            "module: it wakes the thread that manages the pool, which tells the workers that no "
            "task comes any more, and waits for them. Up to 3.8 that is an atexit handler, from "
            "3.9 on it is in threading's own list."
        ),
        source="CPython Lib/concurrent/futures/process.py, _python_exit; bpo-39812",
    ),
    Law(
        id="worker-is-told-to-end",
        about="worker told",
        when=lambda f: not f.exception,
        then=lambda _: Proceeds(),
        because="A worker of an executor ends when it reads that no task comes any more.",
        source="CPython Lib/concurrent/futures/process.py, _process_worker",
    ),
    Law(
        id="interrupted-read-tears-a-message",
        about="worker told",
        when=lambda f: f.exception == "KeyboardInterrupt",
        then=lambda _: (Proceeds(), Raises("Exception")),
        because=(
            "All workers read one pipe. A message is two reads, of its length and of the rest; "
            "Ctrl-C that comes between them ends a worker with the first. The next worker takes "
            "the rest for a length, and ends by EOFError instead of as it was told."
        ),
        source="CPython Lib/multiprocessing/connection.py, Connection._recv_bytes",
        race="Ctrl-C, and the two reads of a message by another worker",
    ),
    Law(
        id="pool-replaces-a-worker",
        about="worker gone",
        when=lambda f: f.of_pool,
        then=lambda _: Restarts(),
        because=(
            "A Pool of multiprocessing replaces a worker that has ended, and loses the task that "
            "it was executing: get() of its result waits for ever, unless it was given a "
            "timeout."
        ),
        source="CPython Lib/multiprocessing/pool.py, Pool._join_exited_workers and "
        "_repopulate_pool_static; bpo-22393",
    ),
    Law(
        id="thread-that-forks-takes-a-signal",
        about="shared signal",
        when=always,
        then=lambda _: (Calls(), Unnoticed()),
        because=(
            "A signal is for the process, and whichever of its threads comes to it first takes it. "
            "Linux wakes the main thread for it; but a thread that forks, or starts another, looks "
            "for signals in the kernel on its way. If that is first, as the thread of a Pool which "
            "replaces a worker that the same Ctrl-C has ended, the main thread sleeps on: Python's "
            "handlers run in no other, and nothing wakes it."
        ),
        source="Linux kernel/fork.c, copy_process: recalc_sigpending; kernel/signal.c, "
        "complete_signal and get_signal; CPython Modules/signalmodule.c, trip_signal; docs: "
        "library/signal, Signals and threads",
        race="the main thread, which a signal wakes, and the thread that replaces a worker which "
        "the same signal has ended",
    ),
    Law(
        id="task-exception-ends-a-worker",
        about="task exception",
        when=lambda f: f.of_pool and f.exception in ("SystemExit", "KeyboardInterrupt"),
        then=lambda _: PassesOn(),
        because=(
            "A worker of a Pool catches Exception, which SystemExit and KeyboardInterrupt are "
            "not: sys.exit in a task ends the worker, and its result never comes."
        ),
        source="CPython Lib/multiprocessing/pool.py, worker",
    ),
    Law(
        id="task-exception-of-a-pool",
        about="task exception",
        when=lambda f: f.of_pool and f.exception not in ("SystemExit", "KeyboardInterrupt"),
        then=lambda _: Proceeds(),
        because="What a task of a Pool raises is sent to its starter, where get() raises it.",
        source="CPython Lib/multiprocessing/pool.py, worker and ApplyResult.get",
    ),
    Law(
        id="task-exception-is-a-result",
        about="task exception",
        when=lambda f: not f.of_pool,
        then=lambda _: Proceeds(),
        because=(
            "A worker catches whatever leaves its task, SystemExit and KeyboardInterrupt too, and "
            "sends it to its starter, where result() raises it: sys.exit in a task exits the "
            "program that submitted it."
        ),
        source="CPython Lib/concurrent/futures/process.py, _process_worker",
    ),
    Law(
        id="process-brings-exit-function",
        about="import",
        when=lambda f: f.library == "multiprocessing.util",
        then=lambda _: Brings(("multiprocessing.util._exit_function",)),
        because=(
            "Starting the first process registers multiprocessing's exit function. It runs before"
            " the handlers that the program registered earlier: it sends SIGTERM to daemonic"
            " children and joins the others."
        ),
        source="CPython Lib/multiprocessing/popen_fork.py, import of util; util.py, _exit_function",
    ),
    Law(
        id="process-begins",
        about="statement",
        when=lambda f: (
            (does(StartProcess)(f) and not f.daemonic and _has_method(f) and _is_in_time(f))
            or (does(JoinProcess, AwaitProcess)(f) and not f.foreign)
            or does(TerminateProcess, AwaitJoin)(f)
            or (_is_tried(f) and not _is_refused(f) and not f.daemonic)
        ),
        then=lambda _: Proceeds(),
        because=(
            "A process is started as a fork of its starter (fork), as a fork of a server"
            " (forkserver), or as a new Python that imports the program's file (spawn). join waits"
            " for its end, and terminate sends it SIGTERM."
        ),
        source="docs: library/multiprocessing, Contexts and start methods",
    ),
    Law(
        id="daemons-have-no-children",
        about="statement",
        when=lambda f: (
            f.daemonic
            and (
                (does(StartProcess)(f) and _has_method(f)) or (_is_tried(f) and not _is_refused(f))
            )
        ),
        then=lambda _: Raises("Exception"),
        because=(
            "A daemonic process may start no process of its own, nor a pool of them: "
            "AssertionError."
        ),
        source="docs: library/multiprocessing, Process.daemon; CPython "
        "Lib/multiprocessing/process.py, BaseProcess.start",
    ),
    Law(
        id="no-start-methods-in-2",
        about="statement",
        when=lambda f: (
            (does(StartProcess)(f) and not _has_method(f))
            or (does(ApplyTask)(f) and not f.profile.start_methods)
        ),
        then=lambda _: Raises("Exception"),
        because=(
            "Python 2's multiprocessing forks, and has no get_context: using it raises"
            " AttributeError."
        ),
        source="docs: library/multiprocessing, multiprocessing.get_context, New in version 3.4",
    ),
    Law(
        id="no-process-pools-in-2",
        about="statement",
        when=lambda f: does(SubmitTask)(f) and f.profile.pools == "backport",
        then=lambda _: Raises("Exception"),
        because="Python 2 has no concurrent.futures: ImportError.",
        source="docs: library/concurrent.futures, New in version 3.2",
    ),
    Law(
        id="only-the-starter-joins",
        about="statement",
        when=lambda f: does(JoinProcess, AwaitProcess)(f) and f.foreign,
        then=lambda _: Raises("Exception"),
        because=(
            "A child that os.fork has made has its parent's processes in its list, and takes them "
            "for its own; but join and is_alive refuse with AssertionError. So does the exit "
            "function, when it has sent SIGTERM to those that are daemons."
        ),
        source="CPython Lib/multiprocessing/process.py, BaseProcess.join; util.py, _exit_function",
    ),
    Law(
        id="children-import-the-program",
        about="fork server",
        when=lambda f: not f.profile.server_imports,
        then=lambda _: Later(),
        because=(
            "Before 3.13.8, and in 3.14.0, the fork server is not told of the program's file. Each "
            "child imports it, and what is registered there is registered in the child."
        ),
        source="CPython 3.13.0 Lib/multiprocessing/forkserver.py, ForkServer.ensure_running; "
        "gh-126631",
    ),
    Law(
        id="fork-server-imports-the-program",
        about="fork server",
        when=lambda f: f.profile.server_imports,
        then=lambda _: Proceeds(),
        because=(
            "Since 3.13.8 and 3.14.1 the fork server imports the program's file before it forks. "
            "What is registered there is registered in the server, which runs it when it ends; its "
            "children forget it."
        ),
        source="CPython gh-126631, GH-135295; Lib/multiprocessing/forkserver.py, main",
    ),
    Law(
        id="daemons-are-terminated",
        about="daemonic process",
        when=lambda f: f.child_rests and not f.told_to_end,
        then=lambda _: Proceeds(),
        because=(
            "The exit function of multiprocessing sends SIGTERM to daemonic children, whose "
            "default action ends them at once: none of their handlers run."
        ),
        source="CPython Lib/multiprocessing/util.py, _exit_function; docs: "
        "library/multiprocessing, Process.daemon",
    ),
    Law(
        id="ending-daemons-are-terminated",
        about="daemonic process",
        when=lambda f: not f.child_rests and not f.told_to_end,
        then=lambda _: Proceeds(),
        because=(
            "Both processes got the signal. The exit function of the parent sends SIGTERM to a "
            "daemonic child that is on its own way out."
        ),
        source="CPython Lib/multiprocessing/util.py, _exit_function",
        race="the end of the child, and the SIGTERM that its parent sends on its own way out",
    ),
    Law(
        id="worker-waits-for-a-task",
        about="statement",
        when=does(AwaitTask),
        then=lambda _: Proceeds(),
        because=(
            "A worker of a Pool that has nothing to do reads a pipe, of which its starter alone "
            "has the other end: when that is gone, however it ended, the worker ends as its "
            "function does."
        ),
        source="CPython Lib/multiprocessing/pool.py, worker",
    ),
    Law(
        id="manager-serves-until-told",
        about="statement",
        when=does(ServeManager),
        then=lambda _: Proceeds(),
        because=(
            "The process of a Manager is no daemon, and does not look whether its starter lives. "
            "The exit function of multiprocessing asks it to end, through its socket: whoever ends "
            "without that function leaves it, and it serves for ever."
        ),
        source="CPython Lib/multiprocessing/managers.py, BaseManager._finalize_manager and "
        "Server.serve_forever",
    ),
    Law(
        id="queue-takes-anything",
        about="statement",
        when=does(PutUnread),
        then=lambda _: Proceeds(),
        because="What is put into a Queue waits in memory; a daemon thread writes it to a pipe.",
        source="CPython Lib/multiprocessing/queues.py, Queue.put and _feed",
    ),
    Law(
        id="queue-waits-for-its-reader",
        about="queue",
        when=always,
        then=lambda _: Waits(waits=True),
        because=(
            "The exit function of multiprocessing joins the thread of each Queue into which the "
            "process has put something. A pipe holds 64 KiB; that thread waits until somebody has "
            "taken the rest, so where nobody does, the process waits for ever, and handlers that "
            "were registered before never begin."
        ),
        source="docs: library/multiprocessing, Joining processes that use queues; CPython "
        "Lib/multiprocessing/queues.py, Queue._finalize_join; pipe(7), Pipe capacity",
    ),
    Law(
        id="pool-that-is-left-open",
        about="daemonic process",
        when=lambda f: f.told_to_end,
        then=lambda _: Proceeds(),
        because=(
            "The exit function of multiprocessing terminates pools that are open. It tells the "
            "workers that no task comes any more, upon which they end by themselves, and sends "
            "them SIGTERM at once."
        ),
        source="CPython Lib/multiprocessing/pool.py, Pool._terminate_pool",
        race="the end of a worker that was told so, and the SIGTERM that follows",
    ),
    Law(
        id="process-ends-by-os-exit",
        about="end of process",
        when=lambda f: (
            f.method != "spawn" and f.profile.process_end == "os._exit" and not _loses_status(f)
        ),
        then=lambda f: Leaves(_status(f)),
        because=(
            "Up to 3.12 a process that multiprocessing has forked ends by os._exit when its "
            "function has: neither the handlers that it inherited nor its own run. Streams are "
            "flushed before."
        ),
        source="CPython 3.12 Lib/multiprocessing/popen_fork.py, Popen._launch; process.py, "
        "BaseProcess._bootstrap; gh-83856",
    ),
    Law(
        id="process-of-old-server-exits-with-1",
        about="end of process",
        when=_loses_status,
        then=lambda _: Leaves(1),
        because=(
            "Up to 3.6 a child of the fork server writes its status to a pipe, from which its "
            "starter reads it, and itself ends by os._exit(1): no handler runs."
        ),
        source="CPython 3.6 Lib/multiprocessing/forkserver.py, main and _serve_one; bpo-30589",
    ),
    Law(
        id="process-runs-its-own",
        about="end of process",
        when=lambda f: f.method != "spawn" and f.profile.process_end == "handlers",
        then=lambda f: Exits(_status(f)),
        because=(
            "Since 3.13 a process that multiprocessing has forked forgets the handlers that it"
            " inherited, and runs its own when its function has ended, even if that was by an"
            " exception."
        ),
        source="CPython gh-83856; Lib/multiprocessing/popen_fork.py, Popen._launch; "
        "forkserver.py, main",
    ),
    Law(
        id="spawned-process-exits",
        about="end of process",
        when=lambda f: f.method == "spawn",
        then=lambda f: Exits(_status(f)),
        because=(
            "A spawned process ends by sys.exit, so that all of its handlers run: those that the "
            "import of the program's file registers, and its own."
        ),
        source="CPython Lib/multiprocessing/spawn.py, spawn_main",
    ),
)
