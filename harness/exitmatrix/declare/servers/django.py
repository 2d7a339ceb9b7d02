"""Django's `runserver`: one process, or a reloader and the process that it starts.

Facts are of django/core/management/commands/runserver.py (`inner_run`: it catches
KeyboardInterrupt and calls sys.exit(0)) and django/utils/autoreload.py
(`run_with_reloader`: it handles SIGTERM with sys.exit(0), in both processes; the parent
waits in subprocess.run). It handles no other signal.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.declare.servers.threaded import from_a_view
from exitmatrix.model.server import Race, Reaction, Server, Stop, View

_SOURCE = "Django 6.1.3"

_LEFT = View(
    ends="never",
    client="closed",
    source="core/servers/basehttp.py, `run`: daemon_threads, so that nobody joins them",
)
NO_RELOAD = Server(
    id="django-runserver-noreload",
    package="django",
    imports=("main",),
    again=("SIGTERM",),
    worker={
        "SIGINT": Reaction(
            how="finalizes",
            view=_LEFT,
            source="runserver.py, `inner_run`: `except KeyboardInterrupt`",
        )
    },
    quits=Reaction(
        how="goes on",
        view=View(ends="raises", client="500"),
        source="Lib/wsgiref/handlers.py, `BaseHandler.run`: a bare `except`",
    ),
    source=_SOURCE,
)

_TERM = Reaction(how="finalizes", view=_LEFT, source="autoreload.py, `run_with_reloader`")
RELOAD = Server(
    id="django-runserver",
    package="django",
    workers=1,
    imports=("master", "worker"),
    master={
        "SIGTERM": Stop(
            in_call=True,
            source="autoreload.py, `run_with_reloader`: sys.exit(0) unwinds subprocess.run",
        ),
        "SIGINT": Stop(
            in_call=True,
            source="autoreload.py, `run_with_reloader`: KeyboardInterrupt unwinds subprocess.run,"
            " and is caught",
        ),
    },
    worker={
        "SIGTERM": _TERM,
        "self-SIGTERM": from_a_view(_TERM, _LEFT),
        "SIGINT": Reaction(
            how="finalizes",
            view=_LEFT,
            source="autoreload.py, `run_with_reloader`: `except KeyboardInterrupt`",
        ),
        "SIGUSR1": Reaction(  # the app saves its file
            how="finalizes",
            status=3,
            source="autoreload.py, `trigger_reload`: sys.exit(3), and `restart_with_reloader`",
        ),
    },
    again=("SIGTERM",),
    quits=NO_RELOAD.quits,
    renews=(3,),  # autoreload.py, `restart_with_reloader`: `exit_code != 3`
    follows=True,  # autoreload.py, `restart_with_reloader`: sys.exit of what subprocess.run returns
    orphan=Reaction(how="goes on", source="nothing in it looks for its parent"),
    source=_SOURCE,
)

_SWALLOWED = Race(
    between="the signal, and the callbacks of what the collector has found",
    instead=Reaction(
        how="goes on",
        source="PyPy pypy/module/_weakref/interp__weakref.py, `activate_callback`: what a signal's"
        " handler raises within the callback of a weak reference is printed and ignored",
    ),
)
RELOAD_PYPY = replace(
    RELOAD,
    where={"callbacks": "collected"},
    worker={
        **RELOAD.worker,
        "SIGTERM": replace(_TERM, race=_SWALLOWED),
        "self-SIGTERM": from_a_view(replace(_TERM, race=_SWALLOWED), _LEFT),
    },
)

LATE = replace(
    RELOAD,
    id="django-runserver-late",
    listens=False,  # what is asked is who lives on
    master={
        "SIGTERM": Stop(
            abandons=True,
            source="autoreload.py, `run_with_reloader`: sys.exit(0), within Popen;"
            " Lib/subprocess.py, `run`",
        )
    },
    worker={
        "SIGTERM": Reaction(
            how="goes on",
            source="CPython Objects/weakrefobject.c, `handle_callback`: PyErr_WriteUnraisable; PyPy"
            " pypy/module/_weakref/interp__weakref.py, `activate_callback`",
        )
    },
    follows=False,
    orphan=None,
)

SERVERS = (NO_RELOAD, RELOAD, RELOAD_PYPY, LATE)
