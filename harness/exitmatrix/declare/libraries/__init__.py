"""The libraries whose facts are known, one file each. Pure: another library is another file.

A program's header names one with its options (`use coverage`). Where releases differ there are
several entries of one id; the one with the highest `since` that was reached holds.
"""

from __future__ import annotations

from exitmatrix.declare.libraries import (
    coverage,
    filelock,
    joblib,
    opentelemetry,
    psycopg_pool,
    pytest,
    sentry,
    tqdm,
)
from exitmatrix.model.library import Library

_FILES = (coverage, filelock, joblib, opentelemetry, psycopg_pool, pytest, sentry, tqdm)

LIBRARIES: dict[str, tuple[Library, ...]] = {}
for _file in _FILES:
    for _library in _file.LIBRARIES:
        LIBRARIES[_library.id] = (*LIBRARIES.get(_library.id, ()), _library)
