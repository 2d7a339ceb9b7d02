"""psycopg_pool: a pool of connections, whose threads are daemons."""

from __future__ import annotations

from exitmatrix.model.library import Library

LIBRARIES = (
    Library(
        id="psycopg_pool",
        package="psycopg-pool",
        handlers=("logging.shutdown",),
        source="psycopg_pool 3.3.3, pool.py, `ConnectionPool.__del__`; _acompat.py, `spawn`",
    ),
)
