"""What the kernel may lack: the other path says the same, or that it cannot know."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run import reaper
from exitmatrix.machine.run.connection import own_environment
from exitmatrix.machine.run.kernel import exit_watch, facilities, marks, pidfd, proc, shared_memory
from exitmatrix.machine.run.session import run_all
from exitmatrix.model import Ready
from msgspec.structs import replace

from tests.conftest import LOADED, NEWEST, make_order
from tests.support.command import COMMAND
from tests.support.running import until

SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEPER, stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_without_pidfds_an_end_is_seen_by_asking(sleeper: subprocess.Popen[bytes]) -> None:
    """As psutil does: first it runs, then it is a zombie with a status, then it is gone."""
    watched = pidfd.Polled(sleeper.pid)
    assert not watched.has_ended()
    assert watched.send(signal.SIGTERM)
    until(watched.has_ended)
    assert not watched.is_gone()
    assert not watched.send(signal.SIGTERM)
    assert watched.learn_status()
    assert watched.status == signal.SIGTERM
    assert watched.is_gone()
    sleeper.returncode = -signal.SIGTERM  # reaped by the watcher


def test_without_pidfds_a_process_that_is_gone_cannot_be_watched(
    sleeper: subprocess.Popen[bytes],
) -> None:
    """A pid that nobody has is an error, as it is with pidfds."""
    sleeper.kill()
    sleeper.wait()
    with pytest.raises(ProcessLookupError):
        pidfd.Polled(sleeper.pid)


def test_without_pidfds_the_watch_asks(sleeper: subprocess.Popen[bytes]) -> None:
    """A process without a descriptor is among those with news when it has ended, once."""
    exits = exit_watch.ExitWatch()
    watched = pidfd.Polled(sleeper.pid)
    exits.add(watched)
    assert exits.must_poll
    assert exits.ready() == []
    sleeper.kill()
    until(lambda: exits.ready() == [watched])
    assert exits.ready() == []
    assert not exits.must_poll


def test_where_no_descriptor_is_free_a_process_is_watched_all_the_same(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """EMFILE costs the pidfd, not the process."""

    def full(_pid: int) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", full)
    assert isinstance(pidfd.watch(sleeper.pid), pidfd.Polled)


def test_a_mark_follows_a_process_wherever_it_flees() -> None:
    """A mark outlives a new session, a cleared environment and a lost parent."""
    mark = (1 << 60) + os.getpid()
    flee = "setsid env -i sh -c 'echo $$; exec sleep 600 <&- >&- 2>&-' &"
    with marks.marking(mark):
        done = subprocess.run(["sh", "-c", flee], stdout=subprocess.PIPE, text=True, check=True)
    fled = int(done.stdout)
    watched = pidfd.watch(fled)
    try:
        assert marks.mark_of(fled) == mark
        assert marks.belongs_to(fled, mark, 0, "no such token")
        assert not marks.belongs_to(fled, mark + 1, 0, "no such token")
        assert marks.marked(range(mark, mark + 1)) == (fled,)
        assert marks.mark_of(os.getpid()) != mark
    finally:
        watched.send(signal.SIGKILL)
        watched.close()


def test_a_pid_without_a_mark_is_told_at_once() -> None:
    """Searching a million marks would take as long as a trial."""
    begun = time.process_time()  # of ours alone, whatever else the machine does
    for _ in range(200):
        assert not marks.is_marked(os.getpid(), range(1 << 61, (1 << 61) + marks.MARKS))
    assert time.process_time() - begun < 1


def test_a_facility_that_is_switched_off_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are read in one place, and a wrong one is refused with the right ones."""
    monkeypatch.setattr(facilities, "_WITHOUT", frozenset({"pidfd", "exit-info"}))
    assert not facilities.have_pidfds()
    assert pidfd.exit_info(0) is None
    assert facilities.refusal() is None
    monkeypatch.setattr(facilities, "_WITHOUT", frozenset({"pidfds"}))
    assert "pidfds" in str(facilities.refusal())


@pytest.mark.parametrize("system", ["darwin", "win32", "freebsd14"])
def test_another_system_is_refused_clearly(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where trials cannot run, the refusal says where they can and what still works."""
    monkeypatch.setattr(sys, "platform", system)
    assert "Linux alone" in str(facilities.refusal())


@pytest.mark.real
@pytest.mark.parametrize(
    ("how", "why"),
    [
        (["--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "-"], "none is mounted here"),
        (["--pid", "--fork"], "the one here is of another"),
    ],
    ids=["none", "of another namespace"],
)
@pytest.mark.parametrize(
    "command", [["matrix", "--stack", "none"], ["run", "--", "true"]], ids=" ".join
)
def test_without_a_usable_proc_trials_are_refused(
    command: list[str], how: list[str], why: str, tmp_path: Path
) -> None:
    """It exits with one line and status 3, before anything is started or written."""
    if subprocess.run(["unshare", *how, "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces cannot be made here: they take root's rights")
    done = subprocess.run(
        ["unshare", *how, *COMMAND, *command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, ""), done
    (line,) = done.stderr.splitlines()
    assert why in line
    assert not list(tmp_path.iterdir())


def test_the_engine_gets_nothing_of_the_callers_environment() -> None:
    """What an observed program can read of its parent's environment holds no secret."""
    caller = {"PATH": "/bin", "CANARY": "sings", "PYTHONPATH": "/evil", "AWS_SECRET": "x"}
    given = own_environment(caller)
    assert given["PATH"] == "/bin"
    assert not {"CANARY", "AWS_SECRET"} & given.keys()
    assert given["PYTHONPATH"] != "/evil"


def test_no_process_between_the_harness_and_the_programs_shows_the_callers_environment(
    tmp_path: Path, environment_of: Callable[[str, str], Environment]
) -> None:
    """A program climbs from its parent to the harness, and looks into /proc/PID/environ."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("there is no /proc")
    code = (
        "import os, sys\n"
        "pid = os.getppid()\n"
        "while pid != int(sys.argv[1]):\n"
        "    sys.stdout.write(open('/proc/%d/environ' % pid).read() + '\\n')\n"
        "    pid = int(open('/proc/%d/stat' % pid).read().rpartition(')')[2].split()[1])\n"
    )
    program = tmp_path / "app.py"
    program.write_text(code.replace("sys.argv[1]", repr(str(os.getpid()))))
    scenario = replace(LOADED["plain"], path=str(program), folder="", ready=Ready(by="none"))
    order = make_order(environment_of(NEWEST, "none"), scenario, "return")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY", "sings")
        ((_, trial),) = run_all([order], jobs=1)
    assert len(trial.stdout.split("PYTHONPATH=")) == 3, "the engine's and the guardian's"
    assert "CANARY" not in trial.stdout


@pytest.mark.parametrize("lacking", ["", "spawn-options"])
def test_the_engine_gives_way_and_its_programs_are_scheduled_as_usual(
    tmp_path: Path, environment_of: Callable[[str, str], Environment], lacking: str
) -> None:
    """A program asks for its own policy and its parent's: sched(7)."""
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        pytest.skip("who runs the tests has chosen a policy, which the engine keeps")
    program = tmp_path / "app.py"
    program.write_text("import os; print(*map(os.sched_getscheduler, (0, os.getppid())))")
    scenario = replace(LOADED["plain"], path=str(program), folder="", ready=Ready(by="none"))
    order = make_order(environment_of(NEWEST, "none"), scenario, "return")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(facilities.VARIABLE, lacking)
        ((_, trial),) = run_all([order], jobs=1)
    assert trial.stdout.split() == [str(os.SCHED_OTHER), str(os.SCHED_BATCH)]


# ------------------------------------------------ a stand-in for the kernel's calls


class Kernel:
    """Processes that never were, one of whose pids is given away at the worst moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
        self.here = os.getpid()
        self.parents = {500: self.here, 501: 500}
        self.when = when
        self.opened: dict[int, str] = {}
        self.signalled: list[str] = []
        self.names = {500: "ours", 501: "ours"}
        monkeypatch.setattr(pidfd, "PIDFDS", True)
        monkeypatch.setattr(proc, "parent_of", lambda pid: self.parents.get(pid, 0))
        monkeypatch.setattr(proc, "children_of", self.children_of)
        monkeypatch.setattr(marks, "mark_of", lambda _pid: None)
        monkeypatch.setattr(shared_memory, "held_by", lambda _pid: frozenset())
        monkeypatch.setattr(os, "pidfd_open", self.open)
        monkeypatch.setattr(os, "close", lambda _fd: None)
        monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("a bare pid was signalled"))
        monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("a group was signalled"))
        monkeypatch.setattr(signal, "pidfd_send_signal", self.send)
        monkeypatch.setattr(os, "waitpid", self.waitpid)
        monkeypatch.setattr(os, "wait4", self.waitpid)

    def children_of(self, pid: int) -> tuple[int, ...]:
        found = tuple(one for one, parent in self.parents.items() if parent == pid)
        if self.when == "listed" and 501 in found:
            self.give_away(501)
        return found

    def give_away(self, pid: int) -> None:
        """Ours ends, and somebody else's process gets its number."""
        if self.names.get(pid) == "ours" and pid in self.parents:
            self.names[pid] = "somebody else's"
            self.parents[pid] = 1

    def open(self, pid: int) -> int:
        if pid not in self.names:
            raise ProcessLookupError
        fd = 1000 + len(self.opened)
        self.opened[fd] = self.names[pid]
        if self.when == "opened":
            self.give_away(pid)
        return fd

    def send(self, fd: int, _signum: int) -> None:
        whose = self.opened[fd]
        self.signalled.append(whose)
        for pid in [p for p, name in self.names.items() if name == whose == "ours"]:
            del self.names[pid], self.parents[pid]

    def waitpid(self, _pid: int, _options: int) -> tuple[int, int]:
        raise ChildProcessError


@pytest.mark.parametrize("when", ["never", "listed", "opened"])
def test_only_processes_of_this_run_are_signalled(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a pid is given to somebody else, that one's process gets no signal."""
    world = Kernel(monkeypatch, when)
    reaper.end_all_below((), range(0))
    assert "somebody else's" not in world.signalled
    assert when == "opened" or "ours" in world.signalled
