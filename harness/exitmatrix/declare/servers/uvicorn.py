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
    source="server.py, `capture_signals`: SIGINT again is KeyboardInterrupt, of which click/core.py"
    " (`Command.main`) makes status 1, and so does multiprocessing/process.py (`_bootstrap`)",
)
_OLD_MASTER = {
    "SIGTERM": Stop(
        passes="SIGTERM",
        in_turn=True,
        source="supervisors/multiprocess.py, `run`: terminate() and join(), one by one",
    ),
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
    again=("SIGTERM",),  # server.py, `handle_exit`: of SIGINT alone the second forces it
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
    again=("SIGTERM",),  # both note it; supervisors/multiprocess.py, `join_all`, does not look
    forced=View(
        ends="raises",
        client="500",
        hurried=True,
        source="server.py, `handle_exit`: force_exit; Lib/asyncio/runners.py, _cancel_all_tasks;"
        " protocols/http/h11_impl.py, `run_asgi`",
    ),
    worker=_ONE_0_28.worker,
    quits=_ONE_0_28.quits,
    orphan=_ORPHAN,
    restores=True,  # asyncio/unix_events.py, `close`; since 0.29 server.py, `capture_signals`
    helpers=("multiprocessing.resource_tracker",),
    source="uvicorn 0.28.1",
)
_RELOAD = replace(
    _SEVERAL,
    id="uvicorn-reload",
    workers=1,
    master={
        name: Stop(passes="SIGTERM", source="supervisors/basereload.py, `shutdown`: terminate()")
        for name in ("SIGTERM", "SIGINT")
    },
)

# --------------------------------------------------------- a script around it

_LINES = ("next line:proceed", "finally:finish")
_CLAUSE = ("finally:finish",)
_LEAVES = replace(_RETURNS, hooks=_LINES)
_INTERRUPTED = replace(_CTRL_C, how="interrupted", hooks=_CLAUSE)

_RUN = replace(
    _ONE_0_28,
    id="uvicorn-run",
    worker={"SIGTERM": _LEAVES, "SIGINT": _LEAVES},
)
_RUN_0_29 = replace(
    _RUN,
    since="0.29",
    worker={
        "SIGTERM": _AGAIN,
        "SIGINT": replace(
            _INTERRUPTED,
            source="server.py, `capture_signals`: SIGINT again is KeyboardInterrupt, which main.py,"
            " `run`, lets pass",
        ),
    },
    source="uvicorn 0.29.0",
)
_RUN_0_30_3 = replace(
    _RUN_0_29,
    since="0.30.3",
    worker={"SIGTERM": _AGAIN, "SIGINT": replace(_CTRL_C, hooks=_LINES)},
    source="uvicorn 0.54.0; since 0.30.3 (#2384)",
)

_SERVE = replace(_RUN, id="uvicorn-serve")
_SERVE_0_29 = replace(
    _SERVE,
    since="0.29",
    worker={
        "SIGTERM": _AGAIN,
        "SIGINT": replace(
            _INTERRUPTED,
            source="server.py, `capture_signals`: SIGINT again is KeyboardInterrupt, raised in"
            " `serve`",
        ),
    },
    source="uvicorn 0.29.0",
)
_SERVE_0_29_RUNNER = replace(
    _SERVE_0_29,
    where={"runner_takes_sigint": True},
    worker={
        "SIGTERM": _AGAIN,
        "SIGINT": replace(
            _INTERRUPTED,
            hooks=_LINES,
            source="CPython Lib/asyncio/runners.py, Runner._on_sigint: SIGINT again cancels the"
            " task, which that reaches where it awaits next; then asyncio.run raises"
            " KeyboardInterrupt",
        ),
    },
)

# ------------------------------------------- the application's handler of SIGTERM

_EXITS = "the application's handler raises SystemExit, which leaves asyncio.run"
_FIRST = Reaction(how="finalizes", source=f"in the place of uvicorn's, {_EXITS}")
_LAST = Reaction(
    how="finalizes",
    lifespan=True,
    source=f"server.py, `capture_signals`: given back, and sent the signal again, {_EXITS}",
)

_GRACEFUL = replace(
    _ONE_0_28,
    id="uvicorn-graceful",
    source="uvicorn 0.28.1, server.py, `serve`: the app is imported first",
)
_GRACEFUL_0_29 = replace(
    _ONE_0_29,
    id="uvicorn-graceful",
    worker={**_ONE_0_29.worker, "SIGTERM": _FIRST},
    source="uvicorn 0.29.0, server.py, `_serve`: the app is imported within `capture_signals`",
)
_GRACEFUL_0_47 = replace(
    _ONE_0_30_3,
    id="uvicorn-graceful",
    since="0.47",
    worker={**_ONE_0_30_3.worker, "SIGTERM": _LAST},
    source="uvicorn 0.54.0, main.py, `run`: config.load_app() comes first since 0.47 (#2919)",
)


def _late(one: Server) -> Server:
    """The facts where the handler is installed in the startup of the lifespan."""
    return replace(one, id="uvicorn-graceful-late", worker={**one.worker, "SIGTERM": _FIRST})


def _prepared(one: Server) -> Server:
    """A script that installs its handler before it calls uvicorn.run."""
    left = replace(_LAST, hooks=_CLAUSE) if one.since else one.worker["SIGTERM"]
    return replace(one, id="uvicorn-run-graceful", worker={**one.worker, "SIGTERM": left})


# ---------------------------------------------------------------- enough requests

_ENOUGH = Reaction(
    how="finalizes",
    lifespan=True,
    view=View(ends="returns", source="it is counted when it has been answered"),
    source="server.py, `on_tick`: limit_max_requests",
)


def _saved(one: Server) -> Server:
    """The facts with --reload: on SIGUSR1 the app saves its file."""
    stopped = one.worker["SIGTERM"]
    again = replace(
        stopped,
        then="SIGTERM" if stopped.how == "raises again" else "",
        anew=True,
        source="supervisors/basereload.py, `restart`: terminate(), and another process",
    )
    return replace(one, worker={**one.worker, "SIGUSR1": again})


def _limited(one: Server) -> Server:
    """The facts with --limit-max-requests: on SIGUSR1 the app answers the last request."""
    known = {"SIGTERM": one.worker["SIGTERM"], "SIGUSR1": _ENOUGH}
    return replace(one, id="uvicorn-max-requests", worker=known)


# --------------------------------------------------------- a stream that is open

_WAITS_ON = Reaction(how="waits", source="server.py, `_wait_tasks_to_complete`: connections")
_FORCED = Reaction(how="finalizes", source="server.py, `handle_exit`: force_exit")
_OPEN = replace(
    _ONE_0_30_3,
    id="uvicorn-open-stream",
    again=(),
    listens=False,  # what is asked is whether it ends: a line tells that the stream is open
    asgi=False,  # no end of it comes to the lifespan
    worker={
        "SIGTERM": _WAITS_ON,
        "SIGINT": _WAITS_ON,
        "SIGTERM-then-SIGTERM": replace(
            _WAITS_ON, source="server.py, `handle_exit`: of SIGINT alone the second forces it"
        ),
        "SIGINT-then-SIGINT": _FORCED,
    },
)
_OPEN_3_12 = replace(
    _OPEN,
    where={"closing_waits": True},
    worker={
        **_OPEN.worker,
        "SIGINT-then-SIGINT": replace(
            _WAITS_ON,
            source="server.py, `_wait_tasks_to_complete`, comes to wait_closed(), which waits for"
            " connections since Python 3.12 (gh-79033; Lib/asyncio/base_events.py)",
        ),
    },
)


_SEVERAL_EACH = (
    _SEVERAL,
    replace(_SEVERAL, since="0.29", worker=_ONE_0_29.worker, source="uvicorn 0.29.0"),
    replace(
        _SEVERAL,
        since="0.30",  # before 0.30.2 two that are gone at once become three (#2373)
        master=_MASTER,
        # in `SIGNALS`, without a method that handles it
        ignores=("SIGQUIT", "SIGUSR1", "SIGUSR2"),
        worker=_ONE_0_30_3.worker,
        replaces=True,
        source="uvicorn 0.30.0 to 0.49.0 (#2183)",
    ),
)
_SEVERAL_0_50 = replace(
    _SEVERAL_EACH[-1],
    since="0.50",
    fatal={
        3: Stop(
            passes="SIGTERM",
            source="supervisors/multiprocess.py, `keep_subprocess_alive`: 3 is STARTUP_FAILURE,"
            " whoever it is from (#3001)",
        )
    },
    source="uvicorn 0.54.0",
)
_RELOAD_EACH = (
    _RELOAD,
    replace(_RELOAD, since="0.29", worker=_ONE_0_29.worker, source="uvicorn 0.29.0"),
    replace(
        _RELOAD,
        since="0.30",  # since which a child catches KeyboardInterrupt (#2317)
        worker=_ONE_0_30_3.worker,
        source="uvicorn 0.54.0; _subprocess.py, `subprocess_started`",
    ),
)

SERVERS = (
    _ONE_0_28,
    _ONE_0_29,
    _ONE_0_30_3,
    *_SEVERAL_EACH,
    _SEVERAL_0_50,
    *(
        replace(
            one,
            id="uvicorn-workers-max-requests",
            retires=_ENOUGH,
            master={},
            ignores=(),
            worker={},
            quits=None,
            orphan=None,
        )
        for one in _SEVERAL_EACH
    ),
    *map(_saved, _RELOAD_EACH),
    _RUN,
    _RUN_0_29,
    _RUN_0_30_3,
    _SERVE,
    _SERVE_0_29,
    _SERVE_0_29_RUNNER,
    _GRACEFUL,
    _GRACEFUL_0_29,
    _GRACEFUL_0_47,
    *(_late(one) for one in (_ONE_0_28, _ONE_0_29, _ONE_0_30_3)),
    *(_prepared(one) for one in (_RUN, _RUN_0_29, _RUN_0_30_3)),
    *(_limited(one) for one in (_ONE_0_28, _ONE_0_29, _ONE_0_30_3)),
    _OPEN,
    _OPEN_3_12,
    replace(_ONE_0_30_3, id="uvicorn-open-stream-timeout", listens=False, again=()),
)
