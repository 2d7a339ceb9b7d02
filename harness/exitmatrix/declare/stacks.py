"""The stacks that are measured, and which interpreter can have them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from exitmatrix.model import Interpreter, Stack

_SERVING = "flask, werkzeug.serving"

STACKS: tuple[Stack, ...] = (
    Stack(name="none", family="none", requires=">=2.7"),
    Stack(name="flask-1.1", family="flask", requires=">=2.7,<3.14", imports=_SERVING),
    Stack(name="flask-2.0", family="flask", requires="==3.6.*", imports=_SERVING),
    Stack(name="flask-2.2", family="flask", requires="==3.7.*", imports=_SERVING),
    Stack(name="flask-3.0", family="flask", requires="==3.8.*", imports=_SERVING),
    Stack(name="flask-3.1", family="flask", requires=">=3.9", imports=_SERVING),
    Stack(name="apscheduler-3.6", family="apscheduler", requires=">=2.7,<3.14", imports=_SERVING),
    Stack(name="apscheduler-3.10", family="apscheduler", requires=">=3.6,<3.8", imports=_SERVING),
    Stack(name="apscheduler-3.11", family="apscheduler", requires=">=3.8", imports=_SERVING),
    Stack(name="gunicorn-27", family="gunicorn", requires=">=3.10"),
    Stack(name="uvicorn-0.28", family="uvicorn", requires=">=3.10"),
    Stack(name="uvicorn-0.29", family="uvicorn", requires=">=3.10"),
    Stack(name="uvicorn-0.54", family="uvicorn", requires=">=3.10"),
    Stack(name="waitress-3.0", family="waitress", requires=">=3.10"),
)

# What keeps a Python out that is older than `requires` allows, and one that is newer. Flask 1.1
# was tried on 3.14: `flask/helpers.py` fails at the first request, and `werkzeug/routing.py`
# builds its URL functions from `ast.Str`; "What's New In Python 3.14" lists both as removed.
_NEWER_EXISTS = "a newer Flask exists for this Python, and only the newest is measured"


_TOO_OLD_OR_NEW: dict[str, tuple[str, str]] = {
    "none": ("Python 2.7 is the oldest that is measured", ""),
    "flask-1.1": (
        "Flask 1.1 needs Python 2.7 or newer",
        "Python 3.14 removed pkgutil.get_loader and ast.Str, which Flask 1.1 and Werkzeug 1.0 use",
    ),
    "flask-2.0": ("Flask 2.0 needs Python 3.6 or newer", _NEWER_EXISTS),
    "flask-2.2": ("Flask 2.2 needs Python 3.7 or newer", _NEWER_EXISTS),
    "flask-3.0": ("Flask 3.0 needs Python 3.8 or newer", _NEWER_EXISTS),
    "flask-3.1": ("Flask 3.1 needs Python 3.9 or newer", ""),
    "apscheduler-3.6": (
        "APScheduler 3.6 is measured with Flask 1.1, which needs Python 2.7 or newer",
        "Python 3.14 removed what Flask 1.1 and Werkzeug 1.0 use, with which this one is measured",
    ),
    "apscheduler-3.10": (
        "APScheduler 3.10 needs Python 3.6 or newer",
        "a newer APScheduler exists for this Python, and only the newest is measured",
    ),
    "apscheduler-3.11": ("APScheduler 3.11 needs Python 3.8 or newer", ""),
    "gunicorn-27": ("gunicorn 27 needs Python 3.10 or newer", ""),
    "uvicorn-0.28": ("its packages are pinned for Python 3.10 or newer", ""),
    "uvicorn-0.29": ("its packages are pinned for Python 3.10 or newer", ""),
    "uvicorn-0.54": ("uvicorn 0.54 needs Python 3.10 or newer", ""),
    "waitress-3.0": ("its packages are pinned for Python 3.10 or newer", ""),
}


def applies(stack: Stack, interpreter: Interpreter) -> str | None:
    """Say why an interpreter cannot have a stack, or None if it can."""
    language = interpreter.language
    if interpreter.implementation == "pypy" and language < (3, 0):
        return "no way is known to isolate PyPy 2.7 from its own site-packages"
    if SpecifierSet(stack.requires).contains("{}.{}".format(*language)):
        return None
    oldest = min(_versions(stack.requires))
    return _TOO_OLD_OR_NEW[stack.name][0 if language < oldest else 1]


def _versions(requires: str) -> Iterator[tuple[int, int]]:
    for major, minor in re.findall(r"(\d+)\.(\d+)", requires):
        yield int(major), int(minor)


def pins_of(stack: Stack, interpreter: Interpreter) -> str | None:
    """Name the file that pins a stack for an interpreter; None for an empty stack."""
    if stack.family == "none":
        return None
    if interpreter.language == (2, 7):
        return f"{stack.name}-py2.7.txt"
    return f"{stack.name}.txt"
