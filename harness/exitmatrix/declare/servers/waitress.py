"""waitress: one process with threads that serve.

Facts are of waitress/server.py (`run`: SystemExit and KeyboardInterrupt end the loop).
It installs no handler for any signal.
"""

from __future__ import annotations

from exitmatrix.model.server import Reaction, Server

SERVERS = (
    Server(
        id="waitress",
        package="waitress",
        imports=("main",),
        worker={
            "SIGINT": Reaction(
                how="finalizes", source="server.py, `run`: KeyboardInterrupt ends the loop"
            )
        },
        source="waitress 3.0.2",
    ),
)
