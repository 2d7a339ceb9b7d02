"""pytest-xdist: a controller, and workers in which the tests run.

Facts are of xdist/dsession.py (`pytest_sessionfinish`: `teardown_nodes`, which waits 10 s),
execnet/gateway_base.py (`_terminate_execution`: what a worker does that is told to end, or whose
controller is gone: it waits 5 s for the test, sends SIGINT to itself, and comes to os._exit 10 s
later) and _pytest/main.py (`wrap_session`: KeyboardInterrupt, fixtures are torn down).
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop

_TORN_DOWN = ("fixture:service",)
_INTERRUPTED = Reaction(
    how="finalizes",
    hooks=_TORN_DOWN,
    source="_pytest/main.py, `wrap_session`; execnet/gateway_base.py, `serve`",
)

CONTROLLER = Server(
    id="pytest-xdist",
    package="pytest-xdist",
    workers=1,
    imports=("worker",),
    listens=False,
    master={
        "SIGINT": Stop(status=2, source="_pytest/main.py, `wrap_session`: INTERRUPTED"),
    },
    worker={"SIGINT": _INTERRUPTED},
    without_signal=_INTERRUPTED,
    gives_up=Stop(status=1, source="xdist/dsession.py, `worker_errordown`: no restart"),
    orphan=_INTERRUPTED,
    source="pytest-xdist 3.8.0 with execnet 2.1.2",
)

_ENDS = Reaction(
    how="finalizes",
    hooks=_TORN_DOWN,
    source="xdist/remote.py, `pytest_runtestloop`: the test that runs is the last one",
)

STOPPED = replace(
    CONTROLLER,
    id="pytest-xdist -n 2",
    workers=2,
    master={},  # nobody ends it from outside
    orphan=None,
    worker={
        "exception": _ENDS,
        "os-exit-7": Reaction(how="exits at once", status=7, source="docs: library/os, os._exit"),
    },
    without_signal=_ENDS,
    fatal={
        0: Stop(status=2, source="xdist/dsession.py, `_handlefailures`; `loop_once`: Interrupted")
    },
)

SERVERS = (CONTROLLER, STOPPED)
