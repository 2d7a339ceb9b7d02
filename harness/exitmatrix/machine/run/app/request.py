"""A request that is being answered when the first signal is sent, and what its client gets.

Or one whose view ends the process that answers it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from urllib.parse import urlsplit

from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.readiness import RestWatch
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.kernel import tcp

ASK_AGAIN = 0.01  # seconds between two looks at whether a process has the request
PATIENCE = 10.0  # seconds
HEAD_ENDS = re.compile(rb"\r?\n\r?\n")  # RFC 9112, 2.2: a bare line feed may end a line
LAST_CHUNK = b"0\r\n\r\n"  # RFC 9112, 7.1, without trailers
HELD = 1.0  # seconds at rest, after which nothing but the view is waited for
LONGEST = 2.0  # seconds, and however little rest there is: hypercorn waits 3 s for a view
KEPT = 1 << 16  # bytes of the beginning of an answer, and of its end
ANSWERING = "answering"  # why a view holds: inside/endings


class Request:
    """One GET. What is noted: `asked`, when a process has read it, and `replied`, at the end.

    `held`: its view tells that it is at work, and waits until it is let go on. Which process
    that is, the tree cannot tell: whoever is meant by a role is this one, if it has that role.
    """

    def __init__(self, state: AppState) -> None:
        parts = urlsplit(state.spec.request)
        self._state = state
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._port = parts.port or state.port or state.tcp_port
        self._reply: asyncio.Task[tuple[str, ...]] | None = None
        self._ended: float | None = None

    async def send(self) -> None:
        """Send it, and wait until a process of the tree has read it, or tells that it is at it."""
        note = self._state.journal.note
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            note("harness", 0, "not-asked", error.strerror or "no connection")
            return
        own = writer.get_extra_info("sockname")[1]
        host = f"Host: 127.0.0.1:{self._port}"
        lines = (f"GET {self._path} HTTP/1.1", host, "Connection: close", "", "")
        in_flight = bool(self._state.spec.situation.steps)
        if not in_flight:  # what follows of it may come before it is seen to be read
            note("harness", 0, "asked", self._path)
        writer.write("\r\n".join(lines).encode())
        self._reply = asyncio.create_task(self._read(reader, writer))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not (self._reply.done() or self._is_read(own) or self._is_at_work()):
                    await asyncio.sleep(ASK_AGAIN)
        if in_flight:
            note("harness", 0, "asked", self._path)
        if self._state.spec.situation.held and not await self._is_held():
            note("harness", 0, "not-asked", "no view told that it is at work")

    def _is_at_work(self) -> bool:
        return bool(self._state.gates.holding(ANSWERING))

    async def _is_held(self) -> bool:
        return await self._state.journal.within(PATIENCE, self._is_at_work)

    async def let_go(self) -> None:
        """Let the view go on, when all that follows the signal at once has come to rest."""
        end = self._state.journal.now + LONGEST
        await RestWatch(self._state, output=False).comes(
            HELD, lambda: not self._state.live or self._state.journal.now >= end
        )
        for pid in self._state.gates.holding(ANSWERING):
            self._state.journal.note("harness", pid, "let-go")
            self._state.gates.release(pid)

    def _is_read(self, client: int) -> bool:
        """Whether a process holds the other end of the connection, and has read all of it."""
        if not self._state.live:
            return True
        end = tcp.other_end(self._port, client)
        return (
            end is not None
            and not end.unread
            and any(
                end.inode in looking.sockets_of(looking.descriptors(pid).values())
                for pid in self._state.live
            )
        )

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
        in_flight = bool(self._state.spec.situation.steps)
        if in_flight and self._ended is not None and self._ended < begun:
            note("harness", 0, "not-asked", "it had been answered before")
        else:
            note("harness", 0, "replied", *(self._reply.result() if done else ("none", "waits")))

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, ...]:
        """The status of an answer that arrived whole; "cut" of one that did not; or "none".

        Of none also what came instead: the end of the connection, closed or reset.
        """
        data, left_out, end = bytearray(), 0, "closed"
        try:
            while more := await reader.read(65536):
                data += more
                if len(data) > 2 * KEPT:  # an answer may have no end
                    left_out += len(data) - 2 * KEPT
                    del data[KEPT:-KEPT]
        except OSError:
            end = "reset"
        finally:
            self._ended = self._state.journal.now
            writer.close()
        status = response_outcome(bytes(data), left_out)
        return (status, end) if status == "none" else (status,)


def response_outcome(data: bytes, left_out: int = 0) -> str:
    """The status of an answer that is whole; "cut" of one that is not; "none" without one.

    `left_out`: bytes of its body that are not among these.
    """
    blank = HEAD_ENDS.search(data)
    head, body = (data[: blank.start()], data[blank.end() :]) if blank else (data, b"")
    if not data:
        return "none"
    words = head.split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        return "cut"
    lengths = [
        line.partition(b":")[2].strip()
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    ]
    chunked = b"transfer-encoding: chunked" in head.lower()
    if chunked:
        end = body.endswith(LAST_CHUNK)
    else:
        needed = lengths[0] if lengths else b"0"
        end = needed.isdigit() and len(body) + left_out >= int(needed)
    return words[1].decode() if blank and end else "cut"
