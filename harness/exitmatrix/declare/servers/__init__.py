"""The servers whose facts are known, one file each. Pure: another server is another file.

A scenario names one of them in its header. Where releases or Pythons differ there are several
entries of one id; the one with the highest `since` that was reached holds,
and of those the one that says most of the Python.
"""

from __future__ import annotations

from exitmatrix.declare.servers import (
    celery,
    coverage,
    daphne,
    debugpy,
    django,
    flask,
    granian,
    gunicorn,
    http_server,
    hypercorn,
    ipykernel,
    pytest_xdist,
    rq,
    uvicorn,
    uwsgi,
    waitress,
)
from exitmatrix.model import Scenario
from exitmatrix.model.server import Server

_FILES = (
    celery,
    coverage,
    daphne,
    debugpy,
    django,
    flask,
    granian,
    gunicorn,
    http_server,
    hypercorn,
    ipykernel,
    pytest_xdist,
    rq,
    uvicorn,
    uwsgi,
    waitress,
)


def idle(scenario: Scenario | None) -> tuple[str, ...]:
    """Roles of a scenario whose process has no handler of the application: nothing to clean up.

    What its server imports says so. Of a scenario that is not known, none is said to be idle.
    """
    known = SERVERS.get(scenario.server, ()) if scenario else ()
    having = {role for one in known for role in one.imports}
    roles = ("master", "worker") if any(one.workers for one in known) else ()
    return tuple(role for role in roles if role not in having)


SERVERS: dict[str, tuple[Server, ...]] = {}
for _file in _FILES:
    for _server in _file.SERVERS:
        SERVERS[_server.id] = (*SERVERS.get(_server.id, ()), _server)
