"""rq: a worker that forks a process for each job, which rq calls its work-horse.

Facts are of rq/worker/base.py (`request_stop`: a warm shutdown, which waits for the job; a second
signal is a cold one; `setup_work_horse_signals`; `main_work_horse`: os._exit) and
rq/worker/worker_classes.py (`fork_work_horse`: a process group of its own; `kill_horse`: SIGKILL).
"""

from __future__ import annotations

from exitmatrix.model.server import Reaction, Server, Stop

_JOB = ("rq.job:work",)
_WARM = Stop(source="rq/worker/base.py, `request_stop`")

WORKER = Server(
    id="rq",
    package="rq",
    workers=1,
    imports=("master", "worker"),
    handlers=("M",),
    listens=False,
    apart=True,  # worker_classes.py, `fork_work_horse`: os.setpgrp()
    busy=_JOB,
    master={
        "SIGTERM": _WARM,
        "SIGINT": _WARM,
        "SIGTERM-then-SIGTERM": Stop(
            passes="SIGKILL", source="rq/worker/base.py, `request_force_stop`; `kill_horse`"
        ),
    },
    without_signal=Reaction(
        how="exits at once",
        hooks=_JOB,
        source="rq/worker/base.py, `main_work_horse`: os._exit, so that no atexit handler runs",
    ),
    orphan=Reaction(
        how="exits at once",
        hooks=_JOB,
        source="rq/worker/base.py, `perform_job`: nothing tells it that its worker is gone",
    ),
    helpers=("redis-server",),
    source="rq 3.0.0",
)

SERVERS = (WORKER,)
