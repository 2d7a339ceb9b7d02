"""The sockets of TCP, as the kernel shows them: sock_diag(7), or /proc/PID/net/tcp.

The second walks through the whole hash table of connections for each reading, which takes
milliseconds on a machine with much memory; the first asks for what is wanted. It tells of our own
network alone.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

from exitmatrix.machine.run.kernel.facilities import have
from exitmatrix.machine.run.kernel.proc import read_proc
from exitmatrix.model.base import Frozen

ESTABLISHED, LISTEN = 1, 10  # include/net/tcp_states.h

# include/uapi/linux: netlink.h, sock_diag.h, inet_diag.h
SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 0x2, 0x3
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
ASKED = struct.Struct("=BBBxI")  # struct inet_diag_req_v2, before its id
ENDS = struct.Struct(">HH16s16s")  # struct inet_diag_sockid: both ports, both addresses
NO_COOKIE = b"\xff" * 8  # INET_DIAG_NOCOOKIE, twice
TOLD = struct.Struct("=BBxx48s4xI8xI")  # struct inet_diag_msg: family, state, id, rqueue, inode
READ_SIZE = 1 << 16


class TcpSocket(Frozen):
    """One end of a connection, or a socket that waits for some."""

    address: bytes  # in network order, 4 bytes or 16
    port: int
    inode: int
    unread: int  # bytes that have come and nobody has read; of one that listens, connections


def listening(pid: int) -> tuple[TcpSocket, ...]:
    """The sockets that accept connections in a process's network; none when it is gone."""
    if have("sock-diag") and _is_in_our_network(pid):
        try:
            return tuple(
                one
                for family in (socket.AF_INET, socket.AF_INET6)
                for state, one in _ask(family, DUMP, states=1 << LISTEN)
                if state == LISTEN
            )
        except OSError:  # a sandbox forbids it, or the kernel was built without
            pass
    return tuple(one for state, _, one in _read(pid) if state == LISTEN)


def other_end(port: int, client: int) -> TcpSocket | None:
    """The server's end of a connection from our own network to 127.0.0.1, by both its ports."""
    if have("sock-diag"):
        here = socket.inet_aton("127.0.0.1")
        ends = ENDS.pack(port, client, here, here)
        try:
            found = list(_ask(socket.AF_INET, 0, ends))
        except OSError:  # as above, or there is neither this connection nor one that listens
            pass
        else:
            return next((one for state, one in found if state == ESTABLISHED), None)
    pairs = (one for state, of, one in _read(os.getpid()) if (state, of) == (ESTABLISHED, client))
    return next((one for one in pairs if one.port == port), None)


def _is_in_our_network(pid: int) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/ns/net", "/proc/self/ns/net")  # noqa: PTH121
    except OSError:
        return False


def _ask(
    family: int, flags: int, ends: bytes = bytes(ENDS.size), states: int = 0
) -> Iterator[tuple[int, TcpSocket]]:
    """What the kernel answers: states and sockets. Raises OSError."""
    what = ASKED.pack(family, socket.IPPROTO_TCP, 0, states) + ends + bytes(4) + NO_COOKIE
    head = HEADER.pack(HEADER.size + len(what), BY_FAMILY, REQUEST | flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        kernel.send(head + what)
        while True:
            data = kernel.recv(READ_SIZE)
            while data:
                length, kind, *_ = HEADER.unpack_from(data)
                if kind == DONE:
                    return
                if kind == ERROR:
                    number = -struct.unpack_from("=i", data, HEADER.size)[0]
                    raise OSError(number, os.strerror(number))
                yield _told(data[HEADER.size :])
                data = data[(length + 3) & ~3 :]
            if not flags & DUMP:  # one was asked for
                return


def _told(message: bytes) -> tuple[int, TcpSocket]:
    family, state, ends, unread, inode = TOLD.unpack_from(message)
    port, _, address, _ = ENDS.unpack_from(ends)
    size = 4 if family == socket.AF_INET else 16
    return state, TcpSocket(address=address[:size], port=port, inode=inode, unread=unread)


def _read(pid: int) -> Iterator[tuple[int, int, TcpSocket]]:
    """States, ports of the other end, and sockets, as /proc shows them.

    The fields of a line: number, local and remote address, state, queues, ..., inode.
    """
    for table in ("net/tcp", "net/tcp6"):
        for line in read_proc(pid, table).splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9:
                address, port = _address(fields[1])
                unread = int(fields[4].split(b":")[1], 16)
                one = TcpSocket(address=address, port=port, inode=int(fields[9]), unread=unread)
                yield int(fields[3], 16), _address(fields[2])[1], one


def _address(text: bytes) -> tuple[bytes, int]:
    """An address there: words of the machine's own byte order, in hexadecimal; and a port."""
    digits, _, port = text.partition(b":")
    words = [int(digits[i : i + 8], 16) for i in range(0, len(digits), 8)]
    return struct.pack(f"={len(words)}I", *words), int(port, 16)
