"""The sockets of TCP: what the kernel tells when it is asked, and what /proc shows, are one."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.kernel import tcp

pytestmark = pytest.mark.real

HERE = "127.0.0.1"


def ipv4() -> socket.socket:
    return socket.create_server((HERE, 0))


def ipv6() -> socket.socket:
    return socket.create_server(("::1", 0), family=socket.AF_INET6)


def both() -> socket.socket:
    return socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)


KINDS = [ipv4, ipv6, both]
WITH_IPV4 = [ipv4, both]


@pytest.fixture(params=[True, False], ids=["asked", "read"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the kernel may be asked; else /proc is all that there is."""
    may: bool = request.param
    monkeypatch.setattr(tcp, "have", lambda _name: may)
    if may:  # it must do without the other way
        monkeypatch.setattr(tcp, "_read", lambda _pid: pytest.fail("/proc was read"))
    return may


@contextlib.contextmanager
def made(kind: Callable[[], socket.socket]) -> Iterator[tuple[socket.socket, int, int]]:
    """A socket that listens, its port and its inode."""
    try:
        server = kind()
    except OSError:
        pytest.skip("this machine has no such addresses")
    with server:
        yield server, server.getsockname()[1], os.fstat(server.fileno()).st_ino


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("kind", KINDS)
def test_a_socket_that_listens_is_told_with_address_port_and_inode(
    kind: Callable[[], socket.socket],
) -> None:
    """One that does not is none of them, be it bound or connected."""
    with made(kind) as (server, port, inode), socket.socket() as bound:
        bound.bind((HERE, 0))
        found = {one.inode: one for one in tcp.listening(os.getpid())}
        packed = socket.inet_pton(server.family, server.getsockname()[0])
        assert (found[inode].address, found[inode].port) == (packed, port)
        assert os.fstat(bound.fileno()).st_ino not in found
    assert inode not in {one.inode for one in tcp.listening(os.getpid())}


def test_many_sockets_are_told_alike_by_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel answers in several messages where one is too short."""
    with contextlib.ExitStack() as stack:
        made_here = {os.fstat(stack.enter_context(ipv4()).fileno()).st_ino for _ in range(700)}
        told = {one for one in tcp.listening(os.getpid()) if one.inode in made_here}
        monkeypatch.setattr(tcp, "have", lambda _name: False)
        read = {one for one in tcp.listening(os.getpid()) if one.inode in made_here}
    assert len(told) == 700
    assert told == read


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("kind", WITH_IPV4)
def test_the_servers_end_of_a_connection_is_found_by_its_ports(
    kind: Callable[[], socket.socket],
) -> None:
    """With what it has not read yet: as long as nobody has, the request is not begun."""
    with made(kind) as (server, port, listens), socket.create_connection((HERE, port)) as client:
        end, _ = server.accept()
        with end:
            own = client.getsockname()[1]
            client.sendall(b"GET /")
            end.recv(1, socket.MSG_PEEK)
            found = tcp.other_end(port, own)
            assert found is not None
            assert (found.inode, found.unread) == (os.fstat(end.fileno()).st_ino, 5)
            assert found.inode != listens
            end.recv(16)
            found = tcp.other_end(port, own)
            assert found is not None
            assert found.unread == 0


def test_where_there_is_no_such_connection_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where a socket listens on that port: it is nobody's end."""
    for may in (True, False):
        monkeypatch.setattr(tcp, "have", lambda _name, may=may: may)
        with made(ipv4) as (_, port, _), socket.socket() as bound:
            bound.bind((HERE, 0))
            assert tcp.other_end(port, bound.getsockname()[1]) is None
            assert tcp.other_end(bound.getsockname()[1], port) is None


@pytest.mark.parametrize("number", [errno.EPROTONOSUPPORT, errno.EPERM, errno.ENOENT])
def test_a_kernel_that_may_not_be_asked_is_read(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox forbids the socket; a kernel without the module has no answer."""

    def refused(*_args: object, **_more: object) -> Iterator[tuple[int, tcp.TcpSocket]]:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tcp, "_ask", refused)
    with made(ipv4) as (server, port, inode), socket.create_connection((HERE, port)) as client:
        end, _ = server.accept()
        with end:
            assert inode in {one.inode for one in tcp.listening(os.getpid())}
            found = tcp.other_end(port, client.getsockname()[1])
            assert found is not None
            assert found.inode == os.fstat(end.fileno()).st_ino


def test_an_answer_that_is_an_error_is_one() -> None:
    """No protocol has that family: the kernel answers with the number of an error."""
    with pytest.raises(OSError, match=os.strerror(errno.ENOENT)):
        list(tcp._ask(socket.AF_UNSPEC, tcp.DUMP, states=1 << tcp.LISTEN))


LISTENS = """
import socket, sys
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_process_in_a_network_of_its_own_is_asked_for_that_one() -> None:
    """Ours may have somebody else on the same port."""
    words = [sys.executable, "-c", LISTENS]
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    with (
        made(ipv4) as (_, port, inode),
        subprocess.Popen(
            ["unshare", "--net", *words, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process,
    ):
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        (there,) = tcp.listening(process.pid)
        held = looking.sockets_of(looking.descriptors(process.pid).values())
        assert (there.port, there.address) == (port, bytes(4))
        assert there.inode in held
        assert there.inode != inode
        process.communicate()


def test_who_is_gone_has_no_network() -> None:
    """Between two looks a process may end."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert tcp.listening(process.pid) == ()
