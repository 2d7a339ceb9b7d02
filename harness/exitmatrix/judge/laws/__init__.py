"""The laws, by subject; together one flat list."""

from __future__ import annotations

from exitmatrix.judge.laws import (
    data,
    exits,
    handlers,
    interpreters,
    late,
    libraries,
    limits,
    loops,
    multiprocess,
    owners,
    pools,
    processes,
    promises,
    servers,
    shared,
    signals,
    stderr,
    streams,
    sudden,
    unwinding,
)
from exitmatrix.judge.laws.law import Law

LAWS: tuple[Law, ...] = (
    *sudden.LAWS,
    *exits.LAWS,
    *unwinding.LAWS,
    *promises.LAWS,
    *handlers.LAWS,
    *signals.LAWS,
    *owners.LAWS,
    *loops.LAWS,
    *late.LAWS,
    *processes.LAWS,
    *streams.LAWS,
    *limits.LAWS,
    *interpreters.LAWS,
    *libraries.LAWS,
    *pools.LAWS,
    *multiprocess.LAWS,
    *shared.LAWS,
    *stderr.LAWS,
    *data.LAWS,
    *servers.LAWS,
)

LAWS_BY_ID = {law.id: law for law in LAWS}
