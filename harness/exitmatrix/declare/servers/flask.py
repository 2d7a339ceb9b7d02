"""`flask run`: Werkzeug's development server, alone or under its reloader.

Facts are of flask/cli.py (`run_command`: it loads the application before it starts the
server, in the reloader too), werkzeug/serving.py (`BaseWSGIServer.serve_forever`) and
werkzeug/_reloader.py (`run_with_reloader`: it handles SIGTERM with sys.exit(0), in both
processes; the parent waits in subprocess.call). Werkzeug handles no other signal.
"""

from __future__ import annotations

from exitmatrix.declare.servers.threaded import from_a_view
from exitmatrix.model.server import Reaction, Server, Stop, View

_LEFT = View(
    ends="never",
    client="closed",
    source="serving.py, `ThreadedWSGIServer.daemon_threads`: nobody joins its threads",
)
RUN = Server(
    id="flask-run",
    package="flask",
    imports=("main",),
    again=("SIGTERM",),
    worker={
        "SIGINT": Reaction(
            how="finalizes",
            view=_LEFT,
            source="serving.py, `serve_forever`: KeyboardInterrupt ends the loop",
        )
    },
    quits=Reaction(
        how="goes on",
        view=View(ends="raises", client="closed"),
        source="Lib/socketserver.py, `process_request_thread`, and threading.excepthook, which"
        " ignores SystemExit: a thread ends, and the connection is shut down",
    ),
    source="Flask 1.1.2 with Werkzeug 1.0.1; Flask 3.1.3 with Werkzeug 3.1.9",
)

_TERM = Reaction(how="finalizes", view=_LEFT, source="_reloader.py, `run_with_reloader`")
DEBUG = Server(
    id="flask-run-debug",
    package="flask",
    workers=1,
    imports=("master", "worker"),
    master={
        "SIGTERM": Stop(
            in_call=True,
            source="_reloader.py, `run_with_reloader`: sys.exit(0) unwinds subprocess.call",
        ),
        "SIGINT": Stop(
            in_call=True,
            source="_reloader.py, `run_with_reloader`: KeyboardInterrupt unwinds subprocess.call,"
            " and is caught",
        ),
    },
    worker={
        "SIGTERM": _TERM,
        "self-SIGTERM": from_a_view(_TERM, _LEFT),
        "SIGINT": Reaction(
            how="finalizes",
            view=_LEFT,
            source="_reloader.py, `run_with_reloader`: `except KeyboardInterrupt`",
        ),
    },
    again=("SIGTERM",),
    quits=RUN.quits,
    follows=True,  # _reloader.py, `restart_with_reloader`: sys.exit of what subprocess.call returns
    renews=(3,),  # _reloader.py, `restart_with_reloader`: `exit_code != 3`
    orphan=Reaction(how="goes on", source="nothing in it looks for its parent"),
    locks=("master", "worker"),  # debug/__init__.py, `DebuggedApplication`: multiprocessing.Value
    source="Flask 3.1.3 with Werkzeug 3.1.9",
)

SERVERS = (RUN, DEBUG)
