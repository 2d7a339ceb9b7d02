"""celery: a worker that runs tasks itself (solo), or a main process and a pool (prefork).

Facts are of celery/apps/worker.py (`install_worker_term_handler` and its like),
celery/worker/worker.py (`start`, `stop`: `worker_shutdown` is sent by a warm shutdown
alone), celery/concurrency/prefork.py (`process_initializer`, `process_destructor`),
billiard/pool.py (`Worker`, `Pool`) and billiard/common.py (`reset_signals`). The pool is
the one of brokers that are not asynchronous, in memory or in the file system: its
threads look after it, and its processes share one queue.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Race, Reaction, Server, Stop

_BEGINS, _WORKER, _PROCESS = (
    "celery.worker_shutting_down:begins",
    "celery.worker_shutdown:worker",
    "celery.worker_process_shutdown:process",
)
_OWN = ("SIGUSR1", "SIGUSR2", "SIGALRM")
"""For these its processes have handlers: billiard/common.py, TERMSIGS_FULL; SIGUSR1 prints stacks
in the main process (apps/worker.py, `install_cry_handler`). What is not said of them is withheld.
"""
_WARM, _COLD = (_BEGINS, _WORKER), (_BEGINS,)
_SOURCE = "celery 5.7.0 with billiard 4.3.2"

_TERM = Reaction(
    how="finalizes", hooks=_WARM, source="apps/worker.py, `install_worker_term_handler`"
)
_LOOKS = "worker/loops.py, `synloop`: what the handler has noted is looked at every two seconds"
_TWICE = "apps/worker.py, `_shutdown_handler`: the same once more"
_BY_THEN = Race(between="the second signal, and the end of an idle worker", instead=_TERM)


def _two(race: Race | None) -> dict[str, Reaction]:
    """A second signal to the one process while it is on its way."""
    term = Reaction(how="finalizes", hooks=(_BEGINS, *_WARM), race=race, source=_TWICE)
    kill = Reaction(how="default action", then="SIGKILL", called=_COLD, race=race, source=_LOOKS)
    return {"SIGTERM-then-SIGTERM": term, "SIGTERM-then-SIGKILL": kill}


_TWO_TO_MASTER = {
    "SIGTERM-then-SIGTERM": Stop(hooks=(_BEGINS, *_WARM), source=_TWICE),
    "SIGTERM-then-SIGKILL": Stop(hooks=_COLD, cut="SIGKILL", source=_LOOKS),
}


def _first_alone(first: Reaction) -> dict[str, Reaction]:
    """A second signal to one of the pool, which is gone."""
    two = ("SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL")
    return dict.fromkeys(two, replace(first, then="SIGTERM"))


SOLO = Server(
    id="celery-solo",
    package="celery",
    imports=("main",),
    listens=False,
    unlisted=("SIGUSR2", "SIGALRM"),
    worker={
        "SIGUSR1": Reaction(how="goes on", source="apps/worker.py, `install_cry_handler`"),
        "SIGTERM": _TERM,
        **_two(_BY_THEN),
        "SIGINT": Reaction(
            how="finalizes",
            status=1,
            hooks=_WARM,
            source="apps/worker.py, `install_worker_int_handler`: EX_FAILURE",
        ),
        "SIGQUIT": Reaction(
            how="finalizes",
            hooks=_COLD,
            source="apps/worker.py, `on_cold_shutdown`; worker/worker.py, `start`: the status of"
            " WorkerTerminate is not taken",
        ),
        "SIGHUP": Reaction(
            how="goes on",
            hooks=(_WORKER,),
            source="apps/worker.py, `install_worker_restart_handler`: a warm shutdown; os.execv,"
            " its command anew in the same process, past all handlers of the application",
        ),
    },
    source=_SOURCE,
)

# apps/worker.py, `install_cry_handler`: without sys._current_frames it installs none
SOLO_PYPY = replace(
    SOLO,
    where={"tells_frames": False},
    worker={signal: how for signal, how in SOLO.worker.items() if signal != "SIGUSR1"},
)

_SYNC = "apps/beat.py, `install_sync_handler`; beat.py, `Service.start`: it takes SystemExit"
BEAT = Server(
    id="celery-beat",
    package="celery",
    imports=("main",),
    listens=False,
    worker={
        "SIGTERM": Reaction(how="finalizes", source=_SYNC),
        "SIGINT": Reaction(how="finalizes", source=_SYNC),
    },
    source=_SOURCE,
)

_TASK = "celery.task:work"

_CANNOT = (
    "apps/worker.py, `on_cold_shutdown`: it cancels the task, which the solo pool cannot"
    " (NotImplementedError, raised where the task is)"
)
SOLO_BUSY = Server(
    id="celery-solo-busy",
    since="5.7",
    package="celery",
    imports=("main",),
    listens=False,
    unlisted=_OWN,
    busy=(_TASK,),
    worker={
        "SIGTERM": Reaction(
            how="finalizes",
            hooks=(_TASK, *_WARM),
            source="apps/worker.py, `_shutdown_handler`: it sets a flag, and the task goes on",
        ),
        "SIGHUP": replace(  # and the program gives a task
            SOLO.worker["SIGHUP"], hooks=(_TASK, _WORKER, _TASK)
        ),
        **_two(None),
        "SIGTERM-then-SIGTERM": Reaction(
            how="finalizes", hooks=(_TASK, _BEGINS, *_WARM), source=_TWICE
        ),
        "SIGINT": Reaction(
            how="finalizes",
            status=1,
            hooks=(_TASK, *_WARM),
            source="apps/worker.py, `install_worker_int_handler`",
        ),
        "SIGINT-then-SIGINT": Reaction(
            how="finalizes",
            hooks=(_TASK, _BEGINS),
            raised=(_TASK,),
            source="apps/worker.py, `on_SIGINT`: the second is a cold shutdown, as SIGQUIT is",
        ),
        "SIGQUIT": Reaction(
            how="finalizes",
            hooks=(_TASK,),
            raised=(_TASK,),
            source=f"{_CANNOT}; `_shutdown_handler` notes in a `finally` that the worker is to"
            " terminate",
        ),
    },
    source=_SOURCE,
)
SOLO_BUSY_5_6 = replace(
    SOLO_BUSY,
    since="",
    worker={
        **SOLO_BUSY.worker,
        "SIGINT-then-SIGINT": Reaction(
            how="finalizes",
            status=1,
            hooks=(_TASK, _BEGINS, _WORKER),
            raised=(_TASK,),
            source=f"5.6.3, {_CANNOT}, before it is noted; the first SIGINT was",
        ),
        "SIGQUIT": Reaction(
            how="goes on",
            hooks=(_TASK,),
            raised=(_TASK,),
            source=f"5.6.3, {_CANNOT}, before `_shutdown_handler` notes that the worker is to end",
        ),
    },
    source="celery 5.5.3 and 5.6.3",
)

_RAISES_AGAIN = Reaction(
    how="raises again",
    hooks=(_PROCESS,),
    source="common.py, `_shutdown_cleanup`; pool.py, `_do_exit` and `on_death`",
)
_STARTING = Reaction(
    how="exits at once",
    status=15,
    source="billiard/process.py, `_bootstrap`: SystemExit of `_shutdown_cleanup`, -241, before"
    " pool.py, `__call__`, comes to `workloop`",
)
PREFORK = Server(
    id="celery-prefork",
    package="celery",
    workers=2,
    imports=("master", "worker"),
    listens=False,
    ignores=("SIGUSR1",),  # apps/worker.py, `install_cry_handler`: it prints stacks
    unlisted=("SIGUSR2", "SIGALRM"),
    master={
        "SIGTERM": Stop(hooks=_WARM, source="apps/worker.py, `install_worker_term_handler`"),
        **_TWO_TO_MASTER,
        "SIGINT": Stop(
            hooks=_WARM,
            status=1,
            source="apps/worker.py, `install_worker_int_handler`: EX_FAILURE",
        ),
        "SIGQUIT": Stop(hooks=_COLD, source="apps/worker.py, `on_cold_shutdown`"),
        "SIGHUP": Stop(
            hooks=(_WORKER,),
            restarts=True,
            source="apps/worker.py, `install_worker_restart_handler`: a warm shutdown, and os.execv"
            " in an atexit handler, which comes before those of the application",
        ),
    },
    worker={
        "SIGHUP": Reaction(
            how="exits at once",
            status=70,
            hooks=(_PROCESS,),
            source="common.py, TERMSIGS_DEFAULT: as SIGQUIT",
        ),
        "SIGTERM": _RAISES_AGAIN,
        **_first_alone(_RAISES_AGAIN),
        "SIGQUIT": Reaction(
            how="exits at once",
            status=70,
            hooks=(_PROCESS,),
            hurried=Reaction(how="exits at once", status=3, hooks=(_PROCESS,)),
            source="common.py, `_shutdown_cleanup`: EX_SOFTWARE for the SIGTERM of `on_death`",
        ),
        "SIGABRT": Reaction(
            how="exits at once",
            status=70,
            hooks=(_PROCESS,),
            source="common.py, TERMSIGS_FULL: as SIGQUIT, which pool.py, `after_fork`, asks for",
        ),
        "SIGUSR1": Reaction(
            how="exits at once",
            status=1,
            hooks=(_PROCESS,),
            source="pool.py, SIG_SOFT_TIMEOUT: SoftTimeLimitExceeded, which `__call__` takes as the"
            " end of the loop",
        ),
        "SIGINT": Reaction(how="goes on", source="pool.py, `after_fork`: it is ignored"),
    },
    without_signal=Reaction(
        how="exits at once",
        hooks=(_PROCESS,),
        source="pool.py, `_do_exit`: os._exit, so that no atexit handler runs",
    ),
    replaces=True,  # pool.py, `_maintain_pool`
    starting=_STARTING,
    replaces_late=True,  # pool.py, `Supervisor.body`: another thread than the one that stops
    waits_for_lock=True,  # pool.py, `_help_stuff_finish`
    orphan=Reaction(
        how="exits at once",
        hooks=(_PROCESS,),
        source="pool.py, `_make_protected_receive`: the end of the queue",
    ),
    dies_with_parent=True,  # concurrency/prefork.py, `process_initializer`
    source=_SOURCE,
)

_IGNORED = PREFORK.worker["SIGINT"]

_TASK_RAISES = Reaction(
    how="raises again",
    hooks=(_TASK, _PROCESS),
    raised=(_TASK,),
    source="common.py, `_shutdown_cleanup`: SystemExit in the task; pool.py, `on_death`",
)
PREFORK_BUSY = Server(
    id="celery-prefork-busy",
    package="celery",
    workers=1,
    imports=("master", "worker"),
    listens=False,
    busy=(_TASK,),
    master={
        "SIGTERM": PREFORK.master["SIGTERM"],
        **_TWO_TO_MASTER,
        "SIGHUP": replace(PREFORK.master["SIGHUP"], starts=(_TASK,)),  # the program gives one
        "SIGINT": PREFORK.master["SIGINT"],
        "SIGINT-then-SIGINT": Stop(
            passes="SIGTERM",
            hooks=(_BEGINS, *_WARM),
            status=1,
            source="apps/worker.py, `on_SIGINT`: the second is a cold shutdown within the warm one,"
            " whose status stays",
        ),
        "SIGQUIT": Stop(
            passes="SIGTERM",
            hooks=_COLD,
            source="apps/worker.py, `on_cold_shutdown`: cancel_active_requests; pool.py,"
            " `terminate_job`",
        ),
    },
    unlisted=_OWN,
    worker={
        "SIGTERM": _TASK_RAISES,
        **_first_alone(_TASK_RAISES),
        "SIGINT": _IGNORED,
        "SIGINT-then-SIGINT": _IGNORED,
        **{
            signal: replace(
                PREFORK.worker[signal], hooks=(_TASK, _PROCESS), raised=(_TASK,), hurried=None
            )
            for signal in ("SIGQUIT", "SIGHUP", "SIGABRT")
        },
    },
    without_signal=Reaction(
        how="exits at once",
        hooks=(_TASK, _PROCESS),
        source="pool.py, `workloop`: it is told between two tasks",
    ),
    replaces=True,  # pool.py, `_maintain_pool`
    replaces_late=True,  # it waits for the lost task: pool.py, `finish_at_shutdown`
    orphan=Reaction(
        how="default action",
        then="SIGKILL",
        source="concurrency/prefork.py, `process_initializer`: PR_SET_PDEATHSIG, while it is busy",
    ),
    source=_SOURCE,
)

PREFORK_QUEUE = replace(
    PREFORK,
    id="celery-prefork-queue",
    ignores=(),
    unlisted=("SIGHUP", *_OWN),
    master={
        "SIGTERM": PREFORK.master["SIGTERM"],
        "SIGINT": PREFORK.master["SIGINT"],
        "SIGQUIT": PREFORK_BUSY.master["SIGQUIT"],
    },
    worker={"SIGTERM": PREFORK.worker["SIGTERM"], "SIGINT": _IGNORED},
    stuck=(_BEGINS,),  # worker/worker.py: `_shutdown` comes before `_send_worker_shutdown`
    # Whether a worker is replaced, and what one does without its master: no cell of this asks it.
    replaces=False,
    starting=None,
    orphan=None,
)

REDIS_QUEUE = replace(
    PREFORK_QUEUE,
    id="celery-redis-queue",
    master={"SIGTERM": PREFORK.master["SIGTERM"]},
    worker={
        "SIGTERM": replace(
            PREFORK.worker["SIGTERM"],
            hurried=Reaction(
                how="exits at once",
                status=15,
                hooks=(_PROCESS,),
                source="pool.py, `_do_exit`: os._exit, when a second has passed without the SIGTERM"
                " of `on_death`, with the status of `_shutdown_cleanup`, 15 - 256",
            ),
        )
    },
    # Of an asynchronous broker: concurrency/asynpool.py, each process has a pipe of its own.
    replaces_late=False,
    waits_for_lock=False,
    stuck=(),
    dies_with_parent=False,  # what is at work has no other way to end than this:
    orphan=Reaction(
        how="default action",
        source="concurrency/prefork.py, `process_initializer`: PR_SET_PDEATHSIG, while it is busy",
    ),
    helpers=("redis-server",),
)

THREADS, THREADS_PYPY = (replace(one, id="celery-threads") for one in (SOLO, SOLO_PYPY))
THREADS_BUSY = Server(
    id="celery-threads-busy",
    package="celery",
    imports=("main",),
    listens=False,
    unlisted=_OWN,
    worker={
        "SIGTERM": _TERM,
        **_two(None),
        "SIGHUP": SOLO.worker["SIGHUP"],
        "SIGINT": SOLO.worker["SIGINT"],
        "SIGQUIT": Reaction(
            how="finalizes",
            status=1,
            hooks=(_WORKER,),
            source="concurrency/thread.py: no kill_job, so that `cancel_active_requests` raises"
            " NotImplementedError; `on_stop` waits for the tasks",
        ),
    },
    source=_SOURCE,
)

SERVERS = (
    SOLO,
    SOLO_PYPY,
    BEAT,
    SOLO_BUSY_5_6,
    SOLO_BUSY,
    PREFORK,
    PREFORK_BUSY,
    PREFORK_QUEUE,
    REDIS_QUEUE,
    THREADS,
    THREADS_PYPY,
    THREADS_BUSY,
)
