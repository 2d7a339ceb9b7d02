"""uWSGI: one process that serves, or a master that starts it anew; both embed an interpreter.

Facts are of core/uwsgi.c (`end_me`, `gracefully_kill`, `kill_them_all`, `grace_them_all`,
`reap_them_all`, `uwsgi_worker_run`, `uwsgi_plugins_atexit`), core/master.c (`master_loop`),
core/master_checks.c (`uwsgi_master_check_death`), core/master_utils.c (`uwsgi_reload`),
core/signal.c (`uwsgi_receive_signal`) and plugins/python/python_plugin.c (`uwsgi_python_atexit`) of
the tag 2.0.30. A worker is forked in C, past `os.register_at_fork`, and leaves by exit(), which
calls `uwsgi.atexit` and finalizes the interpreter: within the handler of the signal.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop, View

_BYE = ("uwsgi.atexit:bye",)
_END = Reaction(
    how="finalizes",
    status=30,
    hooks=_BYE,
    view=View(
        ends="never",
        client="closed",
        past=True,
        source="plugins/python/python_plugin.c, `uwsgi_python_atexit`: nothing, while it is busy",
    ),
    source="core/uwsgi.c, `end_me`: exit(UWSGI_END_CODE)",
)
_GRACEFUL = replace(
    _END,
    status=17,
    view=View(
        ends="returns",
        status=30,
        source="core/uwsgi.c, `gracefully_kill`: it goes when the request is answered, by `end_me`",
    ),
    source="core/uwsgi.c, `gracefully_kill`: exit(UWSGI_RELOAD_CODE)",
)

_ONE = Server(
    id="uwsgi",
    package="pyuwsgi",
    imports=("main",),
    # What each has for these, core/uwsgi.c and core/master.c: statistics, and where it is.
    unlisted=("SIGUSR1", "SIGUSR2"),
    again=("SIGTERM",),
    worker={"SIGTERM": _END, "SIGINT": _END, "SIGHUP": _GRACEFUL},
    raises=View(
        ends="raises",
        client="closed",
        source="plugins/python/wsgi_subhandler.c: nothing is sent without --catch-exceptions",
    ),
    quits=Reaction(
        how="finalizes",
        view=View(ends="raises", client="closed"),
        source="Python/pythonrun.c, `PyErr_Print`, of SystemExit: Py_Exit, not uWSGI's own",
    ),
    source="uWSGI 2.0.30",
)

_VIEW = "uwsgi.view:work"
_AT_ONCE = Reaction(
    how="exits at once",
    status=30,
    source="plugins/python/python_plugin.c, `uwsgi_python_atexit`: nothing, while it is busy",
)
_BUSY = replace(
    _ONE,
    id="uwsgi-busy",
    listens=False,  # it is ready when the view says so
    busy=(_VIEW,),
    worker={
        "SIGTERM": _AT_ONCE,
        "SIGINT": _AT_ONCE,
        "SIGHUP": replace(
            _END,
            hooks=(_VIEW, *_BYE),
            source="core/uwsgi.c, `gracefully_kill`: it goes when the request is answered",
        ),
    },
)

_DEAF = Reaction(
    how="goes on",
    source="core/uwsgi.c, `uwsgi_setup`: SIG_IGN, until `uwsgi_worker_run` when all is loaded",
)
_LATE = replace(
    _ONE,
    id="uwsgi-late",
    listens=False,  # it is ready when its application says so
    worker={
        "SIGTERM": _DEAF,
        "SIGHUP": _DEAF,
        "SIGINT": Reaction(
            how="goes on",
            source="KeyboardInterrupt where the application is; plugins/python/pyloader.c,"
            " `init_uwsgi_app`: it is not loaded, and without --need-app others may come",
        ),
    },
)

_DIES = Stop(passes="SIGINT", source="core/uwsgi.c, `kill_them_all`; `uwsgi_master_check_death`")
_BRUTAL = Stop(
    passes="SIGTERM",
    restarts=True,
    source="core/uwsgi.c, `reap_them_all`; core/master_utils.c, `uwsgi_reload`: execvp",
)
_GRACE = Stop(
    passes="SIGHUP",
    restarts=True,
    source="core/uwsgi.c, `grace_them_all`; core/master_utils.c, `uwsgi_reload`: execvp",
)

_MASTER = replace(
    _ONE,
    id="uwsgi-master",
    workers=2,
    imports=("master", "worker"),
    master={"SIGTERM": _BRUTAL, "SIGINT": _DIES, "SIGHUP": _GRACE, "SIGQUIT": _DIES},
    replaces=True,  # core/master.c, `master_loop`: `uwsgi_respawn_worker`
    leaves="exits at once",  # core/uwsgi.c, `uwsgi_plugins_atexit`
    nests=True,  # core/utils.c, `uwsgi_unix_signal`
    orphan=replace(
        _END,
        view=View(ends="returns", source="it looks between two requests"),
        source="core/signal.c, `uwsgi_receive_signal`: the end of what it reads from its master",
    ),
)
_DIE_ON_TERM = replace(
    _MASTER,
    id="uwsgi-die-on-term",
    master={**_MASTER.master, "SIGTERM": _DIES, "SIGQUIT": _BRUTAL},
)
_LAZY = replace(_MASTER, id="uwsgi-lazy-apps", imports=("worker",))
_LIMITS = replace(
    _MASTER,
    id="uwsgi-limits",
    since="2.0.26",
    master={},  # no signal is sent to it: what is asked is what a request does
    worker={},
    raises=View(ends="raises", client="500"),  # which no view of it does
    quits=None,
    orphan=None,
    nests=False,
    leaves="finalizes",
    retires=replace(
        _END,
        view=View(ends="returns"),
        source="core/utils.c, `uwsgi_close_request`: `goodbye_cruel_world`; core/uwsgi.c, the end"
        " of `uwsgi_ignition`: `end_me`, when it is not busy any more",
    ),
    hung="SIGKILL",  # core/master_checks.c, `uwsgi_master_check_harakiri`
)
_LIMITS_OLD = replace(
    _LIMITS,
    since="",
    retires=replace(
        _LIMITS.retires or _END,
        status=0,
        source="2.0.23, core/utils.c, `simple_goodbye_cruel_world`: exit(0)",
    ),
    source="uWSGI 2.0.23",
)
_LOST = "core/utils.c, `uwsgi_get_binary_path`: the Python of which the environment was made"
_WHEEL = replace(
    _MASTER,
    id="uwsgi-wheel",
    worker={"SIGTERM": _END, "SIGHUP": _GRACEFUL},
    orphan=None,
    master={
        "SIGTERM": Stop(passes="SIGTERM", status=1, source=_LOST),
        "SIGHUP": Stop(passes="SIGHUP", status=1, source=_LOST),
    },
)

SERVERS = (_ONE, _BUSY, _LATE, _MASTER, _DIE_ON_TERM, _LAZY, _LIMITS_OLD, _LIMITS, _WHEEL)
