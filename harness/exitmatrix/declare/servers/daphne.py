"""daphne: one process, in which Twisted's reactor runs on the event loop of asyncio.

Facts are of daphne/server.py (`run`: reactor.run) and twisted/internet/base.py
(`ReactorBase.sigInt` and `sigTerm` stop the reactor, so that `run` returns). An application
is started for requests alone: daphne has no lifespan.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, View

_STOPS = Reaction(
    how="finalizes",
    view=View(
        ends="raises",
        client="closed",
        source="daphne/server.py, `kill_all_applications`: its task is cancelled",
    ),
    source="twisted/internet/base.py, `sigInt`, `sigTerm`: stop",
)

SERVERS = (
    Server(
        id="daphne",
        package="daphne",
        imports=("main",),
        again=("SIGTERM",),  # twisted/internet/base.py, `stop`
        worker={
            "SIGTERM": _STOPS,
            "SIGINT": _STOPS,
            "self-SIGTERM": replace(
                _STOPS,
                view=View(
                    ends="returns",
                    source="twisted/internet/base.py, `sigTerm`: callFromThread(stop), to which the"
                    " loop comes when the view has sent its answer",
                ),
            ),
        },
        quits=Reaction(
            how="finalizes",
            view=View(ends="raises", client="closed"),
            source="Lib/asyncio/tasks.py, `Task.__step`: SystemExit of a task is raised from the"
            " loop, and so from reactor.run",
        ),
        source="daphne 4.2.3, Twisted 26.10.0",
    ),
    Server(
        id="daphne-late",
        package="daphne",
        imports=("main",),
        listens=False,  # what is asked is whether it ends
        # It listens (daphne/server.py, `run`) before there is a handler of any signal
        # (twisted/internet/base.py, `startRunning`).
        source="daphne 4.2.3, Twisted 26.10.0",
    ),
)
