"""gunicorn: a master that never imports the application, and workers that do.

Facts are of gunicorn/arbiter.py (the master: `handle_term`, `handle_int`, `handle_hup`,
`stop`, `reload`), gunicorn/workers/base.py (`init_signals`, `handle_exit`,
`handle_quit`), gunicorn/workers/sync.py (`run_for_one`, `is_parent_alive`) and
gunicorn/workers/gthread.py (`run`, `is_parent_alive`). Of uvicorn's worker class they are of
uvicorn_worker/_workers.py (`init_signals`, `_install_sigquit_handler`) and uvicorn/server.py.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop

_LEAVES = Reaction(
    how="finalizes",
    source="workers/base.py, `handle_exit`: the loop ends, and `spawn_worker` calls sys.exit(0)",
)

_MASTER = {
    "SIGTERM": Stop(passes="SIGTERM", source="arbiter.py, `handle_term`"),
    "SIGINT": Stop(passes="SIGQUIT", source="arbiter.py, `handle_int`: stop(graceful=False)"),
    "SIGQUIT": Stop(passes="SIGQUIT", source="arbiter.py, `handle_quit`"),
    "SIGHUP": Stop(passes="SIGTERM", restarts=True, source="arbiter.py, `reload`"),
}
_AGAIN_AND_AGAIN = Stop(
    passes="SIGTERM",
    restarts=True,
    repeats=True,
    source="arbiter.py, `manage_workers`: SIGTERM to the oldest whenever there are too many",
)

_SYNC_20 = Server(
    id="gunicorn",
    package="gunicorn",
    workers=2,
    imports=("worker",),
    master=_MASTER | {"SIGHUP": _AGAIN_AND_AGAIN},
    worker={
        "SIGTERM": _LEAVES,
        "SIGINT": Reaction(how="finalizes", source="workers/base.py, `handle_quit`"),
        "SIGQUIT": Reaction(how="finalizes", source="workers/base.py, `handle_quit`"),
    },
    replaces=True,
    replaces_late=True,  # arbiter.py, `run`: `sleep`, `manage_workers`, and then the next signal
    orphan=Reaction(
        how="finalizes",
        source="workers/sync.py, `is_parent_alive`: it leaves when its parent has changed",
    ),
    source="gunicorn 20.1.0",
)
_SYNC = replace(
    _SYNC_20,
    since="27",  # what is between was not measured
    replaces_late=False,  # arbiter.py, `run`: all signals that are there, and then `manage_workers`
    master=_MASTER,  # `reload` waits until the old workers have gone, "to prevent double SIGTERM"
    source="gunicorn 27.0.1",
)


def _preload(sync: Server) -> Server:
    return replace(sync, id="gunicorn-preload", imports=("master", "worker"))


def _threads(sync: Server) -> Server:
    source = "workers/gthread.py, `run`: it looks once a second whether its parent has changed"
    return replace(sync, id="gunicorn-gthread", orphan=Reaction(how="finalizes", source=source))


_RAISES = Reaction(
    how="raises again",
    lifespan=True,
    source="uvicorn/server.py, `capture_signals`; the action was SIG_DFL before: `init_signals`",
)
_INSISTS = Stop(
    passes="SIGQUIT",
    insists="SIGKILL",
    source="arbiter.py, `stop`: SIGKILL to those that are left after `graceful_timeout`",
)
_UVICORN = Server(
    id="gunicorn-uvicorn",
    package="uvicorn-worker",
    workers=2,
    imports=("worker",),
    asgi=True,
    master=_MASTER | {"SIGINT": _INSISTS, "SIGQUIT": _INSISTS},
    worker={
        "SIGTERM": _RAISES,
        "SIGINT": _RAISES,
        "SIGQUIT": Reaction(
            how="goes on",
            source="uvicorn_worker/_workers.py, `_install_sigquit_handler`: the handler is that of"
            " gunicorn, which sets `alive`; uvicorn/server.py, `on_tick`, does not look at it",
        ),
    },
    replaces=True,
    orphan=Reaction(how="goes on", source="uvicorn/server.py: nothing looks for the parent"),
    source="uvicorn-worker 0.4.0, gunicorn 27.0.1, uvicorn 0.54.0",
)

SERVERS = (
    _SYNC_20,
    _SYNC,
    _preload(_SYNC_20),
    _preload(_SYNC),
    _threads(_SYNC_20),
    _threads(_SYNC),
    _UVICORN,
)
