"""granian: a master that never imports the application, and workers that `multiprocessing` starts.

Facts are of granian/server/common.py (the master: `signal_handler_interrupt`, `_reload`,
`_watcher`, `shutdown`), granian/server/mp.py (`_spawn_asgi_lifespan_worker`,
`_spawn_wsgi_worker`; workers are forked where that is multiprocessing's default, which it
is not since Python 3.14) and granian/_signals.py.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop, View

_PASSES = Stop(passes="SIGTERM", source="server/common.py, `_stop_workers`")
_MASTER = {
    "SIGTERM": _PASSES,
    "SIGINT": _PASSES,
    "SIGHUP": Stop(passes="SIGTERM", restarts=True, source="server/common.py, `_reload`"),
}
_MAY_MISS = Stop(
    passes="SIGTERM",
    restarts=True,
    misses=True,  # whoever is gone sets the event that it clears
    source="server/common.py, `_reload`: main_loop_interrupt.clear()",
)
_GIVES_UP = Stop(
    passes="SIGTERM", status=1, source="server/common.py, `_watcher`, `_serve_loop` and `shutdown`"
)
_WAITS = View(ends="returns", source="src/workers.rs: connections are shut down gracefully")
_ENDS = Reaction(
    how="ends as a process",
    lifespan=True,
    view=_WAITS,
    source="_signals.py; multiprocessing/popen_fork.py, `_launch`",
)
_RETURNS = Reaction(
    how="finalizes",
    lifespan=True,
    view=_WAITS,
    source="_signals.py; multiprocessing/spawn.py, `spawn_main`: sys.exit",
)
_MASTERS_OWN = Reaction(
    how="goes on",
    source="server/common.py, `signal_handler_reload`: the fork has the handler of its master",
)

_FORKED = Server(
    id="granian",
    package="granian",
    workers=1,
    imports=("worker",),
    asgi=True,
    master=_MASTER,
    again=("SIGTERM",),  # server/common.py, `signal_handler_interrupt`; _signals.py
    thrice=View(
        ends="never",
        client="waits",
        stays=True,
        source="src/workers.rs: a channel that holds one, to which the handler sends with the GIL",
    ),
    worker={"SIGTERM": _ENDS, "SIGINT": _ENDS, "SIGHUP": _MASTERS_OWN},
    quits=Reaction(
        how="goes on",
        view=View(ends="raises", client="500"),
        source="granian/asgi.py and wsgi.py, `_callback_wrapper`; src/callbacks.rs",
    ),
    gives_up=_GIVES_UP,
    notes=True,  # server/common.py, `AbstractWorker._watcher`: interrupt_children; `shutdown`
    orphan=Reaction(how="goes on", source="nothing in it looks for its parent"),
    source="granian 2.8.7",
)
_SPAWNED = replace(
    _FORKED,
    where={"start_method": "forkserver"},
    master=_MASTER | {"SIGHUP": _MAY_MISS},
    worker={"SIGTERM": _RETURNS, "SIGINT": _RETURNS},
    helpers=("multiprocessing.resource_tracker",),
)


def _slow(asgi: Server) -> Server:
    """With --workers-kill-timeout and --respawn-failed-workers, while a request takes longer."""
    stop = replace(_PASSES, insists="SIGKILL", source="server/common.py, `_stop_workers`: `kill()`")
    stays = Reaction(how="goes on", source="src/workers.rs: it waits for connections")
    return replace(
        asgi,
        id="granian-kill-timeout",
        listens=False,  # what is asked is whether it ends
        imports=(),  # no end of it comes to the handlers
        asgi=False,
        notes=False,
        thrice=None,
        master={"SIGTERM": stop, "SIGINT": stop},
        worker={"SIGTERM": stays},
        quits=None,
        gives_up=None,
        orphan=None,
        replaces=True,  # server/common.py, `_watcher` and `_respawn_workers`
    )


def _wsgi(asgi: Server) -> Server:
    # `_spawn_wsgi_worker`: the main thread is in threading.Event.wait, and threads of Rust serve.
    worker = {signal: replace(how, lifespan=False) for signal, how in asgi.worker.items()}
    return replace(asgi, id="granian-wsgi", workers=2, asgi=False, worker=worker, stalls=True)


SERVERS = (
    _FORKED,
    _SPAWNED,
    _slow(_FORKED),
    _slow(_SPAWNED),
    _wsgi(_FORKED),
    _wsgi(_SPAWNED),
)
