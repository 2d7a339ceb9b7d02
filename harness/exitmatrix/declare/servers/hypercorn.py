"""hypercorn: one process, or a master and workers that `multiprocessing` spawns.

Facts are of hypercorn/run.py (`run`: the master waits for its workers, and tells them to stop by
an event that they look at ten times a second) and hypercorn/asyncio/run.py (`worker_serve`:
a worker that is told leaves its loop, shuts the lifespan down, and returns). The master ignores
SIGINT while it spawns, and a signal that is ignored stays so in the program that is executed
(signal(7)). A worker has no handler for any signal.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop, View

_WAITS = View(
    ends="returns",
    source="asyncio/run.py, `worker_serve`: it waits for connections up to `graceful_timeout`, 3 s",
)
_RETURNS = Reaction(
    how="finalizes",
    lifespan=True,
    view=_WAITS,
    source="asyncio/run.py, `worker_serve`, `_signal_handler`: the loop ends, run returns",
)
_TOLD = Reaction(
    how="finalizes",
    lifespan=True,
    view=_WAITS,
    source="utils.py, `check_multiprocess_shutdown_event`; multiprocessing/spawn.py, `spawn_main`:"
    " sys.exit",
)
_QUITS = Reaction(
    how="finalizes",
    view=View(
        ends="raises",
        client="500",
        source="asyncio/task_group.py, `_handle`: `finally: await send(None)`, which answers 500 in"
        " protocol/http_stream.py, `app_send`",
    ),
    source="asyncio/task_group.py, `_handle`: SystemExit passes `except Exception`; Lib/asyncio/"
    "tasks.py, `Task.__step`, raises it from the loop, and once more while tasks are cancelled, so"
    " that the lifespan's is not run again",
)
_STOP = Stop(source="run.py, `shutdown`")
# `process.terminate()`, when `wait` has told that one of them is gone
_HURRIES = Stop(hurries="SIGTERM", source="run.py, `shutdown`, and the end of `run`")
_RELOADS = Stop(restarts=True, source="run.py, `reload`")

_ONE = Server(
    id="hypercorn",
    package="hypercorn",
    workers=1,
    imports=("worker",),
    asgi=True,
    master={
        "SIGTERM": _STOP,
        "SIGINT": _STOP,
        "SIGHUP": _RELOADS,
    },
    again=("SIGTERM",),  # run.py, `shutdown`: the event is set again
    worker={
        "SIGINT": Reaction(how="goes on", source="run.py, `run`: SIG_IGN before the workers start"),
    },
    without_signal=_TOLD,
    quits=_QUITS,
    gives_up=Stop(source="run.py, `run`: `exitcode != 0`"),
    orphan=Reaction(how="goes on", source="nothing in it looks for its parent"),
    helpers=("multiprocessing.resource_tracker",),  # of the event
    source="hypercorn 0.18.0",
)

_WAITS_3_11 = replace(
    _WAITS,
    late="500",
    source="asyncio/run.py, `worker_serve`: after `graceful_timeout`, 3 s, it cancels them",
)
# Before 3.12 the time is counted from the start (see `_OPEN_3_12`): who is left is cancelled.
_ONE_3_11 = replace(
    _ONE,
    where={"closing_waits": False},
    without_signal=replace(_TOLD, view=_WAITS_3_11),
)

_INTERRUPTED = {
    "SIGINT": Reaction(
        how="finalizes",
        status=1,
        lifespan=True,
        view=_WAITS,
        source="asyncio/run.py: KeyboardInterrupt; multiprocessing/process.py, `_bootstrap`: 1",
    )
}
_ONE_INTERRUPTED = replace(
    _ONE_3_11,
    where={"closing_waits": False, "keeps_ignored_sigint": False},
    worker=_INTERRUPTED,
)

_RELOADING = replace(
    _ONE,
    id="hypercorn-reload",
    # run.py, `run`: "Load the application so that the correct paths are checked for changes"
    imports=("master", "worker"),
    master={"SIGTERM": _STOP},
    worker={  # the app saves its file
        "SIGUSR1": replace(_TOLD, anew=True, source="run.py, `run`: `check_for_updates`")
    },
    quits=None,
    orphan=None,
)

# asyncio/run.py, `worker_serve`: `wait_closed`, and then wait_for(..., `graceful_timeout`)
_OPEN = Server(
    id="hypercorn-open-request",
    package="hypercorn",
    imports=("main",),
    listens=False,  # what is asked is whether it ends
    asgi=True,
    worker=dict.fromkeys(
        ("SIGTERM", "SIGINT"),
        replace(_RETURNS, source="asyncio/run.py, `worker_serve`: `graceful_timeout`"),
    ),
    source="hypercorn 0.18.0",
)
_OPEN_3_12 = replace(
    _OPEN,
    where={"closing_waits": True},
    imports=(),  # no end of it comes to the handlers
    asgi=False,
    worker=dict.fromkeys(
        ("SIGTERM", "SIGINT"),
        Reaction(
            how="waits",
            source="asyncio/run.py, `worker_serve`: wait_closed() waits for connections since"
            " Python 3.12 (gh-79033; Lib/asyncio/base_events.py), before the time is counted;"
            " pgjones/hypercorn#308",
        ),
    ),
)

# What only a second worker shows.
_TWO = replace(
    _ONE,
    id="hypercorn-workers",
    since="0.18",
    workers=2,
    master={"SIGTERM": replace(_HURRIES, reports=True), "SIGINT": _HURRIES, "SIGHUP": _RELOADS},
    # The event is set, and SIGTERM is sent at once: a worker looks at the event ten times a second.
    gives_up=Stop(
        hurries="SIGTERM",
        reports=True,
        source="run.py, `run`: `exitcode != 0`, and `_join_exited` once more",
    ),
)
_TWO_INTERRUPTED = replace(_TWO, where={"keeps_ignored_sigint": False}, worker=_INTERRUPTED)

# run.py, `run`: it has no handler for SIGHUP before 0.18.
_TWO_0_17 = replace(
    _TWO,
    since="",
    without_signal=replace(_TOLD, view=None),  # who answers is killed before: `hurries`
    master={signal: stop for signal, stop in _TWO.master.items() if signal != "SIGHUP"},
    source="hypercorn 0.17.3",
)

_ALONE = Server(
    id="hypercorn-no-worker",
    package="hypercorn",
    imports=("main",),
    asgi=True,
    again=("SIGTERM",),  # asyncio/run.py, `_signal_handler`: the event is set again
    worker={"SIGTERM": _RETURNS, "SIGINT": _RETURNS},
    quits=_QUITS,
    source="hypercorn 0.18.0",
)
_ALONE_3_11 = replace(
    _ALONE,
    where={"closing_waits": False},
    worker=dict.fromkeys(("SIGTERM", "SIGINT"), replace(_RETURNS, view=_WAITS_3_11)),
)

SERVERS = (
    _ALONE,
    _ALONE_3_11,
    _ONE,
    _ONE_3_11,
    _ONE_INTERRUPTED,
    _RELOADING,
    _OPEN,
    _OPEN_3_12,
    _TWO_0_17,
    _TWO,
    _TWO_INTERRUPTED,
)
