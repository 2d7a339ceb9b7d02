"""gunicorn: a master that never imports the application, and workers that do.

Facts are of gunicorn/arbiter.py (the master: `handle_term`, `handle_int`, `handle_hup`,
`stop`, `reload`), gunicorn/workers/base.py (`init_signals`, `handle_exit`,
`handle_quit`) and gunicorn/workers/sync.py (`run_for_one`, `is_parent_alive`).
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop

_LEAVES = Reaction(
    how="finalizes",
    source="workers/base.py, `handle_exit`: the loop ends, and `spawn_worker` calls sys.exit(0)",
)

SYNC = Server(
    id="gunicorn",
    package="gunicorn",
    workers=2,
    imports=("worker",),
    master={
        "SIGTERM": Stop(passes="SIGTERM", source="arbiter.py, `handle_term`"),
        "SIGINT": Stop(passes="SIGQUIT", source="arbiter.py, `handle_int`: stop(graceful=False)"),
        "SIGQUIT": Stop(passes="SIGQUIT", source="arbiter.py, `handle_quit`"),
        "SIGHUP": Stop(passes="SIGTERM", restarts=True, source="arbiter.py, `reload`"),
    },
    worker={
        "SIGTERM": _LEAVES,
        "SIGINT": Reaction(how="finalizes", source="workers/base.py, `handle_quit`"),
        "SIGQUIT": Reaction(how="finalizes", source="workers/base.py, `handle_quit`"),
    },
    replaces=True,
    orphan=Reaction(
        how="finalizes",
        source="workers/sync.py, `is_parent_alive`: it leaves when its parent has changed",
    ),
    source="gunicorn 27.0.1",
)

PRELOAD = replace(SYNC, id="gunicorn-preload", imports=("master", "worker"))

SERVERS = (SYNC, PRELOAD)
