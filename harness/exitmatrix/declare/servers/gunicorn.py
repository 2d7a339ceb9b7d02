"""gunicorn: a master that never imports the application, and workers that do.

Facts are of gunicorn/arbiter.py (the master: `handle_term`, `handle_int`, `handle_hup`,
`stop`, `reload`), gunicorn/workers/base.py (`init_signals`, `handle_exit`,
`handle_quit`), gunicorn/workers/sync.py (`run_for_one`, `is_parent_alive`) and
gunicorn/workers/gthread.py (`run`, `is_parent_alive`). Of uvicorn's worker class they are of
uvicorn_worker/_workers.py (`init_signals`, `_install_sigquit_handler`) and uvicorn/server.py.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Race, Reaction, Server, Stop, View

_LEAVES = Reaction(
    how="finalizes",
    view=View(ends="returns", source="the loop ends when the request is done"),
    source="workers/base.py, `handle_exit`: the loop ends, and `spawn_worker` calls sys.exit(0)",
)
_QUITS = Reaction(
    how="finalizes",
    view=View(
        ends="raises",
        client="closed",
        source="20.1, workers/sync.py, `handle`: `except Exception` lets SystemExit pass",
    ),
    source="workers/base.py, `handle_quit`: sys.exit(0) in the main thread, in which views run",
)
_CAUGHT = View(
    ends="raises",
    client="500",
    source="22.0, workers/sync.py, `handle`: `except BaseException`, and so SystemExit too",
)
_QUITS_ANSWERED = replace(_QUITS, view=_CAUGHT)
_LOCKED = (
    "workers/gthread.py, `handle_quit`: tpool.shutdown() waits for the lock that `enqueue_req` has"
    " in the same thread: Lib/concurrent/futures/thread.py, `submit`"
)
_BESIDE = View(
    ends="returns",
    source="workers/gthread.py, `handle_quit`: the pool's threads are not waited for, but when"
    " the interpreter finalizes, concurrent/futures/thread.py, `_python_exit`, joins them",
)
_QUITS_BESIDE = replace(
    _QUITS,
    view=replace(_BESIDE, handed=View(ends="returns", client="waits", stays=True, source=_LOCKED)),
)


def _interrupting(quits: Reaction) -> Reaction:
    """SIGQUIT is what the master passes on: it may come when SIGINT has been acted upon."""
    return replace(quits, interrupts=True)


_ABORTS = Reaction(
    how="finalizes",
    status=1,
    view=_QUITS.view,
    source="workers/base.py, `handle_abort`: worker_abort, sys.exit(1)",
)
_ABORTS_ANSWERED = replace(
    _ABORTS,
    view=replace(
        _CAUGHT,
        status=0,
        source="22.0, workers/sync.py, `handle`: SystemExit(1) is caught, and the loop ends",
    ),
)
_MASTER = {
    "SIGTERM": Stop(passes="SIGTERM", source="arbiter.py, `handle_term`"),
    "SIGINT": Stop(passes="SIGQUIT", source="arbiter.py, `handle_int`: stop(graceful=False)"),
    "SIGQUIT": Stop(passes="SIGQUIT", source="arbiter.py, `handle_quit`"),
    "SIGHUP": Stop(passes="SIGTERM", restarts=True, source="arbiter.py, `reload`"),
}
_AGAIN_AND_AGAIN = Stop(
    passes="SIGTERM",
    restarts=True,
    repeats=True,
    source="arbiter.py, `manage_workers`: SIGTERM to the oldest whenever there are too many",
)

_SYNC_20 = Server(
    id="gunicorn",
    package="gunicorn",
    workers=2,
    imports=("worker",),
    master=_MASTER | {"SIGHUP": _AGAIN_AND_AGAIN},
    # SIGUSR2 starts a second master, with workers of its own: arbiter.py, `reexec`.
    unlisted=("SIGUSR1", "SIGUSR2@master", "SIGUSR2@group"),
    again=("SIGTERM",),  # arbiter.py, `stop`, looks at none; workers/base.py, `handle_exit`
    worker={
        "SIGTERM": _LEAVES,
        "SIGINT": _QUITS,
        "SIGQUIT": _interrupting(_QUITS),
        "SIGABRT": _ABORTS,
    },
    quits=Reaction(how="finalizes", view=_QUITS.view, source="workers/sync.py, `handle`"),
    fatal={
        3: Stop(
            passes="SIGTERM",
            status=3,
            source="arbiter.py, `reap_workers`: 3 is WORKER_BOOT_ERROR, whoever it is from",
        )
    },
    replaces=True,
    replaces_late=True,  # arbiter.py, `run`: `sleep`, `manage_workers`, and then the next signal
    inherits_handlers=True,  # arbiter.py, `spawn_worker`, until workers/base.py, `init_signals`
    tells_in_handler=True,  # arbiter.py, `handle_chld`: `reap_workers` logs
    orphan=Reaction(
        how="finalizes",
        view=View(ends="returns", source="it looks between two requests"),
        source="workers/sync.py, `is_parent_alive`: it leaves when its parent has changed",
    ),
    source="gunicorn 20.1.0 and 21.2.0",
)
_SYNC_22 = replace(
    _SYNC_20,
    since="22",
    worker={
        "SIGTERM": _LEAVES,
        "SIGINT": _QUITS_ANSWERED,
        "SIGQUIT": _interrupting(_QUITS_ANSWERED),
        "SIGABRT": _ABORTS_ANSWERED,
    },
    quits=Reaction(how="goes on", view=_CAUGHT, source="workers/sync.py, `handle`"),
    source="gunicorn 22.0.0 and 23.0.0",
)
_SYNC = replace(
    _SYNC_22,
    # 24.0 is neither: its arbiter.py has `handle_chld` and, on Linux, looks for `handle_cld`, so
    # that nobody who is gone is noticed before the master stops. `exitmatrix bisect` finds 24.0.0
    # for `sys.exit` in a view of gthread.
    since="24.1",
    # 24.0, arbiter.py, `run`: all signals that `wait_for_signals` has, and then `manage_workers`
    replaces_late=False,
    # 24.0: SIGCHLD is put in a queue, as the others are
    tells_in_handler=False,
    # 24.0, `reload` waits until the old workers have gone, "to prevent double SIGTERM"
    master=_MASTER,
    source="gunicorn 27.0.1",
)


def _that_reopens_logs(sync: Server) -> Server:
    """The facts with SIGUSR1, which is measured in this arrangement alone."""
    reopens = Reaction(how="goes on", source="workers/base.py, `handle_usr1`")
    return replace(
        sync,
        ignores=("SIGUSR1",),  # arbiter.py, `handle_usr1`
        worker={"SIGUSR1": reopens, **sync.worker},
        unlisted=("SIGUSR2@master", "SIGUSR2@group"),
    )


def _preload(sync: Server) -> Server:
    return replace(sync, id="gunicorn-preload", imports=("master", "worker"))


def _threads(sync: Server, quits: Reaction) -> Server:
    source = "workers/gthread.py, `run`: it looks once a second whether its parent has changed"
    waits = View(
        ends="returns",
        source="`run`: it waits for requests before it leaves, as long as `graceful_timeout`",
    )
    return replace(
        sync,
        id="gunicorn-gthread",
        worker={
            "SIGTERM": _LEAVES,
            "SIGINT": _QUITS_BESIDE,
            "SIGQUIT": _interrupting(_QUITS_BESIDE),
            "SIGABRT": replace(_ABORTS, view=_BESIDE),
        },
        quits=quits,
        orphan=Reaction(how="finalizes", view=waits, source=source),
    )


_MAIN_LEFT = Reaction(
    how="finalizes",
    view=View(ends="raises", client="closed"),
    source="24.0, workers/gthread.py, `finish_request`: `fs.result()` raises what the view did, and"
    " SystemExit passes `except Exception`, now in the main thread",
)
_THREAD_LEFT = Reaction(
    how="goes on",
    view=View(
        ends="raises",
        client="waits",
        source="20.1, workers/gthread.py, `finish_request`: SystemExit passes `except Exception`,"
        " before the connection is closed",
    ),
    race=Race(
        between="the view, in a thread of the pool, and the main thread, which adds a callback",
        instead=replace(
            _MAIN_LEFT,
            source="concurrent/futures/_base.py, `Future.add_done_callback`: where the view is done"
            " before the callback is there, it is called at once, in the main thread",
        ),
    ),
    source="concurrent/futures/thread.py, `_worker`: a thread of the pool ends, and nobody else",
)

_INSISTS = Stop(
    passes="SIGQUIT",
    insists="SIGKILL",
    source="arbiter.py, `stop`: SIGKILL to those that are left after `graceful_timeout`",
)
_HANDING_OVER = Server(
    id="gunicorn-gthread-late",
    unlisted=_SYNC_20.unlisted,
    package="gunicorn",
    workers=1,
    imports=("worker",),
    master={"SIGTERM": _MASTER["SIGTERM"], "SIGINT": _INSISTS},
    worker={
        "SIGTERM": replace(
            _LEAVES,
            view=View(ends="returns", source="workers/gthread.py, `handle_exit`: it sets a flag"),
        ),
        "SIGQUIT": Reaction(
            how="goes on",
            # Nobody has read what the client has sent: tcp(7), close(2).
            view=View(ends="never", client="reset"),
            source=_LOCKED,
        ),
        "SIGINT": Reaction(
            how="finalizes",
            status=1,
            view=View(ends="raises", client="reset"),
            source=f"{_LOCKED}; arbiter.py, `murder_workers`: SIGABRT when `timeout` is over;"
            " workers/base.py, `handle_abort`: sys.exit(1), within `handle_quit`",
        ),
    },
    replaces=True,
    source="gunicorn 20.1.0, 23.0.0 and 27.0.1",
)
_HANDING_OVER_DEAF = replace(
    _HANDING_OVER,
    where={"wait_in_handler": "deaf"},
    worker={
        **_HANDING_OVER.worker,
        "SIGINT": Reaction(
            how="default action",
            then="SIGKILL",
            view=View(ends="never", client="reset"),
            source=f"{_LOCKED}; arbiter.py, `murder_workers`: SIGKILL, a second after the SIGABRT"
            " that its worker does not hear",
        ),
    },
)


_RAISES = Reaction(
    how="raises again",
    lifespan=True,
    view=View(ends="returns", source="uvicorn/server.py, `shutdown`: it waits for tasks"),
    source="uvicorn/server.py, `capture_signals`; the action was SIG_DFL before: `init_signals`",
)
_UVICORN = Server(
    id="gunicorn-uvicorn",
    unlisted=_SYNC_20.unlisted,
    package="uvicorn-worker",
    workers=2,
    imports=("worker",),
    asgi=True,
    master=_MASTER | {"SIGINT": _INSISTS, "SIGQUIT": _INSISTS},
    again=("SIGTERM",),  # uvicorn/server.py, `handle_exit`
    worker={
        "SIGTERM": _RAISES,
        "SIGINT": _RAISES,
        "SIGQUIT": Reaction(
            how="goes on",
            source="uvicorn_worker/_workers.py, `_install_sigquit_handler`: the handler is that of"
            " gunicorn, which sets `alive`; uvicorn/server.py, `on_tick`, does not look at it",
        ),
    },
    quits=Reaction(
        how="goes on",
        view=View(ends="raises", client="500"),
        source="uvicorn/protocols/http/h11_impl.py, `run_asgi`: except BaseException",
    ),
    fatal=_SYNC_20.fatal,
    replaces=True,
    orphan=Reaction(how="goes on", source="uvicorn/server.py: nothing looks for the parent"),
    source="uvicorn-worker 0.4.0, gunicorn 27.0.1, uvicorn 0.54.0",
)

# Hooks of a configuration, as scenarios/gunicorn-hooks/hooks.py has them.
_INT, _ABORT, _EXIT = "gunicorn:worker_int", "gunicorn:worker_abort", "gunicorn:worker_exit"


def _hooked(reaction: Reaction, *called: str) -> Reaction:
    """`spawn_worker` calls worker_exit in its `finally`, before the interpreter finalizes."""
    return replace(reaction, called=called, hooks=(_EXIT,))


def _hooks(sync: Server) -> Server:
    return replace(
        sync,
        id="gunicorn-hooks",
        resizes={"SIGTTIN": 1, "SIGTTOU": -1},  # arbiter.py, `handle_ttin`, `handle_ttou`
        master={
            signal: replace(stop, hooks=() if stop.restarts else ("gunicorn:on_exit",))
            for signal, stop in sync.master.items()
        },
        worker={
            "SIGTERM": _hooked(_LEAVES),
            "SIGINT": _hooked(sync.worker["SIGINT"], _INT),
            "SIGQUIT": _hooked(sync.worker["SIGQUIT"], _INT),
            "SIGABRT": _hooked(sync.worker["SIGABRT"], _ABORT),
        },
        quits=None,
        fatal={},
        retires=_hooked(_LEAVES),
        hung="SIGABRT",  # arbiter.py, `murder_workers`
        reaps=("gunicorn:child_exit",),  # arbiter.py, `reap_workers`
        orphan=sync.orphan and _hooked(sync.orphan),
    )


def _stuck(sync: Server) -> Server:
    """Whose worker_exit blocks (scenarios/gunicorn-stuck/hooks.py)."""
    blocks = Reaction(how="goes on", source="a hook that does not come back")
    stops = {
        signal: replace(stop, insists="SIGKILL")
        for signal, stop in sync.master.items()
        if not stop.restarts
    }
    return replace(
        sync,
        id="gunicorn-stuck",
        again=(),
        master=stops,
        worker=dict.fromkeys(("SIGTERM", "SIGQUIT"), blocks),
        busy=(_EXIT,),
        quits=None,
        fatal={},
        orphan=None,
        replaces=False,
    )


# Only what its one scenario comes to.
_RETIRES = replace(
    _SYNC,
    id="gunicorn-max-requests",
    since="",
    master={signal: stop for signal, stop in _MASTER.items() if signal != "SIGQUIT"},
    worker={
        signal: replace(how, interrupts=False)
        for signal, how in _SYNC.worker.items()
        if signal not in ("SIGINT", "SIGABRT")
    },
    quits=None,
    fatal={},
    retires=_LEAVES,
)

_RELOAD = replace(
    _SYNC,
    id="gunicorn-reload",
    since="",
    unlisted=("SIGUSR1@master", "SIGUSR1@group", "SIGUSR2@master", "SIGUSR2@group"),
    workers=1,
    worker={
        "SIGUSR1": replace(  # the app saves its file
            _LEAVES,
            source="workers/base.py, `init_process`, `changed`: `alive = False`, in a thread",
        )
    },
    master={},
    quits=None,
    fatal={},
    orphan=None,
    source="gunicorn 27.0.1",
)

_HANDED_ON = replace(
    _SYNC,
    id="gunicorn-fd",
    since="",
    workers=1,
    master={"SIGTERM": _MASTER["SIGTERM"]},
    worker={"SIGTERM": _LEAVES},
    quits=None,
    fatal={},
    orphan=None,
    source="gunicorn 27.0.1",
)
_HANDED_ON_PYPY = replace(
    _HANDED_ON,
    where={"trusts_family": True},
    master={
        "SIGTERM": Stop(
            abandons=True,
            status=1,
            source="sock.py, `create_sockets`: fromfd(..., AF_UNIX), whose name PyPy takes for a"
            " path (rpython/rlib/rsocket.py, `_addrbuf`); arbiter.py, `stop`: `close_sockets`"
            " removes that file before any worker is told: FileNotFoundError",
        )
    },
    orphan=_SYNC.orphan,
)

_SLOW = replace(
    _SYNC,
    id="gunicorn-slow",
    since="",
    again=(),
    master={"SIGINT": _MASTER["SIGINT"]},
    worker={"SIGINT": _QUITS, "SIGQUIT": _interrupting(_QUITS)},
    # No worker has gone before its master has come to stop.
    replaces=False,
    quits=None,
    fatal={},
    orphan=None,
    source="gunicorn 23.0.0, 24.1.1 and 27.0.1",
)

_WAITS = View(ends="returns", source="workers/gasgi.py, `_shutdown`: it waits for connections")
_GRACEFUL = Reaction(
    how="finalizes",
    lifespan=True,
    view=_WAITS,
    source="workers/gasgi.py, `handle_exit_signal` and `_shutdown`",
)
_QUICK = Reaction(
    how="finalizes",
    view=View(ends="raises", client="closed", source="`_cleanup`: all tasks are cancelled"),
    source="25.0, workers/gasgi.py, `_quick_shutdown`: no lifespan is shut down",
)
_LOOP_LEFT = View(
    ends="raises",
    client="closed",
    source="Lib/asyncio/events.py, `Handle._run`: SystemExit of a handler leaves the loop;"
    " workers/gasgi.py, `_cleanup`: all tasks are cancelled",
)
_ASGI_ABORTS = replace(_ABORTS, view=_LOOP_LEFT)
_ASGI_24 = Server(
    id="gunicorn-asgi",
    package="gunicorn",
    unlisted=_SYNC_20.unlisted,
    workers=2,
    imports=("worker",),
    asgi=True,
    master=_MASTER,
    again=("SIGTERM",),  # workers/gasgi.py, `handle_exit_signal`
    worker={
        **dict.fromkeys(("SIGTERM", "SIGINT", "SIGQUIT"), _GRACEFUL),
        "SIGABRT": _ASGI_ABORTS,
    },
    quits=Reaction(
        how="finalizes",
        view=View(ends="raises", client="closed"),
        source="Lib/asyncio/tasks.py, `Task.__step`: SystemExit of a task is raised from the loop",
    ),
    fatal=_SYNC_20.fatal,
    replaces=True,
    restores=True,  # workers/gasgi.py, `_cleanup`; asyncio/unix_events.py, `close`
    orphan=replace(
        _GRACEFUL, source="workers/gasgi.py, `_serve`: it looks once a second for its parent"
    ),
    source="gunicorn 24.1.1",
)
_ASGI = replace(
    _ASGI_24,
    since="26.1",
    worker={"SIGTERM": _GRACEFUL, "SIGINT": _QUICK, "SIGQUIT": _QUICK, "SIGABRT": _ASGI_ABORTS},
    source="gunicorn 27.0.1",
)
_ASGI_25_0 = replace(_ASGI, since="25", source="gunicorn 25.0.0 and 25.0.1")
_COUNTS = (
    "25.0.2, asgi/protocol.py, `connection_lost`: a connection that the server has closed is still"
    " counted, so that `_shutdown` waits for it as long as `graceful_timeout`; mended in 26.1"
)
_WAITS_ON = replace(_GRACEFUL, view=View(ends="returns", stays=True, source=_COUNTS))
_COUNTED_ON = View(ends="raises", client="closed", stays=True, source=_COUNTS)
_ASGI_25 = replace(
    _ASGI,
    since="25.0.2",
    worker={
        **_ASGI.worker,
        "SIGTERM": _WAITS_ON,
        "SIGABRT": replace(_ABORTS, view=_COUNTED_ON),
    },
    quits=Reaction(
        how="finalizes",
        view=_COUNTED_ON,
        source="workers/gasgi.py, `_cleanup`: `_serve` is cancelled, and comes to `_shutdown`",
    ),
    orphan=replace(_WAITS_ON, source="workers/gasgi.py, `_serve`"),
    source="gunicorn 25.3.0",
)

_GREENLET_LEFT = View(
    ends="never",
    client="closed",
    source="SystemExit leaves the hub, and the greenlet of the view is never run again",
)
_GREENLET_QUITS = replace(
    _QUITS,
    view=_GREENLET_LEFT,
    source="workers/ggevent.py, `handle_quit`: sys.exit(0) in a greenlet of its own",
)
_GREENLETS = replace(
    _SYNC,
    id="gunicorn-gevent",
    since="",
    package="gevent",
    worker={
        "SIGTERM": replace(
            _LEAVES, view=View(ends="returns", source="workers/ggevent.py, `run`: it waits for all")
        ),
        "SIGINT": _GREENLET_QUITS,
        "SIGQUIT": _GREENLET_QUITS,
        "SIGABRT": replace(_ABORTS, view=_GREENLET_LEFT),
    },
    quits=Reaction(
        how="goes on",
        view=View(ends="raises", client="closed"),
        source="workers/ggevent.py, `handle_request`: `except SystemExit: pass`",
    ),
    orphan=Reaction(
        how="finalizes",
        view=_GREENLET_LEFT,
        source="workers/ggevent.py, `notify`: sys.exit(0) once a second if its parent has changed",
    ),
    source="gunicorn 27.0.1 with gevent 26.9.0",
)

SERVERS = (
    *map(_that_reopens_logs, (_SYNC_20, _SYNC_22, _SYNC)),
    _preload(_SYNC_20),
    _preload(_SYNC),
    _threads(_SYNC_20, _THREAD_LEFT),
    _threads(_SYNC, _MAIN_LEFT),
    _HANDING_OVER,
    _HANDING_OVER_DEAF,
    _hooks(_SYNC),
    _stuck(_SYNC),
    _RETIRES,
    _RELOAD,
    _HANDED_ON,
    _HANDED_ON_PYPY,
    _SLOW,
    _ASGI_24,
    _ASGI_25_0,
    _ASGI_25,
    _ASGI,
    _GREENLETS,
    _UVICORN,
)
