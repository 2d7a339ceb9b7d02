"""Whether a process waits for connections, as /proc shows it: nothing is sent to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.accepting import accepts, can_be_seen

pytestmark = pytest.mark.real

LISTENS = """
import select, socket, threading, time

server = socket.create_server(("127.0.0.1", 0))
other, end = socket.socketpair()

def by_poll(one, events):
    asked = select.poll()
    asked.register(one, events)
    asked.poll()

def by_epoll(one):
    asked = select.epoll()
    asked.register(one)
    asked.poll()
"""

WAITS = {
    "accept": "server.accept()",
    "select": "select.select([other, server], [], [])",
    "poll": "by_poll(server, select.POLLIN)",
    "epoll": "by_epoll(server)",
    "a-thread": "threading.Thread(target=server.accept).start(); time.sleep(600)",
}
DOES_NOT = {
    "sleeps": "time.sleep(600)",
    "select-of-another": "select.select([other], [server], [])",
    "select-of-none": "select.select([], [], [], 600)",
    "poll-of-another": "by_poll(other, select.POLLIN)",
    "poll-for-another": "by_poll(server, 0)",
    "epoll-of-another": "by_epoll(other)",
    "accept-of-another": "own = socket.socket(socket.AF_UNIX); own.bind(b'\\0' + str(server)"
    ".encode()); own.listen(); own.accept()",
    "works": "while True: pass",
}


def seen(how: str, wanted: bool) -> bool:
    """Whether a process that does so is seen to wait, within a second; `wanted`: as soon as it is.

    It prints just before it waits.
    """
    code = f"{LISTENS}\nprint('now', flush=True)\n{how}"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            there = looking.listening(process.pid)
            of_tcp = {inode for inode, one in there.items() if one.port}
            return is_so(lambda: accepts(process.pid, of_tcp), 5.0 if wanted else 0.5)
        finally:
            process.kill()


def is_so(asked: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not asked():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


if not can_be_seen(os.getpid()):
    pytest.skip("this kernel does not tell what processes wait for", allow_module_level=True)


@pytest.mark.parametrize("how", WAITS.values(), ids=WAITS)
def test_who_waits_for_the_socket_that_listens_accepts(how: str) -> None:
    """In whichever call, and in whichever thread."""
    assert seen(how, True)


@pytest.mark.parametrize("how", DOES_NOT.values(), ids=DOES_NOT)
def test_who_holds_the_socket_and_waits_for_something_else_does_not(how: str) -> None:
    """As one that was forked with it, and imports the program."""
    assert not seen(how, False)


def test_who_is_gone_accepts_nothing() -> None:
    """Between two looks a process may end."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert not accepts(process.pid, {1})
        assert not can_be_seen(process.pid)
