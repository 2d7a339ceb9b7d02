"""pytest: `python -m pytest app.py`, whose tests hold session fixtures.

A test that fails is reported by `CallInfo.from_call` (_pytest/runner.py), which catches
BaseException but for KeyboardInterrupt; `wrap_session` (_pytest/main.py) catches that, tears
fixtures down and writes reports in `pytest_sessionfinish`, and the status becomes SystemExit
(pytest/__main__.py). There is no handler of a signal and none of atexit.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.language import Function, Save
from exitmatrix.model.library import Library

REPORT = "report of the tests"
_FINISH = "-pytest_sessionfinish"

_LOGGING = "logging.shutdown"

_PYTEST = Library(
    id="pytest",
    package="pytest",
    handlers=(_LOGGING,),
    around=_FINISH,
    catches=(("KeyboardInterrupt", 2), ("", 1)),
    functions=(Function(_FINISH, (Save(REPORT),)),),
    source="pytest 9.2.0, _pytest/main.py, `wrap_session` and ExitCode; _pytest/junitxml.py,"
    " `pytest_sessionfinish`",
)

LIBRARIES = (
    _PYTEST,
    replace(
        _PYTEST,
        implementation="pypy",
        python=">=3.11",
        handlers=(_LOGGING, "rlcompleter.<lambda>"),
        source="PyPy 8.0.1 lib-python/3/pdb.py, which imports rlcompleter",
    ),
    replace(
        _PYTEST,
        implementation="cpython",
        python="==3.13.*,<3.13.8",
        handlers=(_LOGGING, "rlcompleter.<lambda>"),
        source="CPython 3.13.0 Lib/pdb.py, which imports rlcompleter, and no more since"
        " python/cpython#138860; Lib/rlcompleter.py, last lines",
    ),
)
