"""debugpy: a program that listens for a debugger, and the client that is attached to it."""

from __future__ import annotations

from exitmatrix.model.server import Reaction, Server, Stop

DEBUGGER = Server(
    id="debugpy",
    package="debugpy",
    workers=1,
    imports=("worker",),
    listens=False,
    apart=True,  # the client starts it in a session of its own
    master={
        "SIGTERM": Stop(source="Debug Adapter Protocol, terminate"),
        "SIGHUP": Stop(source="Debug Adapter Protocol, disconnect with terminateDebuggee"),
    },
    without_signal=Reaction(
        how="exits at once",
        source="debugpy/_vendored/pydevd/_pydevd_bundle/pydevd_api.py, `terminate_process`:"
        " os._exit(0)",
    ),
    orphan=Reaction(
        how="goes on",
        source="debugpy/adapter/clients.py: a client that is gone is detached",
    ),
    helpers=("adapter",),
    source="debugpy 1.8.22",
)

SERVERS = (DEBUGGER,)
