"""A request that is being answered when the first signal is sent, and what its client gets."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.kernel.proc import read_proc

ASK_AGAIN = 0.01  # seconds between two looks at whether a process has the request
PATIENCE = 10.0  # seconds
ESTABLISHED = b"01"  # include/net/tcp_states.h: TCP_ESTABLISHED


class Request:
    """One GET. What is noted: `asked`, when a process has read it, and `replied`, at the end."""

    def __init__(self, state: AppState) -> None:
        parts = urlsplit(state.spec.request)
        self._state = state
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._port = parts.port or state.port or state.tcp_port
        self._reply: asyncio.Task[str] | None = None
        self._ended: float | None = None

    async def send(self) -> None:
        """Send it, and wait until a process of the tree has read it."""
        note = self._state.journal.note
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            note("harness", 0, "not-asked", error.strerror or "no connection")
            return
        own = writer.get_extra_info("sockname")[1]
        host = f"Host: 127.0.0.1:{self._port}"
        lines = (f"GET {self._path} HTTP/1.1", host, "Connection: close", "", "")
        writer.write("\r\n".join(lines).encode())
        self._reply = asyncio.create_task(self._read(reader, writer))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not self._reply.done() and not self._is_read(own):
                    await asyncio.sleep(ASK_AGAIN)
        note("harness", 0, "asked", self._path)

    def _is_read(self, client: int) -> bool:
        """Whether a process holds the other end of the connection, and has read all of it.

        /proc/net/tcp: local and remote address, state, queues, ..., inode.
        """
        if not self._state.live:
            return True
        for line in read_proc(self._state.live[0], "net/tcp").splitlines()[1:]:
            fields = line.split()
            local, remote = (int(fields[i].split(b":")[1], 16) for i in (1, 2))
            if (local, remote, fields[3]) != (self._port, client, ESTABLISHED):
                continue
            unread, inode = int(fields[4].split(b":")[1], 16), int(fields[9])
            return not unread and any(
                inode in looking.sockets_of(looking.open_files(pid)) for pid in self._state.live
            )
        return False

    async def finish(self, begun: float) -> None:
        """Note what the client got, whose server is gone or has answered by now.

        `begun`: when the first signal was sent. What was answered by then was not in flight.
        """
        if self._reply is None:
            return
        note = self._state.journal.note
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reply, 1.0)
        done = self._reply.done() and not self._reply.cancelled()
        if self._ended is not None and self._ended < begun:
            note("harness", 0, "not-asked", "it had been answered before")
        else:
            note("harness", 0, "replied", self._reply.result() if done else "none")

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """The status of an answer that arrived whole; "cut" of one that did not; "none"."""
        data = b""
        try:
            while more := await reader.read(65536):
                data += more
        except OSError:
            pass
        finally:
            self._ended = self._state.journal.now
            writer.close()
        return _status(data)


def _status(data: bytes) -> str:
    head, blank, body = data.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        return "none"
    lengths = [
        line.partition(b":")[2].strip()
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    ]
    whole = bool(blank) and (not lengths or len(body) >= int(lengths[0]))
    return words[1].decode() if whole else "cut"
