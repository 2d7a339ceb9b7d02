"""waitress: one process with threads that serve.

Facts are of waitress/server.py (`run`: SystemExit and KeyboardInterrupt end the loop).
It installs no handler for any signal.
"""

from __future__ import annotations

from exitmatrix.model.server import Reaction, Server, View

SERVERS = (
    Server(
        id="waitress",
        package="waitress",
        imports=("main",),
        again=("SIGTERM",),  # it has no handler for it
        worker={
            "SIGINT": Reaction(
                how="finalizes",
                view=View(ends="returns", source="task.py, `shutdown`: it waits up to 5 s"),
                source="server.py, `run`: KeyboardInterrupt ends the loop",
            )
        },
        quits=Reaction(
            how="goes on",
            view=View(
                ends="raises",
                client="waits",
                source="task.py, `handler_thread`: what is no Exception is written to the log, and"
                " nobody closes the connection before `channel_timeout`, 120 s",
            ),
            source="task.py, `handler_thread`: except BaseException",
        ),
        source="waitress 3.0.2",
    ),
)
