"""The releases of a package that the index has for an interpreter, from new to old."""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.version import Version

from exitmatrix.machine.environments.installer import CommandFailedError, Tools
from exitmatrix.model import Interpreter

_WHEELS = "--no-build"
"""A release that would have to be built to be known is passed over."""


class Releases:
    """One release after the other, each looked up when it is asked for.

    uv tells no list of releases, but which is the newest below another: what was
    withdrawn and what the interpreter cannot have, it leaves out by itself.
    """

    def __init__(self, tools: Tools, package: str, interpreter: Interpreter) -> None:
        self._tools = tools
        self._package = package
        self._interpreter = interpreter
        self._found: list[str] = []
        self._oldest: Version | None = None
        self._complete = False

    def between(self, oldest: str, newest: str) -> None:
        """Set the ends; "" is the newest that there is, or the oldest. Raises FailedError."""
        wanted = f"=={newest}" if newest else ""
        answer = self._ask(wanted)
        if answer is None:
            raise CommandFailedError(f"error: there is no {self._package}{wanted}")
        self._found = [answer]
        if oldest:
            end = self._ask(f"=={oldest}")
            if end is None:
                raise CommandFailedError(f"error: there is no {self._package}=={oldest}")
            self._oldest = Version(end)

    def has(self, place: int) -> bool:
        """Whether there is one so far back. Raises FailedError."""
        while len(self._found) <= place and not self._complete:
            self._look_further()
        return place < len(self._found)

    def __getitem__(self, place: int) -> str:
        """The release at a place that there is."""
        return self._found[place]

    def _look_further(self) -> None:
        last = Version(self._found[-1])
        if self._oldest is not None and last <= self._oldest:
            self._complete = True
            return
        older = self._ask(f"<{last}", _WHEELS)
        if older is not None and (self._oldest is None or Version(older) >= self._oldest):
            self._found.append(older)
        elif self._oldest is not None:
            self._found.append(str(self._oldest))
        else:
            self._complete = True

    def _ask(self, wanted: str, *options: str) -> str | None:
        """The newest release that is wanted; None where there is none. Raises FailedError."""
        try:
            answer = self._tools.exactly([self._package + wanted], self._interpreter, *options)
        except CommandFailedError:
            return None
        (pin,) = answer
        (specifier,) = Requirement(pin).specifier
        return specifier.version
