"""Waits for the ends of many processes at once: epoll(7)."""

from __future__ import annotations

import contextlib
import select

from exitmatrix.machine.run.kernel.pidfd import Polled, WatchedProcess


class ExitWatch:
    """Tells which of many watched processes ended, and later which were reaped."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._held: dict[int, WatchedProcess] = {}
        self._polled: dict[Polled, bool] = {}  # and whether its reaping is waited for

    def fileno(self) -> int:
        """An epoll set can itself be waited for."""
        return self._epoll.fileno()

    @property
    def must_poll(self) -> bool:
        """Whether there are processes of whose end nothing will tell."""
        return bool(self._polled)

    def add(self, watched: WatchedProcess) -> None:
        """Wait for the process to end."""
        if isinstance(watched, Polled):
            self._polled[watched] = False
        else:
            self._held[watched.fd] = watched
            self._epoll.register(watched.fd, select.EPOLLIN)

    def add_reaping(self, watched: WatchedProcess) -> None:
        """Wait for the parent to reap the process: its pidfd then hangs up."""
        if isinstance(watched, Polled):
            self._polled[watched] = True
        else:
            self._held[watched.fd] = watched
            self._epoll.register(watched.fd, 0)

    def discard(self, watched: WatchedProcess) -> None:
        """Wait for it no longer."""
        if isinstance(watched, Polled):
            self._polled.pop(watched, None)
        elif self._held.pop(watched.fd, None):
            with contextlib.suppress(OSError):
                self._epoll.unregister(watched.fd)

    def ready(self) -> list[WatchedProcess]:
        """Those with news, which are not waited for any longer."""
        news: list[WatchedProcess] = []
        for fd, _ in self._epoll.poll(0):
            self._epoll.unregister(fd)
            news.append(self._held.pop(fd))
        for one, reaping in list(self._polled.items()):
            if one.is_gone() if reaping else one.has_ended():
                del self._polled[one]
                news.append(one)
        return news
