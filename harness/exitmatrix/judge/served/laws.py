"""What holds for every server, whatever its facts: reasons with their sources. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.model import Frozen


class ServerLaw(Frozen, kw_only=True):
    """What holds for every server, whatever its facts."""

    because: str
    source: str


LAWS: Mapping[str, ServerLaw] = {
    "server-raises-again": ServerLaw(
        because=(
            "The server shuts down, restores the signal's default action, and gets the signal "
            "once more, from itself or from its master, before the interpreter finalizes."
        ),
        source="uvicorn/server.py, capture_signals (0.29); billiard/pool.py, on_death",
    ),
    "server-goes-on": ServerLaw(
        because="The signal is handled or ignored, and the process does not exit.",
        source="signal(7)",
    ),
    "server-waits": ServerLaw(
        because=(
            "The server stops listening and waits for the requests in progress, without a time "
            "limit unless one is configured."
        ),
        source="uvicorn/server.py, Server._wait_tasks_to_complete",
    ),
    "server-passes-on": ServerLaw(
        because="The master sends its workers a signal, waits for them, and exits.",
        source="gunicorn/arbiter.py, stop; uvicorn/supervisors/multiprocess.py, terminate_all",
    ),
    "server-stops-by-message": ServerLaw(
        because=(
            "The master stops its workers without a signal, by an event that each of them polls "
            "or by a message. It waits for them and exits."
        ),
        source="hypercorn/run.py, shutdown and reload; billiard/pool.py, TaskHandler.tell_others;"
        " jupyter_client/manager.py, request_shutdown",
    ),
    "server-master-ends-first": ServerLaw(
        because="An exception ends the master before it has told its workers to stop. They then"
        " do what they do without a master.",
        source="Lib/subprocess.py, run: what ends the process that was started begins behind Popen;"
        " gunicorn/arbiter.py, stop: sockets are closed first",
    ),
    "server-first-end-ends-all": ServerLaw(
        because=(
            "As soon as the first worker has ended, the master sends the others a signal, even "
            "in the middle of their clean-up."
        ),
        source="hypercorn/run.py, run: wait for any of them, then process.terminate()",
    ),
    "server-signals-twice": ServerLaw(
        because=(
            "The master may send its signal a second time while a worker exits. If that arrives "
            "when Python has restored the default actions, it kills the worker, whose handlers "
            "have run by then."
        ),
        source="gunicorn/arbiter.py, manage_workers; Modules/signalmodule.c, _PySignal_Fini",
    ),
    "server-reload-surplus": ServerLaw(
        because=(
            "The master replaces the worker that has ended, and reloads afterwards. The reload "
            "starts a full set of workers once more, and the surplus ones are stopped."
        ),
        source="gunicorn 20.1, arbiter.py, run and manage_workers",
    ),
    "server-worker-ends-in-reload": ServerLaw(
        because=(
            "A worker ends while its master reloads. The master notices that before the reload, "
            "and exits; or after it, and exits with its new workers; or not at all."
        ),
        source="granian/server/common.py, _serve_loop and _reload: main_loop_interrupt.clear()",
    ),
    "server-signal-to-other-thread": ServerLaw(
        because=(
            "A worker gets the signal that was sent to the group and, at the same moment, "
            "another from its master. Linux may deliver both to a thread that is not the main "
            "one. Python's handlers run in the main thread only, whose wait is not interrupted: "
            "the worker does not exit, and the master waits for it."
        ),
        source="kernel/signal.c, complete_signal; signal, Execution of Python signal handlers",
    ),
    "server-kills-after-grace": ServerLaw(
        because=(
            "A worker still runs when the grace period is over, because it ignored the request "
            "to stop or has not finished. The master ends it with a signal that kills it."
        ),
        source="gunicorn/arbiter.py, stop; jupyter_client/manager.py, finish_shutdown",
    ),
    "server-stops-when-a-worker-ends": ServerLaw(
        because=(
            "The master notices that a worker has ended, stops the others and exits: with a "
            "status of its own, or with that of a worker which was killed after the first and "
            "has ended by then."
        ),
        source="hypercorn/run.py, _join_exited; granian/server/common.py, shutdown",
    ),
    "server-replaced": ServerLaw(
        because="The master notices that a worker has ended, and starts another in its place.",
        source="gunicorn/arbiter.py, manage_workers; uvicorn/supervisors/multiprocess.py,"
        " keep_subprocess_alive",
    ),
    "server-starts-another": ServerLaw(
        because="The master starts one worker more, and leaves the others as they are.",
        source="gunicorn/arbiter.py, handle_ttin; docs of gunicorn: Signal Handling",
    ),
    "server-sends-one-away": ServerLaw(
        because="The master sends SIGTERM to its oldest worker, and starts none in its place.",
        source="gunicorn/arbiter.py, handle_ttou and manage_workers",
    ),
    "server-not-replaced": ServerLaw(
        because="The master does not check whether its workers are alive.",
        source="uvicorn 0.29, supervisors/multiprocess.py; uvicorn/supervisors/basereload.py",
    ),
    "server-exits-as-its-worker": ServerLaw(
        because=(
            "The master waits for its worker and exits with the worker's status. If a signal "
            "killed the worker, that is 256 minus the signal's number."
        ),
        source="werkzeug/_reloader.py, run_with_reloader; CPython Lib/subprocess.py, returncode",
    ),
    "server-unwinds": ServerLaw(
        because=(
            "The master waits for its worker in subprocess.call or subprocess.run, and its signal"
            " handler raises an exception there."
        ),
        source="werkzeug/_reloader.py, run_with_reloader; django/utils/autoreload.py,"
        " run_with_reloader",
    ),
    "server-kills-its-worker": ServerLaw(
        because="The master sends SIGKILL to its worker, waits for it, and exits by itself.",
        source="rq/worker/worker_classes.py, kill_horse",
    ),
    "server-tasks-are-finished": ServerLaw(
        because=(
            "A worker that exits by itself finishes its tasks first. One that a signal kills, or "
            "whose task the signal cancels, does not, and a task that was acknowledged before it "
            "was executed is lost."
        ),
        source="docs of celery: Workers Guide, Stopping the worker; configuration, task_acks_late",
    ),
    "server-tasks-are-given-back": ServerLaw(
        because=(
            "A task that was not acknowledged returns to the queue when the main process closes "
            "its channel, which it does unless it ends without clean-up."
        ),
        source="kombu/transport/virtual/base.py, QoS.restore_unacked_once",
    ),
    "server-tasks-are-acknowledged": ServerLaw(
        because=(
            "A broker keeps a task until it is acknowledged. A main process that notices the "
            "loss of a worker acknowledges the worker's task as failed, even with acks_late: the "
            "task is lost unless task_reject_on_worker_lost is set."
        ),
        source="celery docs: Configuration, task_reject_on_worker_lost; celery/worker/request.py,"
        " Request.on_failure",
    ),
    "server-worker-cleans-up": ServerLaw(
        because=(
            "What a worker's own atexit handler removes is gone if the handler ran, and is left"
            " behind if the worker was killed."
        ),
        source="docs: library/atexit",
    ),
    "server-worker-saves": ServerLaw(
        because=(
            "What a worker's atexit handler saves is kept if the handler ran, and lost if the"
            " worker was killed."
        ),
        source="docs: library/atexit",
    ),
    "server-master-cleans-up": ServerLaw(
        because=(
            "The master notices the end of each worker, whatever ended it, and calls a hook with "
            "the worker's pid. What that hook removes is left behind only if the master itself "
            "was killed."
        ),
        source="gunicorn/arbiter.py, reap_workers: child_exit; prometheus_client/multiprocess.py,"
        " mark_process_dead",
    ),
    "server-orphan-finalizes": ServerLaw(
        because=(
            "A worker checks whether it still has the same parent process, and exits if it does"
            " not."
        ),
        source="gunicorn/workers/sync.py, is_parent_alive",
    ),
    "server-orphan-goes-on": ServerLaw(
        because="A worker is not told that its master has ended: it goes on serving.",
        source="credentials(7): an orphan has another parent, and is sent no signal",
    ),
    "server-orphan-default-action": ServerLaw(
        because=(
            "A worker has asked the kernel to send it SIGKILL when the thread that forked it ends."
        ),
        source="prctl(2), PR_SET_PDEATHSIG; celery/concurrency/prefork.py, process_initializer",
    ),
    "server-orphan-exits-at-once": ServerLaw(
        because=(
            "A worker notices that its master has ended, because the pipe between them is closed"
            " or because its parent process is another, and calls os._exit."
        ),
        source="billiard/pool.py, Worker.workloop and Worker._do_exit; ipykernel/parentpoller.py,"
        " ParentPollerUnix.run",
    ),
    "server-dies-with-its-parent": ServerLaw(
        because=(
            "A worker has asked the kernel for SIGKILL when the thread that forked it ends. That "
            "thread may end before its process does."
        ),
        source="prctl(2), PR_SET_PDEATHSIG; celery/concurrency/prefork.py, process_initializer",
    ),
    "server-replaced-late": ServerLaw(
        because=(
            "The master, or its thread that supervises the workers, may notice that some have "
            "ended and start others before it stops."
        ),
        source="billiard/pool.py, Supervisor.body; gunicorn 20.1, arbiter.py, run: it starts those"
        " that are missing before it looks at the next signal",
    ),
    "server-hit-while-it-starts": ServerLaw(
        because=(
            "A worker that has just been started gets a signal before its loop begins: it exits "
            "before its hooks."
        ),
        source="billiard/process.py, _bootstrap; billiard/pool.py, Worker.__call__ and after_fork",
    ),
    "server-new-worker-ignores-signal": ServerLaw(
        because=(
            "A worker that was just forked still has the signal handlers of its master, which "
            "only record a signal for the master's loop. That loop does not run in the worker: "
            "the signal is lost, the worker goes on, and the master waits for it until the grace "
            "period ends, if there is one."
        ),
        source="gunicorn/arbiter.py, spawn_worker and signal; workers/base.py, init_signals; docs:"
        " library/os, fork",
    ),
    "server-lost-worker-status": ServerLaw(
        because=(
            "A thread of the master may record that a worker has ended before the master handles "
            "the signal. The master then exits with its status for a lost worker."
        ),
        source="granian/server/common.py, AbstractWorker._watcher and AbstractServer.shutdown",
    ),
    "server-waits-for-a-lock": ServerLaw(
        because=(
            "A worker that a signal kills may hold the lock of the task queue. The master waits "
            "for that lock when it finalizes, before its own handlers run: it may wait for ever."
        ),
        source="billiard/pool.py, Pool._help_stuff_finish",
    ),
    "server-answers-500": ServerLaw(
        because="A server catches what a view raises, answers with 500, and goes on.",
        source="gunicorn/workers/sync.py, handle; waitress/task.py, ErrorTask",
    ),
    "server-answers-nothing": ServerLaw(
        because=(
            "A server catches what a view raises, writes it to its log, and goes on. The client "
            "gets no answer."
        ),
        source="uWSGI docs: Options, catch-exceptions; plugins/python/wsgi_subhandler.c",
    ),
    "server-view-quits": ServerLaw(
        because=(
            "SystemExit is not a subclass of Exception. Some servers catch it where they call "
            "the view, some where the view's thread ends, and some not at all."
        ),
        source="docs: library/exceptions, SystemExit; gunicorn 22, workers/sync.py, handle",
    ),
    "server-max-requests": ServerLaw(
        because=(
            "A worker that has answered its maximum number of requests exits as it does when it "
            "is told to stop, and is replaced."
        ),
        source="gunicorn/workers/sync.py, handle_request: max_requests",
    ),
    "server-worker-timeout": ServerLaw(
        because=(
            "The master sends a signal to a worker that has not reported within the timeout, and "
            "SIGKILL to one that is still there a second later."
        ),
        source="gunicorn/arbiter.py, murder_workers",
    ),
    "server-cannot-start-status": ServerLaw(
        because=(
            "The master takes this exit status for that of a worker that cannot start: it stops "
            "the others, and exits: gunicorn with the same status, uvicorn with 0."
        ),
        source="gunicorn/arbiter.py, reap_workers: WORKER_BOOT_ERROR is 3, APP_LOAD_ERROR is 4;"
        " uvicorn/supervisors/multiprocess.py, keep_subprocess_alive (0.50)",
    ),
    "server-view-returns": ServerLaw(
        because=(
            "The process waits for the request in progress, or for the thread that handles it, "
            "before it exits; or it does not exit at all. The client gets its answer."
        ),
        source="gunicorn/workers/sync.py, run_for_one; waitress/task.py, shutdown",
    ),
    "server-view-stays": ServerLaw(
        because=(
            "The client is answered, and its connection is closed. The process still counts the "
            "connection, and waits for it until the grace period ends, if there is one."
        ),
        source="gunicorn 25.0.2, asgi/protocol.py, connection_lost and _close_transport; mended in"
        " 26.1, which counts by a flag of its own",
    ),
    "server-view-handed": ServerLaw(
        because=(
            "The signal comes while the main thread hands the request to a thread that begins it "
            "at once. The signal's handler waits for a lock that the main thread holds: the "
            "process hangs, and answers nobody."
        ),
        source="gunicorn/workers/gthread.py, handle_quit and enqueue_req; CPython"
        " Lib/concurrent/futures/thread.py, submit and shutdown; python/cpython#121649",
    ),
    "server-view-raises": ServerLaw(
        because=(
            "The view runs in the main thread, where Python calls the signal's handler. What the "
            "handler raises unwinds the view, and the view's `finally` clauses run."
        ),
        source="docs: library/signal, Execution of Python signal handlers",
    ),
    "server-view-cut": ServerLaw(
        because=(
            "Two signals are pending, and the handler of each raises an exception. The second is "
            "raised while the first one unwinds the view: in a `finally` clause or `__exit__` of "
            "the view, which is cut short."
        ),
        source="Modules/signalmodule.c, _PyErr_CheckSignalsTstate: an exception leaves the others"
        " for the next look",
    ),
    "server-answer-cut": ServerLaw(
        because=(
            "The handler of the first signal has raised, and the server answers the client with an"
            " error. The handler of the second raises there: the client gets no answer."
        ),
        source="gunicorn 22, workers/sync.py, handle: handle_error within `except BaseException`",
    ),
    "server-view-never": ServerLaw(
        because=(
            "The process ends while its view runs: the kernel closes the connection, and the "
            "client gets no answer."
        ),
        source="tcp(7); close(2)",
    ),
    "server-sigkill-follows": ServerLaw(
        because=(
            "The process that answers waits for its view, and whoever stops it waits for that"
            " process. A SIGKILL that comes meanwhile ends the processes that it is sent to. A"
            " worker whose master was killed goes on with what it was told to do."
        ),
        source="signal(7): SIGKILL cannot be caught; credentials(7): an orphan is sent no signal",
    ),
    "server-signal-again": ServerLaw(
        because=(
            "The process still waits for its view when the signal comes once more. Its handler "
            "sets what it has set before, and nothing changes."
        ),
        source="gunicorn/workers/base.py, handle_exit; uvicorn/server.py, handle_exit;"
        " hypercorn/run.py, shutdown; granian/_signals.py, signal_handler",
    ),
    "server-gone-by-then": ServerLaw(
        because=(
            "Nobody is answered, so that whoever was told to stop has gone when the second signal "
            "comes, 2.5 s later: a server looks for what it waits for at least once a second."
        ),
        source="gunicorn/arbiter.py, stop; gunicorn/workers/ggevent.py, run; hypercorn/utils.py,"
        " check_multiprocess_shutdown_event; uvicorn/supervisors/multiprocess.py, run",
    ),
    "server-signal-thrice": ServerLaw(
        because=(
            "The worker has had two signals already, unless Python merged them: that to the group "
            "and the one that its master passed on. The handler of another waits for room in a "
            "channel that nobody reads any more, and holds the GIL: the worker hangs."
        ),
        source="granian 2.8.7, src/workers.rs; docs: library/signal, Execution of Python signal"
        " handlers",
    ),
    "server-anew-by-then": ServerLaw(
        because=(
            "The master has started everything anew when the second signal comes, 2.5 s later. "
            "That finds an idle server, which takes it as it took the first."
        ),
        source="uWSGI 2.0.30, core/uwsgi.c, reap_them_all; core/master_utils.c, uwsgi_reload",
    ),
    "server-second-is-taken": ServerLaw(
        because=(
            "Whoever did not take the first signal, because it had just been forked or ran a "
            "callback that swallows exceptions, gets the second 2.5 s later, and takes that or "
            "not as if it were the first."
        ),
        source="gunicorn/arbiter.py, spawn_worker; PyPy pypy/module/_weakref/interp__weakref.py,"
        " activate_callback",
    ),
    "server-second-signal": ServerLaw(
        because=(
            "A worker gets the signal that was sent to the group, and the one that its master "
            "sends. The second may arrive when the first has been handled."
        ),
        source="Modules/signalmodule.c, _PySignal_Fini: signals have their default action again",
    ),
    "server-second-signal-interrupts": ServerLaw(
        because=(
            "The handler of the second signal raises SystemExit, wherever the worker is on its way "
            "out: inside an atexit handler too."
        ),
        source="gunicorn/workers/base.py, handle_quit; docs: library/signal, Execution of Python"
        " signal handlers",
    ),
    "server-log-breaks-off": ServerLaw(
        because=(
            "The master logs what ended a worker, in its handler of SIGCHLD. If that signal comes "
            "while it writes another line, the second write raises RuntimeError, and the handler "
            "ends there: the worker still counts, and the master waits for it until the grace "
            "period ends."
        ),
        source="gunicorn 20.1 to 23.0, arbiter.py, handle_chld, reap_workers and stop; CPython"
        " Modules/_io/bufferedio.c, _enter_buffered_busy; Lib/logging/__init__.py, handleError:"
        " except OSError; benoitc/gunicorn#2816",
    ),
    "server-nested-exit": ServerLaw(
        because=(
            "A worker calls exit() in the handler of its signal, which blocks that signal only. "
            "Another signal that arrives meanwhile calls exit() again, which continues behind "
            "the function that the first call was executing: the rest of Python's finalization "
            "is skipped. If the first call holds the C library's lock at that moment, the second "
            "waits for it for ever: the worker hangs, and its master waits until it kills it."
        ),
        source="uWSGI core/uwsgi.c, end_me and uwsgi_plugins_atexit; core/utils.c,"
        " uwsgi_unix_signal; core/master_checks.c, uwsgi_master_check_mercy; sigaction(2), sa_mask;"
        " glibc stdlib/exit.c, __run_exit_handlers, __exit_funcs_lock; signal-safety(7)",
    ),
    "server-exits-without-finalizing": ServerLaw(
        because=(
            "The master calls exit(), or executes another program, and does not finalize its "
            "interpreter: none of its handlers run."
        ),
        source="uWSGI core/uwsgi.c, uwsgi_plugins_atexit, where the master returns; uwsgi_reload",
    ),
}
