"""Observed programs that misbehave: each trial ends, says what it was, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
from exitmatrix.declare.stacks import STACKS
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.session import Session
from exitmatrix.model import Outcome, Trial, TrialSpec, Unknown
from exitmatrix.observe import observe
from msgspec.structs import replace

from tests.conftest import LOADED, make_order, own_scenario
from tests.faults.ground import Ground
from tests.faults.tally import Fault, Skip, Tally

LIMIT = 20.0  # seconds: longer than QUIET_IN_HANDLER, for which a handler is waited for
ROOM = 48 << 20  # bytes by which the engine may have grown
MEMORY = 256 << 20  # bytes that a program may have before it is ended

HANDLERS = """
import atexit, os, signal, sys, time
import endings

@atexit.register
def A():
    print("A")
"""
READY = """
print("ready")
sys.stdout.flush()
endings.end_here()
"""

Shown = Outcome | Unknown
Expected = Callable[[Shown, Trial], bool]


def unknown(*words: str) -> Expected:
    """The trial says that it cannot say, and why."""
    return lambda shown, _: isinstance(shown, Unknown) and any(w in shown.reason for w in words)


def ended(fired: tuple[str, ...] | None, **how: object) -> Expected:
    """The program's process ended so, after so many handlers; nothing survived."""

    def check(shown: Shown, _: Trial) -> bool:
        if isinstance(shown, Unknown):
            return False
        main = shown.processes[0]
        return (main.fired, main.exit, shown.survivors) == (fired, how, ())

    return check


def survived(unfinished: tuple[str, ...] = ()) -> Expected:
    """The program's process was alive when the trial closed."""

    def check(shown: Shown, _: Trial) -> bool:
        if isinstance(shown, Unknown):
            return False
        main = shown.processes[0]
        return (main.exit, main.unfinished, shown.survivors) == (None, unfinished, ("main",))

    return check


@dataclass(frozen=True)
class Program:
    """A program, how it is ended, and what it must be recorded as."""

    name: str
    text: str
    termination: str
    expected: Expected
    header: dict[str, object] = field(default_factory=dict)
    brief: bool = False


def plain(text: str, then: str = READY) -> str:
    """A program with one handler that does something on its way."""
    return HANDLERS + text + then


FLEES = """
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    os.setpgid(0, 0) if os.getpgrp() != os.getpid() else None
    if os.fork() == 0:
        os.setsid()
        os.chdir("/")
        os.dup2(write, 9)
        os.closerange(0, 9)
        os.execve(sys.executable, ["python", "-I", "-c",
            "import os, signal, time; os.close(9);"
            "[signal.signal(s, signal.SIG_IGN) for s in (1, 2, 3, 15)]; time.sleep(600)"], {})
    os._exit(0)
os.close(write)
os.wait()
os.read(read, 1)
"""
IGNORES = """
for number in set(signal.valid_signals()) - {9, 19}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
"""
FORKS = """
read, write = os.pipe()
for _ in range(200):
    if os.fork() == 0:
        os.close(write)
        os.read(read, 1) if %r == "told" else time.sleep(600)
        %s
os.close(read)
"""
FLOODS = """
block = b"x" * (1 << 16)
for _ in range(%d):
    os.write(1, block)
    os.write(2, block)
"""
BINARY = """
channel = os.open(os.environ["EXITMATRIX_CHANNEL"], os.O_WRONLY)
for _ in range(200):
    os.write(channel, os.urandom(3000))
"""
FORGED = """
channel = os.open(os.environ["EXITMATRIX_CHANNEL"], os.O_WRONLY)
for number in range(1, 40000):
    os.write(channel, b"0123456789abcdef\\tprobe\\t%d\\t%d\\tbegan\\t1\\n" % (os.getpid(), number))
"""
FORGED_FOR_OTHERS = """
channel = os.open(os.environ["EXITMATRIX_CHANNEL"], os.O_WRONLY)
token = os.environ["EXITMATRIX_TOKEN"].encode()
for pid in (1, os.getppid(), os.getppid()):  # the engine, which must not end itself
    os.write(channel, b"%s\\tprobe\\t%d\\t1\\tbegan\\t1\\n" % (token, pid))
"""
NO_DESCRIPTOR = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
kept = []
try:
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
"""
NO_FOLDER = """
import shutil
shutil.rmtree(os.getcwd())
"""
NO_CHANNEL = """
import shutil
shutil.rmtree(os.path.dirname(os.environ["EXITMATRIX_CHANNEL"]))
"""
CLOSED_FOLDER = """
os.makedirs("deep/er")
open("deep/er/file", "w").close()
os.chmod("deep/er", 0)
os.chmod("deep", 0)
"""
EATS = """
eaten = []
while True:
    eaten.append(bytearray(1 << 22))
"""
LIMITED = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
"""
GROUPED = """
with open(os.path.join(%r, "cgroup.procs"), "w") as procs:
    procs.write(str(os.getpid()))
"""
IN_HANDLER = """
import atexit, os, sys, time
import endings

@atexit.register
def A():
    time.sleep(600)
"""


MANY = unknown(
    "more processes than declared",
    # Those that outlive their parent cannot name it any more.
    *("forked by one that is not known", "never registered"),
)

PROGRAMS = (
    Program("ignores every signal, is sent SIGTERM", plain(IGNORES), "SIGTERM", survived()),
    Program(
        "ignores every signal, is sent SIGKILL",
        plain(IGNORES),
        "SIGKILL",
        ended((), signal="SIGKILL"),
    ),
    Program("never becomes ready", plain("time.sleep(600)"), "SIGTERM", unknown("waiting (ready)")),
    Program("sleeps for ever in a handler", IN_HANDLER + READY, "return", survived(("A",))),
    Program(
        "stops itself",
        plain("os.kill(os.getpid(), signal.SIGSTOP)"),
        "return",
        unknown("a process is stopped"),
        brief=True,
    ),
    Program(
        "leaves its session, its environment and its descriptors",
        plain(FLEES),
        "return",
        ended(("A",), code=0),
        brief=True,
    ),
    Program("does so before it is killed", plain(FLEES), "SIGKILL", ended((), signal="SIGKILL")),
    Program(
        "forks two hundred children that sleep",
        plain(FORKS % ("", "pass")),
        "return",
        MANY,
        brief=True,
    ),
    Program(
        "forks two hundred children that come to their exit",
        plain(FORKS % ("told", "sys.exit()")),
        "return",
        MANY,
    ),
    Program(
        "writes a gigabyte to stdout and to stderr",
        plain(FLOODS % (1 << 14)),
        "return",
        ended(("A",), code=0),
    ),
    Program(
        "writes for ever",
        plain("while True: os.write(1, b'x' * 65536)"),
        "return",
        unknown("time limit"),
        brief=True,
    ),
    Program(
        "writes bytes that are no text to the event channel",
        plain(BINARY),
        "return",
        unknown("no event of this trial"),
    ),
    Program(
        "writes forged events to the event channel",
        plain(FORGED),
        "return",
        unknown("no event of this trial"),
    ),
    Program(
        "tells of processes that are not its own",
        plain(FORGED_FOR_OTHERS),
        "return",
        unknown("no event of this trial"),
    ),
    Program("deletes its working folder", plain(NO_FOLDER), "return", ended(("A",), code=0)),
    Program(
        "deletes the event channel",
        plain(NO_CHANNEL),
        "return",
        unknown("channel was removed"),
        brief=True,
    ),
    Program("closes folders to everybody", plain(CLOSED_FOLDER), "return", ended(("A",), code=0)),
    Program(
        "exhausts its descriptors",
        plain(NO_DESCRIPTOR),
        "return",
        ended(("A",), code=0),
        brief=True,
    ),
    Program(
        "allocates until RLIMIT_AS",
        plain(LIMITED + EATS),
        "return",
        unknown("never reached the termination"),
    ),
)
INNOCENT = ("return", "SIGTERM", "sys-exit-3")


def misbehave(program: Program, ground: Ground, tally: Tally, times: int) -> None:
    """Run a program beside innocent ones, and look at all of them."""
    environment = ground.prepare(next(one for one in STACKS if one.name == "none"))["none"]
    with tempfile.TemporaryDirectory(dir=ground.folder) as folder, session(ground) as running:
        scenario = own_scenario(Path(folder), program.text, **program.header)
        bad = replace(make_order(environment, scenario, program.termination), limit=LIMIT)
        good = [make_order(environment, LOADED["plain"], id) for id in INNOCENT]
        run(running, good)  # what the engine takes for itself
        (engine,) = [one for one in psutil.Process().children(recursive=True) if is_engine(one)]
        before = engine.memory_info().rss
        for _ in range(times):
            begun = time.monotonic()
            trials = run(running, [bad, *good])
            seconds = time.monotonic() - begun
            wrong = judged(program, bad, good, trials)
            if seconds > LIMIT + 5:
                wrong.append(f"it took {seconds:.0f} s")
            if (grown := engine.memory_info().rss - before) > ROOM:
                wrong.append(f"the engine grew by {grown >> 20} MiB")
            tally.add(wrong, still_there(engine))
    tally.notes += ground.left()


@contextlib.contextmanager
def session(ground: Ground) -> Iterator[Session]:
    """A running engine, with its folder in a place of its own."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(ground.temporary)
    try:
        with Session(2) as running:
            yield running
            running.finish()
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def run(running: Session, orders: list[TrialSpec]) -> dict[str, tuple[TrialSpec, Trial]]:
    """The trials of some orders, by cell."""
    for order in orders:
        running.submit(order)
    return {order.cell: (order, trial) for order, trial in (running.take() for _ in orders)}


def judged(
    program: Program,
    bad: TrialSpec,
    good: list[TrialSpec],
    trials: dict[str, tuple[TrialSpec, Trial]],
) -> list[str]:
    """What was recorded for something else than it was."""
    wrong = []
    _, trial = trials[bad.cell]
    shown = observe(trial, bad.scenario, bad.termination)
    if not program.expected(shown, trial):
        wrong.append(f"recorded as {str(shown)[:300]}")
    for order in good:
        _, trial = trials[order.cell]
        beside = observe(trial, order.scenario, order.termination)
        if isinstance(beside, Unknown):
            wrong.append(f"an innocent trial beside it: {beside.reason}")
    return wrong


def is_engine(process: psutil.Process) -> bool:
    """Whether a process is the engine."""
    with contextlib.suppress(psutil.Error):
        return "exitmatrix.machine.run.engine" in process.cmdline()
    return False


def still_there(engine: psutil.Process) -> list[str]:
    """What trials that are over have left while the run goes on."""
    folder = Path(engine.cmdline()[4])
    limit = time.monotonic() + 2
    while True:
        found = [str(proc.command_line(pid)) for pid in proc.descendants_of(engine.pid)]
        found += [one.name for one in folder.iterdir() if one.name != "guarded"]
        if not found or time.monotonic() > limit:
            return found
        time.sleep(0.02)


# ------------------------------------------------------------- a control group


def memory_group() -> Path:
    """A new control group with little memory. Raises Skip."""
    places = {
        "/sys/fs/cgroup/memory": {"memory.limit_in_bytes": MEMORY},
        "/sys/fs/cgroup": {"memory.max": MEMORY, "memory.swap.max": 0},
    }
    for place, limits in places.items():
        group = Path(place) / f"exitmatrix-faults-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for name, value in limits.items():
                (group / name).write_text(str(value))
        except OSError:
            group.rmdir()
            continue
        return group
    raise Skip("no control group can be made here; RLIMIT_AS is tried above")


def outgrow_group(ground: Ground, tally: Tally, times: int) -> None:
    """The kernel ends a program that needs more than its control group may have."""
    group = memory_group()
    try:
        program = Program(
            tally.fault,
            plain(GROUPED % str(group) + EATS),
            "return",
            unknown("never reached the termination"),
        )
        misbehave(program, ground, tally, times)
    finally:
        for _ in range(100):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.02)


FAULTS = (
    *(
        Fault(f"a program {one.name}", partial(misbehave, one), 2, 1 if one.brief else 0)
        for one in PROGRAMS
    ),
    Fault("a program allocates until its control group ends it", outgrow_group, 2, 1),
)
