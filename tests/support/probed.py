"""Real programs with and without the probe, and what they tell, read as the protocol says.

Without the harness's own way of running (harness/exitmatrix/inside/probe/PROTOCOL.md).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import exitmatrix
import pytest
from exitmatrix.machine import interpreters
from exitmatrix.machine.run.kernel import proc
from exitmatrix.model import Interpreter, Scenario
from exitmatrix.model.language import PutUnread
from exitmatrix.report.reproducer.program import holds_stdout
from packaging.specifiers import SpecifierSet

from tests.support.committed import scenarios
from tests.support.part import WHOLE

PACKAGE = Path(exitmatrix.__file__).parent / "inside"
PROBE = PACKAGE / "probe"
ENDINGS = PACKAGE / "endings"
TOKEN = "t0k3n"
F = TypeVar("F", bound=Callable[..., object])
PATIENCE = 60  # seconds after which a test gives up on a process


def waits_for_a_reader(scenario: Scenario) -> bool:
    """Whether it never ends by itself: it waits until somebody takes what it has put in a Queue."""
    return scenario.program is not None and PutUnread() in scenario.program.code.body


PYTHONS = interpreters.find().interpreters
PLAIN = tuple(
    each
    for each in scenarios().values()
    # Who reads what a thread is stuck in writing would set it free: blind runs compare those.
    if each.family == "none" and each.ready.by == "stdout" and not each.length
    if not holds_stdout(each) and not waits_for_a_reader(each)
)


def admits(scenario: Scenario, python: Interpreter) -> bool:
    if scenario.not_on_this(python):
        return False
    return SpecifierSet(scenario.requires, prereleases=True).contains(python.version)


every_python = pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python.id)

# `make blind` runs each on every Python; `make test` every other on the newest, and each on every
# so many of the others, which are other ones for the next scenario.
EVERY, EVERY_OF_LATEST = (1, 1) if WHOLE else (18, 3)
LATEST = max(
    (place for place, one in enumerate(PYTHONS) if one.implementation == "cpython"),
    key=lambda place: PYTHONS[place].language,
)


def _is_run(python: int, scenario: int) -> bool:
    return (python + scenario) % (EVERY_OF_LATEST if python == LATEST else EVERY) == 0


def every_plain_run(function: F) -> F:
    """A test of each program that needs no packages, with and without the probe."""
    parametrized = pytest.mark.parametrize(
        ("python", "scenario"),
        [
            pytest.param(python, scenario, id=f"{python.id}-{scenario.id}")
            for place, python in enumerate(PYTHONS)
            for number, scenario in enumerate(PLAIN)
            if admits(scenario, python) and _is_run(place, number)
        ],
    )
    found: F = pytest.mark.blind(parametrized(function))
    return found


@dataclass(frozen=True)
class Event:
    """One line of the channel, read as the protocol says."""

    token: str
    source: str
    pid: int
    number: int
    kind: str
    detail: tuple[str, ...]
    subinterpreter: int = 0


@dataclass(frozen=True)
class Run:
    """What a program did: its exit, its output, its lines on the channel."""

    exit: int
    stdout: bytes
    stderr: bytes
    lines: tuple[bytes, ...]

    @functools.cached_property
    def events(self) -> tuple[Event, ...]:
        return tuple(read_event(line) for line in self.lines)

    def of_kind(self, kind: str, pid: int | None = None) -> list[Event]:
        return [event for event in self.events if event.kind == kind and pid in (None, event.pid)]

    @property
    def pids(self) -> list[int]:
        """The processes that spoke, by when each first did."""
        return list(dict.fromkeys(event.pid for event in self.events))

    def names(self) -> dict[str, str]:
        """The names of the first process's handlers, by key."""
        return {event.detail[0]: event.detail[1] for event in self.of_kind("registered")}


def read_event(line: bytes) -> Event:
    assert re.fullmatch(rb"([^%\t\n]|%25|%09|%0A|\t)*", line), line
    fields = [
        field.replace(b"%0A", b"\n")
        .replace(b"%09", b"\t")
        .replace(b"%25", b"%")
        .decode("utf-8", "replace")
        for field in line.split(b"\t")
    ]
    token, source, speaker, number, kind, *detail = fields
    pid, _, subinterpreter = speaker.partition(".")
    return Event(
        token, source, int(pid), int(number), kind, tuple(detail), int(subinterpreter or 0)
    )


def environment(extra: Mapping[str, str], *, folders: Sequence[Path]) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        **extra,
    }


def run(
    python: Interpreter,
    *args: str,
    probed: bool = True,
    folders: Sequence[Path] = (),
    extra: Mapping[str, str] | None = None,
    under: Sequence[str] = (),
    cwd: str | None = None,
) -> Run:
    """Run a program to its end, and let each process that holds go on.

    Without the probe only `endings` can be imported, and there is no channel.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "channel")  # noqa: PTH118 - a text for the environment
        os.mkfifo(path)
        channel = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        ended, end = os.pipe()
        inside = [PROBE, ENDINGS, *folders] if probed else [ENDINGS, *folders]
        given = {"EXITMATRIX_ENDING": "return", **(extra or {})}
        if probed:
            given = {"EXITMATRIX_CHANNEL": path, "EXITMATRIX_TOKEN": TOKEN, **given}
        try:
            with (
                tempfile.TemporaryFile() as stdout,
                tempfile.TemporaryFile() as stderr,
                subprocess.Popen(
                    [*under, python.path, *args],
                    env=environment(given, folders=inside),
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,  # a group of its own, to be ended as a whole
                ) as process,
            ):
                waiter = threading.Thread(target=lambda: (process.wait(), os.write(end, b".")))
                waiter.start()
                try:
                    lines = listen(channel, ended, process.pid)
                except BaseException:
                    for pid in in_session(process.pid):  # one may wait at a gate for ever
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                    raise
                finally:
                    waiter.join()
                stdout.seek(0)
                stderr.seek(0)
                return Run(process.returncode, stdout.read(), stderr.read(), tuple(lines))
        finally:
            for fd in (channel, ended, end):
                os.close(fd)


def in_session(id: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for pid in proc.pids():
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) == id and not proc.has_ended(pid):
                found.append(pid)
    return found


def listen(channel: int, ended: int, session: int) -> list[bytes]:
    """The lines that arrive until everybody of the session has ended and the channel is empty.

    Some outlive the first process: a tracker of multiprocessing ends after its program, and may
    only be starting then. One that finds no channel to tell that it has started stops, and would
    stand still for ever (PROTOCOL.md). Of its end no event tells: it is nobody's child here.
    """
    lines: list[bytes] = []
    rest = b""
    over = False
    limit = 0.0
    living = [session]
    while True:
        if not over:
            readable = select.select([channel, ended], [], [], PATIENCE)[0]
            if not readable:
                pytest.fail(f"still running after {PATIENCE} s; it told {lines}")
            over, limit = ended in readable, time.monotonic() + PATIENCE
        elif living := in_session(session):
            if time.monotonic() > limit:
                pytest.fail(f"left behind: {[proc.command_line(pid) for pid in living]}")
            select.select([channel], [], [], 0.002)
        try:
            rest += os.read(channel, 1 << 16)
        except BlockingIOError:
            if not living:
                assert rest == b"", "the last line has no end"
                return lines
        *new, rest = rest.split(b"\n")
        lines += new
        for event in map(read_event, new):
            if event.kind == "holding":
                gate = os.open(event.detail[0], os.O_RDWR)
                os.write(gate, b"g")
                os.close(gate)


def scenario_run(python: Interpreter, scenario: Scenario, probed: bool) -> Run:
    return file_run(python, scenario.path, scenario.folder, probed)


@functools.cache
def file_run(python: Interpreter, path: str, folder: str, probed: bool) -> Run:
    """Run a copy, as every trial does: a program may write where it works."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = f"{scratch}/cwd"
        if folder:
            shutil.copytree(folder, copy)
        else:
            os.mkdir(copy)  # noqa: PTH102
            shutil.copyfile(path, f"{copy}/app.py")
        return run(python, "app.py", probed=probed, cwd=copy)


def told_numbers(run: Run, pid: int, subinterpreter: int = 0) -> list[int]:
    sender = (pid, subinterpreter)
    return sorted(each.number for each in run.events if (each.pid, each.subinterpreter) == sender)


ADDRESS = re.compile(rb"0x[0-9a-f]+")
CALLED = """
import gc, sys, traceback
def say(*things):
    sys.stdout.write(" ".join(map(str, things)) + "\\n")
    sys.stdout.flush()
def stop(*args, **named):
    caller = sys._getframe(1)
    say("stop", args, sorted(named), caller.f_code.co_name, caller.f_lineno)
    return 5
def fail(): raise ValueError("x")
class Thing(object): pass
thing = Thing()
"""
"""The head of a program: functions that tell who calls them, and an object that may go."""


def as_bare(python: Interpreter, mechanism: str, program: str) -> Run:
    """A program with the probe inside, which does what it does bare."""
    runs = [
        run(python, "-c", program, extra={"EXITMATRIX_MECHANISMS": mechanism}),
        run(python, "-c", program, probed=False),
    ]
    shown = [(one.exit, ADDRESS.sub(b"", one.stdout), ADDRESS.sub(b"", one.stderr)) for one in runs]
    assert shown[0] == shown[1]
    return runs[0]


def handlers_told(done: Run, kinds: Sequence[str], key: str) -> list[tuple[str, ...]]:
    """What is told, of these kinds, of handlers whose keys begin so."""
    return [
        (one.kind, *one.detail[:2])
        for one in done.events
        if one.kind in kinds and one.detail[0].startswith(key)
    ]
