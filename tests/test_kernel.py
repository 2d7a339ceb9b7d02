"""The kernel's witness: processes, their ends, and what they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import SimpleNamespace

import pytest
from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.kernel import pidfd, proc, shared_memory, wait_status, waits
from exitmatrix.model.app import AppSpec, Readiness, Situation
from exitmatrix.model.tree import Tree

from tests.support.running import until

SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read()"]
FAMILY = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.exit(int(sys.stdin.read()))"],
                         stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.readline()
child.communicate(b"9")
print("reaped", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEPER, stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def family() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("listed", [True, False])
def test_children(
    listed: bool, family: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The children of a process are found, also where the kernel does not list them."""
    if listed and not proc.TELLS_CHILDREN:
        pytest.skip("this kernel has no list of children")
    monkeypatch.setattr(proc, "TELLS_CHILDREN", listed)
    assert family.stdout
    child = int(family.stdout.readline())
    assert proc.children_of(family.pid) == (child,)
    assert {family.pid, child} <= set(proc.descendants_of(os.getpid()))
    assert proc.is_below(child, os.getpid())
    assert not proc.is_below(os.getpid(), os.getpid())


def test_the_status_of_a_grandchild(family: subprocess.Popen[str]) -> None:
    """A process that its parent has reaped still has a status, where the kernel keeps it."""
    assert family.stdin
    assert family.stdout
    watched = pidfd.WatchedProcess(int(family.stdout.readline()))
    family.stdin.write("\n")
    family.stdin.flush()
    assert family.stdout.readline() == "reaped\n"
    learnt = watched.learn_status()
    watched.close()
    if not learnt:
        pytest.skip("this kernel forgets the status of what is reaped (before 6.15)")
    assert watched.status is not None
    assert wait_status.describe_status(watched.status) == "code 9"


def test_a_reaped_process_whose_status_is_lost(
    family: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel forgets it, the status of a reaped process is not guessed."""
    assert family.stdin
    assert family.stdout
    monkeypatch.setattr(pidfd, "exit_info", lambda fd: None)
    watched = pidfd.WatchedProcess(int(family.stdout.readline()))
    family.stdin.write("\n")
    family.stdin.flush()
    assert family.stdout.readline() == "reaped\n"
    assert not watched.learn_status()
    assert watched.status is None
    watched.close()


def test_a_process_that_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    """A process that was reaped can neither be watched nor signalled."""
    watched = pidfd.WatchedProcess(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not watched.send(signal.SIGTERM)
    watched.close()
    with pytest.raises(ProcessLookupError):
        pidfd.WatchedProcess(sleeper.pid)


def test_at_rest(sleeper: subprocess.Popen[bytes]) -> None:
    """A process that waits is at rest; one that runs, or that a signal is to end, is not."""
    watched = pidfd.WatchedProcess(sleeper.pid)
    while not proc.at_rest(sleeper.pid):  # it is still starting
        pass
    sleeper.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PIDFD, watched.fd, os.WSTOPPED)
    sleeper.send_signal(signal.SIGTERM)  # pending: it is stopped
    assert not proc.at_rest(sleeper.pid)
    watched.close()
    assert not proc.at_rest(os.getpid())


def test_a_process_whose_thread_is_at_work_does_not_rest() -> None:
    """The kernel gives the state of the first thread, which may wait for one at work."""
    code = (
        "import threading\n"
        "def work():\n"
        "    while True: pass\n"
        "thread = threading.Thread(target=work)\n"
        "thread.daemon = True\n"
        "thread.start()\n"
        "print('ready', flush=True)\n"
        "thread.join()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            while proc.read_proc(process.pid, "wchan") == b"0":  # its first thread waits at last
                assert process.poll() is None
            # At any instant some thread of it runs or is about to: none of many looks sees rest.
            assert not any(proc.at_rest(process.pid) for _ in range(200))
        finally:
            process.kill()


SAYS_READY = "import os, signal, threading, time; print(1, flush=True)"
WAITS = {
    "a lock": ("threading.Event().wait()", True),
    "a lock, for so long": ("threading.Event().wait(60)", False),
    "a child": ("os.waitpid(os.fork() or time.sleep(60) or 0, 0)", True),
    "a signal": ("signal.pause()", True),
    "a clock": ("time.sleep(60)", False),
    "whoever writes": ("os.read(0, 1)", False),
    "a lock, beside a thread that sleeps": (
        "threading.Thread(target=time.sleep, args=(60,)).start(); threading.Event().wait()",
        False,
    ),
}


@pytest.mark.parametrize(("code", "endless"), WAITS.values(), ids=WAITS)
def test_whether_a_wait_has_a_limit(code: str, endless: bool) -> None:
    """What waits for a lock, a child or a signal goes on only when another lets it."""
    command = [sys.executable, "-c", f"{SAYS_READY}; {code}"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"1\n"
            while not proc.at_rest(process.pid):
                assert process.poll() is None
            assert waits.waits_for_others(process.pid) is endless
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "code 0"),
        (3 << 8, "code 3"),
        (15, "signal SIGTERM"),
        (9, "signal SIGKILL"),
        (139, "signal SIGSEGV"),
    ],
)
def test_a_wait_status_in_words(status: int, words: str) -> None:
    """A wait status is a code or a signal, with or without a core."""
    assert wait_status.describe_status(status) == words


WORKS = """
import os, time
def work():
    while time.process_time() < 0.3:
        pass
if os.fork() == 0:
    work()
    os._exit(0)
os.wait()
"""


def test_who_is_reaped_tells_the_processor_time_of_those_that_it_has_waited_for() -> None:
    """It slept itself: wait4(2) tells of both."""
    with subprocess.Popen([sys.executable, "-c", WORKS]) as process:
        watched = pidfd.watch(process.pid)
        until(lambda: watched.learn_status() and watched.reaped)
        process.returncode = 0  # reaped by the watcher
        assert 0.3 <= watched.used < 3
        watched.close()


def test_shared_memory_is_attributed() -> None:
    """What a process has mapped of shared memory is found by its name, and can be removed."""
    block = SharedMemory(create=True, size=8)
    try:
        assert block.name in shared_memory.mapped_by(os.getpid())
        assert block.name in shared_memory.names()
        shared_memory.remove([block.name, "never-there"])
        assert block.name not in shared_memory.names()
    finally:
        block.close()
        with pytest.raises(FileNotFoundError):
            block.unlink()


def test_what_has_been_mapped_since_is_told_without_what_was_there() -> None:
    """Nor is what somebody else has made: the name is new, and it is not mapped here."""
    old = SharedMemory(create=True, size=8)
    before = shared_memory.listed()
    new = SharedMemory(create=True, size=8)
    others = Path(shared_memory.FOLDER, f"{new.name}-of-another")
    others.touch()
    try:
        assert shared_memory.mapped_since(os.getpid(), before) == {new.name}
    finally:
        others.unlink()
        for one in (old, new):
            one.close()
            one.unlink()


def test_where_no_name_is_new_nobody_is_asked_what_is_mapped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel takes long for it, and the answer is known."""
    monkeypatch.setattr(shared_memory, "names", lambda: {"there": 1})
    monkeypatch.setattr(shared_memory, "_mapped", lambda _pid: pytest.fail("it was asked"))
    assert shared_memory.mapped_since(os.getpid(), {"there"}) == frozenset()


VFORK = """
import os, sys
print("begins", flush=True)
opening = (os.POSIX_SPAWN_OPEN, 0, sys.argv[1], os.O_RDONLY, 0)
child = os.posix_spawn("/bin/true", ["true"], os.environ, file_actions=[opening])
os.waitpid(child, 0)
forked = os.fork()
if forked:
    print(forked, flush=True)
sys.stdin.read()
"""


def look_at(*pids: int) -> Tree:
    """The tree as a run sees it; the first pid is that of its first process."""
    state = object.__new__(AppState)  # without a run
    state.spec = AppSpec(
        id="made",
        words=(),
        folder="/",
        environment={},
        situation=Situation(id="made", does="", target="first", steps=()),
        target="first",
        ready=Readiness(),
    )
    state.nodes, state.stacks, state.ready = {}, {}, True
    state._first_looks, state._moments, state._pids, state._file = {}, {}, {}, ""
    state.processes = SimpleNamespace(root=pids[0])  # type: ignore[assignment]
    state.journal = SimpleNamespace(now=0.0)  # type: ignore[assignment]
    for pid in pids:
        state._take_node(pid)
    return state.tree


def test_a_child_of_vfork_is_no_copy_of_its_parent_before_it_executes(tmp_path: Path) -> None:
    """It has its parent's stack and command line, while that waits; one of fork is a copy.

    The child opens a FIFO before it executes, and stands there until somebody writes to it.
    """
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    words = [sys.executable, "-c", VFORK, str(fifo)]
    one = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert one.stdout
        one.stdout.readline()
        until(lambda: bool(proc.children_of(one.pid)) and proc.may_be_in_vfork(one.pid))
        (child,) = proc.children_of(one.pid)
        assert looking.place_of_stack(child) == looking.place_of_stack(one.pid)
        assert look_at(one.pid, child).family == {one.pid}
        fifo.write_text("")
        forked = int(one.stdout.readline())
        assert not proc.may_be_in_vfork(one.pid)
        assert look_at(one.pid, forked).family == {one.pid, forked}
    finally:
        opened = os.open(fifo, os.O_RDWR)  # so that nobody waits for a writer, now or later
        one.communicate()  # the end of its stdin is that of both
        os.close(opened)


def test_words_and_stack_are_those_of_one_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks a process may execute another program, or have no command line yet."""
    stacks = iter([1, 2, 2, 2, 3, 3])
    words = iter([("python", "app.py"), ("uname",), ()])
    monkeypatch.setattr(looking, "place_of_stack", lambda _pid: next(stacks))
    monkeypatch.setattr(looking, "command_line", lambda _pid: next(words))
    monkeypatch.setattr(looking, "program_of", lambda _pid: "/bin/uname")
    assert looking.at_one_moment(7) == (("uname",), "/bin/uname", 2)
    assert looking.at_one_moment(7) == ((), "/bin/uname", 0)
