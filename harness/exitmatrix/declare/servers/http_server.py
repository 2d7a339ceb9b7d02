"""`python -m http.server`: one process, a thread for each request from Python 3.7 on.

Facts are of CPython Lib/http/server.py (`test`: KeyboardInterrupt ends the loop, and it
calls sys.exit(0)). It installs no handler for any signal.
"""

from __future__ import annotations

from exitmatrix.model.server import Reaction, Server

SERVERS = (
    Server(
        id="http-server",
        package="",
        imports=("main",),
        again=("SIGTERM",),
        worker={
            "SIGINT": Reaction(
                how="finalizes", source="http/server.py, `test`: `except KeyboardInterrupt`"
            )
        },
        source="CPython 3.13.0",
    ),
)
