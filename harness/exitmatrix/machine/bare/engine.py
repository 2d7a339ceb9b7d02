"""The engine of bare runs: starts programs, as many at once as it is told to, and reads them out.

A run has two pipes: its stdout, and the descriptor TOLD on which the program
tells what it does (declare/source.py). Every process of the run holds the
second one until it ends, so that its end of file is the end of the last of them.
Orders come in on stdin and answers go out on stdout, one JSON value a line.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import sys
import time
from collections import deque

import msgspec

from exitmatrix.machine.run.kernel import pidfd, shared_memory
from exitmatrix.machine.run.kernel.dispositions import RESETTABLE
from exitmatrix.machine.run.kernel.marks import marking
from exitmatrix.machine.run.kernel.prctl import become_subreaper, end_with_parent
from exitmatrix.machine.run.kernel.proc import descendants_of
from exitmatrix.machine.run.kernel.wait_status import describe_status
from exitmatrix.machine.run.messages import Hello
from exitmatrix.machine.run.reaper import end_with_memory
from exitmatrix.model.bare import BareRun

TOLD = 3
KEPT_FREE = 10  # descriptors below are the programs'
READ_SIZE = 1 << 16
MOST_OUTPUT = 1 << 20  # bytes of one run; one that never ends may write for ever


class ProgramRequest(msgspec.Struct, frozen=True):
    """A program to run once on each of some Pythons, and how long it may take there."""

    number: int
    source: str
    pythons: tuple[str, ...]  # paths
    seconds: float


class ProgramResult(msgspec.Struct, tag="runs", frozen=True):
    """The runs of one program, in the order of the Pythons."""

    number: int
    runs: tuple[BareRun, ...]


class _Order:
    def __init__(self, request: ProgramRequest, path: str) -> None:
        self.request = request
        self.path = path
        self.next = 0
        self.runs: list[BareRun | None] = [None] * len(request.pythons)
        with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - measured: for each program
            file.write(request.source)


class _Running:
    def __init__(self, order: _Order, index: int, pid: int, pipes: dict[int, bytearray]) -> None:
        self.order = order
        self.index = index
        self.pid = pid
        self.pipes = pipes  # those that are open
        self.events, self.stdout = pipes.values()
        self.deadline = time.monotonic() + order.request.seconds
        self.unseen = ""  # why, of one that was ended


class BareEngine:
    """Runs programs; `serve` returns when no more orders come and all are done.

    It also returns, with runs under way, when the lifeline closes: nobody wants them any
    more, and the guardian ends what an engine leaves.
    """

    def __init__(self, folder: str, jobs: int, lifeline: int) -> None:
        self.folder = folder
        self.jobs = jobs
        self.lifeline = lifeline
        self.selector = selectors.DefaultSelector()
        self.orders: deque[_Order] = deque()
        self.running: dict[int, _Running] = {}  # by pid
        self.by_pipe: dict[int, _Running] = {}
        self.memory = shared_memory.listed()  # what is called so was there before
        self.null = os.open(os.devnull, os.O_RDWR)
        while os.dup(self.null) < KEPT_FREE:
            pass
        self.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": folder,
            "TMPDIR": folder,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TOLD": str(TOLD),
        }

    def serve(self) -> None:
        """Take orders from stdin, and answer each."""
        _send(Hello())
        self.selector.register(0, selectors.EVENT_READ)
        self.selector.register(self.lifeline, selectors.EVENT_READ)
        rest, open_ = b"", True
        while open_ or self.orders or self.running:
            while self.orders and len(self.running) < self.jobs:
                self._start()
            for key, _ in self.selector.select(self._patience()):
                if key.fd == self.lifeline:
                    return
                if key.fd != 0:
                    self._read(key.fd)
                    continue
                block = os.read(0, READ_SIZE)
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    self._take(line)
                if not block:
                    self.selector.unregister(0)
                    open_ = False
            self._end_late_ones()

    def _take(self, line: bytes) -> None:
        request = msgspec.json.decode(line, type=ProgramRequest)
        self.orders.append(_Order(request, f"{self.folder}/program-{request.number}.py"))

    def _patience(self) -> float | None:
        if not self.running:
            return None
        soonest = min(one.deadline for one in self.running.values())
        return max(0.0, soonest - time.monotonic())

    def _start(self) -> None:
        order = self.orders[0]
        index, order.next = order.next, order.next + 1
        if order.next == len(order.request.pythons):
            self.orders.popleft()
        events, events_end = os.pipe()
        stdout, stdout_end = os.pipe()
        try:
            pid = self._spawn(order.request.pythons[index], order.path, stdout_end, events_end)
        except OSError as error:
            os.close(events)
            os.close(stdout)
            why = f"it was not started: {error.strerror}"
            self._answer(order, index, BareRun(status="", events=(), stdout="", unseen=why))
            return
        finally:
            os.close(events_end)
            os.close(stdout_end)
        run = _Running(order, index, pid, {events: bytearray(), stdout: bytearray()})
        self.running[pid] = run
        for pipe in (events, stdout):
            self.by_pipe[pipe] = run
            self.selector.register(pipe, selectors.EVENT_READ)

    def _spawn(self, python: str, path: str, stdout: int, events: int) -> int:
        return os.posix_spawn(
            python,
            # -S: what lies in a machine's site-packages may register handlers of its own.
            [python, "-S", path],
            self.environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, self.null, 0),
                (os.POSIX_SPAWN_DUP2, stdout, 1),
                (os.POSIX_SPAWN_DUP2, self.null, 2),
                (os.POSIX_SPAWN_DUP2, events, TOLD),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=RESETTABLE,
        )

    def _read(self, pipe: int) -> None:
        run = self.by_pipe[pipe]
        block = os.read(pipe, READ_SIZE)
        run.pipes[pipe] += block
        if len(run.pipes[pipe]) > MOST_OUTPUT:
            self._end(run, f"it wrote more than {MOST_OUTPUT >> 20} MiB")
        if not block:
            self.selector.unregister(pipe)
            os.close(pipe)
            del self.by_pipe[pipe], run.pipes[pipe]
            if not run.pipes:
                self._finish(run)

    def _end_late_ones(self) -> None:
        now = time.monotonic()
        for run in self.running.values():
            if run.deadline < now:
                run.deadline = now + run.order.request.seconds
                self._end(run, f"it did not end within {run.order.request.seconds:g} s")

    def _end(self, run: _Running, why: str) -> None:
        """End all of a run, with what they have made of shared memory: its tracker goes too."""
        run.unseen = run.unseen or why
        held = [one for one in map(_held, descendants_of(os.getpid())) if one]
        end_with_memory([one for one in held if _session_of(one.pid) == run.pid], self.memory)
        for one in held:
            one.close()

    def _finish(self, run: _Running) -> None:
        """All its processes have closed their descriptors: they are zombies at the next instant."""
        del self.running[run.pid]
        events = run.events.decode("ascii", "replace").splitlines()
        status = _reap(run.pid)
        assert status is not None
        orphans = tuple(
            (pid, describe_status(end))
            for pid in map(_started, events)
            if pid and pid != run.pid and (end := _reap(pid)) is not None
        )
        _reap_helpers(run.pid)
        shown = BareRun(
            status=describe_status(status),
            events=tuple(_described(line) for line in events),
            stdout=run.stdout.decode("ascii", "replace"),
            unseen=run.unseen,
            orphans=orphans,
        )
        self._answer(run.order, run.index, shown)

    def _answer(self, order: _Order, index: int, shown: BareRun) -> None:
        order.runs[index] = shown
        runs = tuple(one for one in order.runs if one)
        if len(runs) == len(order.runs):
            os.unlink(order.path)  # noqa: PTH108
            _send(ProgramResult(order.request.number, runs))


def _started(line: str) -> int:
    """The pid that a line like "0.1 started 4711" tells; 0 in any other."""
    words = line.split()
    return int(words[2]) if words[1:2] == ["started"] else 0


def _described(line: str) -> str:
    """Wait statuses in words: the numbers of signals belong to this machine."""
    words = line.split()
    if words[1:2] == ["exit"]:
        return f"{words[0]} exit {describe_status(int(words[2]))}"
    return line


def _held(pid: int) -> pidfd.WatchedProcess | None:
    """A process, held by a descriptor; None where it is gone."""
    try:
        return pidfd.watch(pid)
    except ProcessLookupError:
        return None


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _reap(pid: int) -> int | None:
    """The wait status of a child of this process; None for what is none, or was waited for."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return None


def _reap_helpers(group: int) -> None:
    """Take notice of the end of those that tell nothing: fork servers and trackers."""
    while _reap(-group) is not None:
        pass


def _send(message: Hello | ProgramResult) -> None:
    data = msgspec.json.encode(message) + b"\n"
    with contextlib.suppress(BrokenPipeError):  # it wants no more: the guardian is about to end us
        while data:
            data = data[os.write(1, data) :]


def main(folder: str, jobs: str, first_mark: str, guardian: str, lifeline: str) -> None:
    """Run one engine; the guardian ends what it leaves."""
    become_subreaper()
    end_with_parent(signal.SIGKILL)
    if os.getppid() != int(guardian):
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o022)
    os.chdir(folder)
    os.set_inheritable(int(lifeline), False)
    with marking(int(first_mark)):  # so that runs are known whose engine and guardian are gone
        BareEngine(folder, int(jobs), int(lifeline)).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
