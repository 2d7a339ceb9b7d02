"""The published texts, one a file, and all their claims. Frozen data.

The claims are told in this project's own words. A claim has cases, and the first whose
expectations are all met gives the verdict, and says why. `claims/assess.py` is the law;
nothing here knows what was measured. Another text is a file here and its name in `FILES`.
"""

from __future__ import annotations

from exitmatrix.claims.claim import Claim, PublishedText
from exitmatrix.claims.texts import (
    beliefs,
    better_programming,
    cpython_asyncio,
    cpython_atexit,
    cpython_data,
    cpython_exits,
    cpython_multiprocessing,
    cpython_signals,
    flask_docs,
    flask_note,
    gunicorn_docs,
    hypercorn_docs,
    libraries_docs,
    platforms,
    pymotw,
    uvicorn_docs,
    uwsgi_docs,
)

FILES = (
    flask_note,
    better_programming,
    pymotw,
    cpython_atexit,
    cpython_exits,
    cpython_signals,
    cpython_asyncio,
    cpython_multiprocessing,
    cpython_data,
    flask_docs,
    gunicorn_docs,
    uvicorn_docs,
    hypercorn_docs,
    uwsgi_docs,
    libraries_docs,
    platforms,
    beliefs,
)

TEXTS: tuple[PublishedText, ...] = tuple(one.TEXT for one in FILES)
CLAIMS: tuple[Claim, ...] = tuple(claim for one in FILES for claim in one.CLAIMS)
CLAIMS_BY_ID = {claim.id: claim for claim in CLAIMS}
