"""What a Python says last, when it fails. Pure."""

from __future__ import annotations

import re

_FATAL = re.compile(r"^\s*(Fatal Python error: .*\S)\s*$", re.MULTILINE)
_EXCEPTION = re.compile(
    r"^\s*((?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt)(?:: .*\S)?)\s*$", re.MULTILINE
)


def python_error(output: str) -> str:
    """The line that names the error: of a traceback its last, of a fatal error both; or "".

    A fatal error is followed by the state of every thread (`faulthandler`), of which the last
    line is the least telling: "<no Python frame>".
    """
    fatal = _FATAL.findall(output)
    exceptions = _EXCEPTION.findall(output)
    return ": ".join([*fatal[:1], *exceptions[-1:]])
