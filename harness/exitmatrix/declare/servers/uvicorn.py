"""uvicorn: one process, or a supervisor and workers that `multiprocessing` spawns.

Facts are of uvicorn/server.py (`handle_exit`; since 0.29 `capture_signals`, which sends
the signals that were captured once more when the server has stopped, with the handlers
that were there before) and uvicorn/supervisors/multiprocess.py.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop, View

_WAITS = View(ends="returns", source="server.py, `shutdown`: it waits for tasks to complete")
_RETURNS = Reaction(
    how="finalizes",
    lifespan=True,
    view=_WAITS,
    source="server.py, `handle_exit`: the loop ends, run returns",
)
_AGAIN = Reaction(
    how="raises again",
    lifespan=True,
    view=_WAITS,
    source="server.py, `capture_signals`, signal.raise_signal",
)
_CTRL_C = Reaction(
    how="finalizes",
    lifespan=True,
    view=_WAITS,
    source="server.py, `capture_signals`: SIGINT again is KeyboardInterrupt, which main.py, `run`,"
    " catches",
)
_CTRL_C_FAILS = Reaction(
    how="finalizes",
    status=1,
    lifespan=True,
    view=_WAITS,
    source="server.py, `capture_signals`: SIGINT again is KeyboardInterrupt, which nobody catches",
)
_OLD_MASTER = {
    "SIGTERM": Stop(passes="SIGTERM", source="supervisors/multiprocess.py, `signal_handler`"),
    "SIGINT": Stop(passes="SIGTERM", source="supervisors/multiprocess.py, `signal_handler`"),
}
_MASTER = {
    "SIGTERM": Stop(passes="SIGTERM", source="supervisors/multiprocess.py, `handle_term`"),
    "SIGINT": Stop(passes="SIGTERM", source="supervisors/multiprocess.py, `handle_int`"),
    "SIGHUP": Stop(
        passes="SIGTERM", restarts=True, source="supervisors/multiprocess.py, `handle_hup`"
    ),
}
_ORPHAN = Reaction(how="goes on", source="nothing in it looks for its parent")

_ONE_0_28 = Server(
    id="uvicorn",
    package="uvicorn",
    imports=("main",),
    asgi=True,
    worker={"SIGTERM": _RETURNS, "SIGINT": _RETURNS},
    quits=Reaction(
        how="goes on",
        view=View(ends="raises", client="500"),
        source="protocols/http/h11_impl.py, `run_asgi`: except BaseException",
    ),
    source="uvicorn 0.28.1",
)
_ONE_0_29 = replace(
    _ONE_0_28,
    since="0.29",
    worker={"SIGTERM": _AGAIN, "SIGINT": _CTRL_C_FAILS},
    source="uvicorn 0.29.0",
)
_ONE_0_30_3 = replace(
    _ONE_0_29,
    since="0.30.3",
    worker={"SIGTERM": _AGAIN, "SIGINT": _CTRL_C},
    source="uvicorn 0.54.0; since 0.30.3 (#2384)",
)
_SEVERAL = Server(
    id="uvicorn-workers",
    package="uvicorn",
    workers=2,
    imports=("worker",),
    asgi=True,
    master=_OLD_MASTER,
    worker=_ONE_0_28.worker,
    orphan=_ORPHAN,
    restores=True,  # asyncio/unix_events.py, `close`; since 0.29 server.py, `capture_signals`
    helpers=("multiprocessing.resource_tracker",),
    source="uvicorn 0.28.1",
)

SERVERS = (
    _ONE_0_28,
    _ONE_0_29,
    _ONE_0_30_3,
    _SEVERAL,
    replace(_SEVERAL, since="0.29", worker=_ONE_0_29.worker, source="uvicorn 0.29.0"),
    replace(
        _SEVERAL,
        since="0.30",  # before 0.30.2 two that are gone at once become three (#2373)
        master=_MASTER,
        ignores=("SIGQUIT",),  # in `SIGNALS`, without a method that handles it
        worker=_ONE_0_30_3.worker,
        replaces=True,
        source="uvicorn 0.54.0; since 0.30.0 (#2183)",
    ),
)
