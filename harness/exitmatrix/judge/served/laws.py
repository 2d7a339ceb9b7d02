"""What holds for every server, whatever its facts: reasons with their sources. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.model import Frozen


class ServerLaw(Frozen, kw_only=True):
    """What holds for every server, whatever its facts."""

    because: str
    source: str


LAWS: Mapping[str, ServerLaw] = {
    "server-finalizes": ServerLaw(
        because="The process leaves by an exception or by return, so the interpreter finalizes and"
        " runs the handlers of atexit.",
        source="Python/pylifecycle.c, Py_FinalizeEx",
    ),
    "server-interrupted": ServerLaw(
        because="Nobody catches KeyboardInterrupt: the interpreter finalizes, and then Python ends"
        " the process by SIGINT, so that who waits for it sees why (since 3.8).",
        source="CPython bpo-1054041; Modules/main.c, exit_sigint",
    ),
    "server-exits-at-once": ServerLaw(
        because="The process comes to os._exit: it ends before the interpreter finalizes. So does a"
        " fork of multiprocessing when it is done; since Python 3.13 it runs the handlers of atexit"
        " before that, until 3.12 it does not.",
        source="docs: library/os, os._exit; Lib/multiprocessing/popen_fork.py, _launch; gh-83856",
    ),
    "server-raises-again": ServerLaw(
        because="The server stops and gives the signal its default action back, and the signal"
        " comes once more, from itself or from its master: the process is killed before the"
        " interpreter finalizes.",
        source="uvicorn/server.py, capture_signals (0.29); billiard/pool.py, on_death",
    ),
    "server-default-action": ServerLaw(
        because="Nothing handles the signal there, so that it ends the process at once.",
        source="signal(7)",
    ),
    "server-goes-on": ServerLaw(
        because="The signal is handled or ignored, and nobody leaves.", source="signal(7)"
    ),
    "server-waits": ServerLaw(
        because=(
            "The server stops listening, and waits for the clients that it is still answering, "
            "without a limit unless it is given one."
        ),
        source="uvicorn/server.py, Server._wait_tasks_to_complete",
    ),
    "server-passes-on": ServerLaw(
        because="The master passes a signal on to its workers, waits for them, and exits.",
        source="gunicorn/arbiter.py, stop; uvicorn/supervisors/multiprocess.py, terminate_all",
    ),
    "server-tells": ServerLaw(
        because="The master tells its workers to stop without a signal, by an event that each of"
        " them looks at from time to time, or by what it writes to them; it waits for them and"
        " exits.",
        source="hypercorn/run.py, shutdown and reload; billiard/pool.py, TaskHandler.tell_others;"
        " jupyter_client/manager.py, request_shutdown",
    ),
    "server-hurries": ServerLaw(
        because="As soon as the first worker has gone, the master ends the others with a signal,"
        " however far they are with their clean-up.",
        source="hypercorn/run.py, run: wait for any of them, then process.terminate()",
    ),
    "server-repeats": ServerLaw(
        because="The master may pass its signal on once more while a worker leaves. When that comes"
        " late, Python has given signals back their default action: the worker is killed, and its"
        " handlers have run.",
        source="gunicorn 20.1, arbiter.py, manage_workers; Modules/signalmodule.c, _PySignal_Fini",
    ),
    "server-too-many": ServerLaw(
        because="The master replaces a worker that is gone before it comes to the reload, which"
        " starts as many as there should be once more, and those that are too many are sent away.",
        source="gunicorn 20.1, arbiter.py, run and manage_workers",
    ),
    "server-misses": ServerLaw(
        because="A worker that is lost when its master reloads is noticed before, and the master"
        " gives up; or afterwards, and it gives up with its new workers; or not at all.",
        source="granian/server/common.py, _serve_loop and _reload: main_loop_interrupt.clear()",
    ),
    "server-stalls": ServerLaw(
        because="A worker gets the signal to the group, and another from its master at once. Linux"
        " may give both to another thread than the main one, which alone runs Python's handlers"
        " and is not interrupted: it waits on, nobody leaves, and the master waits too.",
        source="kernel/signal.c, complete_signal; signal, Execution of Python signal handlers",
    ),
    "server-insists": ServerLaw(
        because="A worker is not gone when the time of grace is over: it does nothing about what it"
        " was told, or has not done with it. The master ends it with a signal that kills it.",
        source="gunicorn/arbiter.py, stop; jupyter_client/manager.py, finish_shutdown",
    ),
    "server-gives-up": ServerLaw(
        because="The master sees that a worker is gone, ends the others and exits: with a status of"
        " its own, or that of a worker which was killed after the first and is gone by then.",
        source="hypercorn/run.py, _join_exited; granian/server/common.py, shutdown",
    ),
    "server-replaced": ServerLaw(
        because="The master sees that a worker is gone and starts another in its place.",
        source="gunicorn/arbiter.py, manage_workers; uvicorn/supervisors/multiprocess.py,"
        " keep_subprocess_alive",
    ),
    "server-not-replaced": ServerLaw(
        because="The master does not look whether its workers live.",
        source="uvicorn 0.29, supervisors/multiprocess.py; uvicorn/supervisors/basereload.py",
    ),
    "server-follows": ServerLaw(
        because="The master waits for its worker, and leaves with the status that this had; of one"
        " that a signal has killed, that is the signal's number taken from 256.",
        source="werkzeug/_reloader.py, run_with_reloader; CPython Lib/subprocess.py, returncode",
    ),
    "server-kills-its-worker": ServerLaw(
        because="An exception that unwinds subprocess.call, SystemExit too, kills the child with"
        " SIGKILL; after Ctrl-C it gives it a quarter of a second. The master itself finalizes.",
        source="CPython Lib/subprocess.py, call and run, Popen._sigint_wait_secs",
    ),
    "server-tasks-are-finished": ServerLaw(
        because="A worker that leaves by itself finishes its tasks before; one that a signal ends,"
        " or whose task it cancels, does not, and a task that was acknowledged before is lost.",
        source="docs of celery: Workers Guide, Stopping the worker; configuration, task_acks_late",
    ),
    "server-tasks-are-given-back": ServerLaw(
        because="What was not acknowledged goes back to the queue when the main process closes its"
        " channel, which it does at every end but a sudden one.",
        source="kombu/transport/virtual/base.py, QoS.restore_unacked_once",
    ),
    "server-tasks-are-acknowledged": ServerLaw(
        because="A broker keeps what nobody has acknowledged. A main process that sees that a"
        " worker is lost acknowledges its task, as one that has failed, also with acks_late: it is"
        " lost, unless task_reject_on_worker_lost is set.",
        source="celery docs: Configuration, task_reject_on_worker_lost; celery/worker/request.py,"
        " Request.on_failure",
    ),
    "server-worker-cleans-up": ServerLaw(
        because="What a worker's own handler of atexit removes is gone where that runs, and stays"
        " where the worker is killed.",
        source="docs: library/atexit",
    ),
    "server-worker-saves": ServerLaw(
        because="What a handler of atexit saves in a worker is kept where that runs, and lost where"
        " the worker is killed.",
        source="docs: library/atexit",
    ),
    "server-master-cleans-up": ServerLaw(
        because="The master sees the end of each worker, whatever ended it, and calls a hook with"
        " its pid: what that removes stays only where the master itself was killed.",
        source="gunicorn/arbiter.py, reap_workers: child_exit; prometheus_client/multiprocess.py,"
        " mark_process_dead",
    ),
    "server-orphan-finalizes": ServerLaw(
        because="A worker looks whether its parent is still the same, and leaves when it is not.",
        source="gunicorn/workers/sync.py, is_parent_alive",
    ),
    "server-orphan-goes-on": ServerLaw(
        because="Nothing tells a worker that its master is gone: it goes on serving.",
        source="credentials(7): an orphan has another parent, and is sent no signal",
    ),
    "server-orphan-default-action": ServerLaw(
        because="A worker has asked the kernel for SIGKILL when the thread that forked it ends.",
        source="prctl(2), PR_SET_PDEATHSIG; celery/concurrency/prefork.py, process_initializer",
    ),
    "server-orphan-exits-at-once": ServerLaw(
        because="A worker sees that its master is gone, by the end of what it reads from it or by a"
        " look at its parent, and comes to os._exit.",
        source="billiard/pool.py, Worker.workloop and Worker._do_exit; ipykernel/parentpoller.py,"
        " ParentPollerUnix.run",
    ),
    "server-dies-with-its-parent": ServerLaw(
        because="The kernel sends SIGKILL to a worker that has asked for it when the thread that"
        " forked it ends: be it with the master, or before it.",
        source="prctl(2), PR_SET_PDEATHSIG; celery/concurrency/prefork.py, process_initializer",
    ),
    "server-replaced-late": ServerLaw(
        because="The master, or a thread of it that looks after the workers, may see that some are"
        " gone, and start others, before it has come to stop.",
        source="billiard/pool.py, Supervisor.body; gunicorn 20.1, arbiter.py, run: it starts those"
        " that are missing before it looks at the next signal",
    ),
    "server-deaf": ServerLaw(
        because="A worker that was just forked has the handlers of its master, which note a signal"
        " for a loop that is not there: it is lost, the worker goes on, and the master waits for it"
        " as long as it waits for anybody.",
        source="gunicorn/arbiter.py, spawn_worker and signal; workers/base.py, init_signals; docs:"
        " library/os, fork",
    ),
    "server-notes-who-is-gone": ServerLaw(
        because="A thread of the master may note that a worker is gone before the master has come"
        " to the signal: then it exits with the status that it has for that.",
        source="granian/server/common.py, AbstractWorker._watcher and AbstractServer.shutdown",
    ),
    "server-waits-for-a-lock": ServerLaw(
        because="A worker that a signal ends may leave the lock of the queue of tasks taken. The"
        " master waits for it when it finalizes, before its own handlers have their turn: it may"
        " wait for ever.",
        source="billiard/pool.py, Pool._help_stuff_finish",
    ),
    "server-answers-500": ServerLaw(
        because="A server catches what a view raises, answers with 500, and goes on.",
        source="gunicorn/workers/sync.py, handle; waitress/task.py, ErrorTask",
    ),
    "server-view-quits": ServerLaw(
        because="SystemExit is no Exception: whether a server catches it where it calls a view, or"
        " where that thread ends, or nowhere, is up to the server.",
        source="docs: library/exceptions, SystemExit; gunicorn 22, workers/sync.py, handle",
    ),
    "server-retires": ServerLaw(
        because="A worker that has answered as many requests as it may leaves as it does when it is"
        " told to, and another is started.",
        source="gunicorn/workers/sync.py, handle_request: max_requests",
    ),
    "server-times-out": ServerLaw(
        because="The master sends a signal to a worker that has not come back in time, and SIGKILL"
        " to one that is still there a second later.",
        source="gunicorn/arbiter.py, murder_workers",
    ),
    "server-halts": ServerLaw(
        because="A worker that leaves with this status is taken for one that cannot start: the"
        " master stops the others, and exits with the same status.",
        source="gunicorn/arbiter.py, reap_workers: WORKER_BOOT_ERROR is 3, APP_LOAD_ERROR is 4",
    ),
    "server-view-returns": ServerLaw(
        because="The process waits for the request that it answers, or for the thread that does,"
        " before it leaves; or it does not leave at all: its client is answered.",
        source="gunicorn/workers/sync.py, run_for_one; waitress/task.py, shutdown",
    ),
    "server-view-stays": ServerLaw(
        because="The client is answered, and its connection closed; the process still counts that,"
        " and waits for it as long as it waits for anybody.",
        source="gunicorn 25.0.2, asgi/protocol.py, connection_lost and _close_transport; mended in"
        " 26.1, which counts by a flag of its own",
    ),
    "server-view-raises": ServerLaw(
        because="The view runs in the main thread, where Python calls the signal's handler: what"
        " that raises unwinds the view, whose `finally` runs.",
        source="docs: library/signal, Execution of Python signal handlers",
    ),
    "server-view-cut": ServerLaw(
        because="Two signals are there, of which each raises: the second does when the first has,"
        " so within what the view cleans up, a `finally` or `__exit__`, and that is cut off.",
        source="Modules/signalmodule.c, _PyErr_CheckSignalsTstate: an exception leaves the others"
        " for the next look",
    ),
    "server-view-never": ServerLaw(
        because="The process is gone while its view is at work: the kernel closes the connection,"
        " and its client has no answer.",
        source="tcp(7); close(2)",
    ),
    "server-second-signal": ServerLaw(
        because="A worker gets the signal that was sent to the group, and the one that its master"
        " passes on. The second may come when the first has been acted upon.",
        source="Modules/signalmodule.c, _PySignal_Fini: signals have their default action again",
    ),
    "server-interrupts": ServerLaw(
        because="The handler of the second signal raises SystemExit. While handlers of atexit run"
        " it is raised within one of them, which it ends; the others run, and the status stays.",
        source="gunicorn/workers/base.py, handle_quit; Modules/atexitmodule.c, atexit_callfuncs;"
        " signal, Execution of Python signal handlers",
    ),
    "server-nests": ServerLaw(
        because="A worker leaves within the handler of its signal, which blocks that signal alone."
        " Another signal that comes meanwhile calls exit() once more, and that goes on behind what"
        " the first call was at: the rest of Python's end is left out.",
        source="uWSGI core/uwsgi.c, end_me and uwsgi_plugins_atexit; core/utils.c,"
        " uwsgi_unix_signal; sigaction(2), sa_mask; glibc stdlib/exit.c, __run_exit_handlers",
    ),
    "server-leaves-past-python": ServerLaw(
        because="The master leaves by exit(), or executes another program, and does not finalize"
        " the interpreter that is in it: no handler that it has runs.",
        source="uWSGI core/uwsgi.c, uwsgi_plugins_atexit, where the master returns; uwsgi_reload",
    ),
}
