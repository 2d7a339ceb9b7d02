"""asyncio's selector, in which trials' descriptors are read before asyncio goes on: epoll(7).

A turn of asyncio's loop hands each descriptor that can be read to a callback, and whoever that
callback wakes goes on in the next turn, which asks the kernel again. A trial has five descriptors
and a life of some milliseconds, so that this was a third of what the harness costs. Here they
are read while the kernel is asked, and who is woken goes on in the same turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import select
from collections.abc import Callable, Mapping
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey
from typing import Any


class Selector(BaseSelector):
    """What asyncio asks for, and `watch` beside it."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._keys: dict[Any, SelectorKey] = {}
        self._acts: dict[int, Callable[[], object]] = {}
        self._first = -1

    def watch(self, fd: int, act: Callable[[], object], first: bool = False) -> None:
        """Call `act` whenever there is something to read; of one, before all others."""
        self._epoll.register(fd, select.EPOLLIN)
        self._acts[fd] = act
        if first:
            self._first = fd

    def forget(self, fd: int) -> None:
        """Watch no longer what may be watched."""
        if self._acts.pop(fd, None):
            self._epoll.unregister(fd)

    # -------------------------------------------------------- for asyncio

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """As every selector does."""
        fd = _number(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} is registered")
        self._epoll.register(fd, _bits(events))
        key = self._keys[fd] = SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> SelectorKey:
        """As every selector does."""
        key = self._keys.pop(_number(fileobj))
        with contextlib.suppress(OSError):  # it was closed before
            self._epoll.unregister(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """As every selector does."""
        fd = _number(fileobj)
        if events != self._keys[fd].events:
            self._epoll.modify(fd, _bits(events))
        key = self._keys[fd] = SelectorKey(fileobj, fd, events, data)
        return key

    def get_map(self) -> Mapping[Any, SelectorKey]:
        """What asyncio watches; its files are numbers."""
        return self._keys

    def close(self) -> None:
        """Give the epoll set back."""
        self._epoll.close()

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Wait as asyncio asks for it; read what is ours, and give asyncio what is its own."""
        if timeout is None:
            wait = -1.0
        else:
            # Rounded up to milliseconds, as a wait that is too short would be one of many.
            wait = max(0.0, math.ceil(timeout * 1e3) * 1e-3)
        ready = []
        acts: list[Callable[[], object]] = []
        for fd, event in self._epoll.poll(wait):
            if fd == self._first:
                acts.insert(0, self._acts[fd])
            elif fd in self._acts:
                acts.append(self._acts[fd])
            elif key := self._keys.get(fd):
                found = (event & ~select.EPOLLIN and EVENT_WRITE) | (
                    event & ~select.EPOLLOUT and EVENT_READ
                )
                ready.append((key, found & key.events))
        for act in acts:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - asyncio does the same with a callback's
                asyncio.get_running_loop().call_exception_handler(
                    {"message": f"Exception in {act!r}", "exception": error}
                )
        return ready


def _number(fileobj: Any) -> int:
    return fileobj if isinstance(fileobj, int) else int(fileobj.fileno())


def _bits(events: int) -> int:
    bits = ((EVENT_READ, select.EPOLLIN), (EVENT_WRITE, select.EPOLLOUT))
    return sum(bit for event, bit in bits if events & event)
