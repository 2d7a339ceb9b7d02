"""The handlers for signals of one process: which is in place, and which was displaced by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from exitmatrix.model.app_outcome import Handler, Ran


@dataclass
class Signals:
    """What a process has installed until now."""

    handlers: dict[str, Handler] = field(default_factory=dict)  # by key
    _in_place: dict[str, Handler] = field(default_factory=dict)  # by mechanism: signal.SIGTERM
    _displaced: dict[Handler, tuple[str, bool]] = field(default_factory=dict)  # by what, and where
    _due: set[Handler] = field(default_factory=set)  # their signal was sent to this process
    ending: bool = False  # a signal was sent to somebody: from now on programs give back what is
    # theirs, as asyncio's loop does when it is closed, and that displaces nothing

    def install(self, key: str, handler: Handler, code: str, call: str) -> None:
        """Take down what was installed; without a key it is of C, or SIG_DFL, and tells nothing."""
        before = self._in_place.pop(handler.mechanism, None)
        if before is not None and before != handler and not self.ending:
            where = call or handler.place
            by = code + (f" at {where}" if where else "")
            self._displaced[before] = by, handler.library
        if key:
            self.handlers[key] = self._in_place[handler.mechanism] = handler
            if not self.ending:
                self._displaced.pop(handler, None)

    def sent(self, name: str) -> None:
        """A signal was sent to the process."""
        handler = self._in_place.get(f"signal.{name}")
        if handler is not None:
            self._due.add(handler)

    def forked(self) -> Signals:
        """What a forked child begins with: what was sent to its parent is none of its."""
        return replace(
            self,
            handlers=dict(self.handlers),
            _in_place=dict(self._in_place),
            _displaced=dict(self._displaced),
            _due=set(),
        )

    def all(self) -> Iterator[Ran]:
        """Each of them once, as if none had run."""
        for handler in dict.fromkeys(self.handlers.values()):
            by, library = self._displaced.get(handler, ("", False))
            yield Ran(
                handler=handler,
                fate="displaced" if by else "not run",
                due=handler in self._due,
                by=by,
                by_library=library,
            )
