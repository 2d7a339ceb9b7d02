"""Laws about bare runs: each process is seen with its end, and nothing is left of any."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from exitmatrix.declare.source import line, source
from exitmatrix.declare.starts import FILE, STARTS_BY_ID, TEXT
from exitmatrix.judge.profile import profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.programs import compare_run
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.run.kernel import shared_memory
from exitmatrix.model import Interpreter
from exitmatrix.model.bare import BareRun
from exitmatrix.model.execution import Execution, Exit, Line, Seen
from exitmatrix.model.language import (
    AwaitJoin,
    AwaitProcess,
    Call,
    Clear,
    Code,
    Finalize,
    Fork,
    Function,
    Handle,
    HandleInLoop,
    Hook,
    Interrupt,
    JoinProcess,
    Keep,
    Nothing,
    OsExit,
    Pause,
    PyExit,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    RunHandlers,
    RunLoop,
    Signal,
    StartInterpreter,
    StartProcess,
    StartThread,
    Statement,
    SysExit,
    TerminateProcess,
    TryFinally,
    UsePool,
    Write,
)
from exitmatrix.observe.bare import NotSeen, seen

from tests.conftest import FOUND, NEWEST

pytestmark = pytest.mark.real

Pythons = Sequence[Interpreter]
NEWEST_PYTHON = (FOUND[NEWEST].path,)
DID = (Line("A", "began"), Line("A", "ended"))


def run(
    text: str, pythons: tuple[str, ...] = NEWEST_PYTHON, seconds: float = 60.0
) -> list[BareRun]:
    """Run a file once on each Python."""
    with BareSession(seconds=seconds) as session:
        [(_, runs)] = session.run([(0, text, pythons)])
    return list(runs)


def run_on(pythons: Pythons, code: Code) -> list[tuple[Interpreter, BareRun]]:
    """Run a program once on each Python."""
    runs = run(source(code), tuple(one.path for one in pythons))
    return list(zip(pythons, runs, strict=True))


def test_each_process_is_seen_with_its_end(pythons: Pythons) -> None:
    """Handlers, exit status and signal of every process, on every Python."""
    code = Code(
        body=(
            Write("w."),
            Register("A"),
            Fork((Write("c."), Fork((OsExit(7),)), Signal("SIGKILL"))),
            SysExit(3),
        ),
    )
    expected = Seen(
        processes=(
            Execution((), DID, Exit(status=3)),
            Execution((0,), (), Exit(signal="SIGKILL")),
            Execution((0, 0), (), Exit(status=7)),
        ),
        stdout=("w.",),
    )
    for _, one in run_on(pythons, code):
        assert seen(one, {"w.", "c."}) == expected


def test_a_function_says_that_it_raised(pythons: Pythons) -> None:
    """An exception that leaves a function is told, and goes on."""
    code = Code(body=(Register("A"),), functions=(Function("A", (SysExit(4),)),))
    for _, one in run_on(pythons, code):
        assert seen(one, ()).processes[0].said == (Line("A", "began"), Line("A", "raised"))


def test_threads_wait_for_the_end_of_mains_code_and_take_turns(pythons: Pythons) -> None:
    """They begin in the order in which they were started, when main has written all."""
    code = Code(
        body=(
            StartThread((Write("a."), StartThread((), "never")), "after main"),
            StartThread((Write("b."),), "after main"),
            Write("w."),
        ),
    )
    for _, one in run_on(pythons, code):
        assert seen(one, {"w.", "a.", "b."}).stdout == ("w.", "a.", "b.")


def test_what_main_wrote_is_flushed_before_threads_that_wait_for_its_end(pythons: Pythons) -> None:
    """So what a thread does next has no effect on it; 2.7 and older PyPys flush later."""
    code = Code(body=(StartThread((OsExit(5),), "after main"), Write("w.")))
    for python, one in run_on(pythons, code):
        shown = seen(one, {"w."})
        assert shown.processes[0].exit == Exit(status=5)
        first = profile(msgspec.to_builtins(python)).code_end_flush in ("always", "of a file")
        assert shown.stdout == (("w.",) if first else ())


LEFT_BY_A_HANDLER = """
import atexit, os, sys
@atexit.register
def leave():
    os._exit(7)
sys.stdout.write("w.")
"""


STARTED = [
    (start, ends)
    for start in ("", "c", "m", "runpy")
    for ends in (Nothing(), SysExit(3), Raise("ValueError"))
]


@pytest.mark.parametrize(("start", "ends"), STARTED)
def test_every_python_flushes_stdout_before_handlers_as_foreseen(
    tmp_path: Path, start: str, ends: Statement, pythons: Pythons
) -> None:
    """However it is given the program: CPython 3 does so for one that is a file."""
    text = f"{LEFT_BY_A_HANDLER}{line(ends)}\n"
    (tmp_path / FILE).write_text(text)
    words = STARTS_BY_ID[start].words if start else (FILE,)
    code = Code(
        body=(Register("A"), Write("w."), ends),
        functions=(Function("A", (OsExit(7),)),),
        start=start,
    )
    for python in pythons:
        if start == "runpy" and python.version.startswith("2."):
            continue  # which sets the globals of what has been run to None
        done = subprocess.run(
            [python.path, *(text if one == TEXT else one for one in words)],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        (expected,) = predict_program(code, profile(msgspec.to_builtins(python))).seen
        assert done.returncode == 7
        assert done.stdout == "".join(expected.stdout), python.id


def test_an_orphans_end_is_seen() -> None:
    """A process whose parent did not wait for it comes home to the engine."""
    text = (
        "import os, time\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.close(write)\n"
        "    os.write(3, ('0 started %d\\n' % os.getpid()).encode())\n"
        "    os.read(read, 1)\n"  # until the parent has ended
        "    os.kill(os.getpid(), 15)\n"
        "os._exit(0)\n"
    )
    [one] = run(text)
    assert [process.exit for process in seen(one, ()).processes] == [Exit(), Exit(signal="SIGTERM")]


def test_nothing_of_the_caller_reaches_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its variables nor ignored signals; no descriptor but four."""
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("SECRET", "1")
    text = (
        "import os, signal\n"
        "told = [sorted(os.environ), [n for n in range(1, 32)"
        " if n not in (9, 19) and signal.getsignal(n) == signal.SIG_IGN],"
        " sorted(int(n) for n in os.listdir('/proc/self/fd'))[:5], os.getsid(0) == os.getpid()]\n"
        "os.write(3, ('- ended %r\\n' % (told,)).encode())\n"
    )
    [one] = run(text)
    names = ["HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR", "TOLD"]
    ignored = [13, 25]  # by Python itself: SIGPIPE and SIGXFSZ
    assert one.events[0].startswith(f"- ended [{names}, {ignored}, [0, 1, 2, 3, ")
    assert one.events[0].endswith("True]")


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "import os, signal\nif os.fork():\n    os.wait()\nsignal.pause()",
        "import os\nwhile True: os.write(3, b'- A began\\n')",
        "import sys\nwhile True: sys.stdout.write('w.')",
    ],
    ids=["loops", "waits", "tells", "writes"],
)
def test_what_does_not_end_shows_nothing_and_is_ended(text: str) -> None:
    """A run that had to be killed has no outcome, whatever it reported before."""
    events = "import os\nos.write(3, ('- started %d\\n' % os.getpid()).encode())\n"
    [one] = run(events + text, seconds=2.0)
    with pytest.raises(NotSeen, match=r"did not end within 2 s|more than 1 MiB"):
        seen(one, {"w."})
    pid = one.events[0].split()[2]
    assert not Path(f"/proc/{pid}").exists()


MADE = """
import multiprocessing, os, time
made = multiprocessing.get_context("spawn").Lock()
os.write(3, b"0.1 name " + made._semlock.name.encode() + b"\\n")
time.sleep(600)
"""


def test_what_does_not_end_leaves_no_named_semaphore() -> None:
    """The tracker that would remove it is ended too."""
    before = shared_memory.listed()
    [one] = run(MADE, seconds=2.0)
    [name] = [line.split()[2] for line in one.events if " name " in line]
    assert one.unseen
    assert f"sem.{name.removeprefix('/')}" not in shared_memory.listed()
    assert f"sem.{name.removeprefix('/')}" not in before


def test_a_process_whose_end_nobody_saw_makes_a_run_unseen() -> None:
    """A process reaped by one that does not report it has no known end."""
    text = (
        "import os\n"
        "if os.fork() == 0:\n"
        "    os.write(3, ('0 started %d\\n' % os.getpid()).encode())\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    [one] = run(text)
    with pytest.raises(NotSeen, match="nobody saw the end of 0"):
        seen(one, ())


def test_what_nobody_wrote_is_not_read_over() -> None:
    """Stdout that is not made of the program's texts is no outcome."""
    with pytest.raises(NotSeen, match="stdout"):
        seen(BareRun(status="code 0", events=(), stdout="w.x"), {"w."})


def test_a_python_that_is_gone_is_told() -> None:
    """The other runs go on."""
    [gone, here] = run("import os\nos._exit(3)", ("/no/such/python", *NEWEST_PYTHON))
    assert here.status == "code 3"
    with pytest.raises(NotSeen, match="not started: No such file"):
        seen(gone, ())


def test_many_programs_come_back_each_with_its_own_runs() -> None:
    """More programs than pipes hold, on two Pythons: none is lost, none is mistaken."""
    filler = "#" * 3000 + "\n"
    two = tuple(one.path for one in FOUND.values())[:2]
    programs = [
        (number, f"{filler}import os\nos._exit({number % 256})\n", two) for number in range(150)
    ]
    with BareSession(jobs=4) as session:
        answers = dict(session.run(programs))
    assert {number: {run.status for run in runs} for number, runs in answers.items()} == {
        number: {f"code {number % 256}"} for number in range(150)
    }


def test_whoever_stops_early_leaves_nothing() -> None:
    """Leaving the context ends programs that run."""
    text = "import os, signal\nos.write(3, ('- started %d\\n' % os.getpid()).encode())\n"
    before = children(os.getpid())
    programs = [(0, text, NEWEST_PYTHON), (1, text + "signal.pause()\n", NEWEST_PYTHON * 3)]
    with BareSession(jobs=2) as session:
        next(session.run(programs))
        below = [pid for pid in children(os.getpid()) if pid not in before]
        assert below
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]


def test_a_program_that_kills_the_engine_is_named_and_the_others_go_on() -> None:
    """The engine is its parent; the next one runs what was under way, each program alone."""
    text = "import os, signal\nos.write(3, ('- started %d\\n' % os.getpid()).encode())\n"
    kill = text + "os.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()\n"
    programs = [(number, kill if number == 3 else text, NEWEST_PYTHON) for number in range(9)]
    with BareSession(jobs=2) as session:
        answers = dict(session.run(programs))
    why = "the harness was lost while it ran: its engine was ended by SIGKILL"
    assert [(one.status, one.unseen) for one in answers.pop(3)] == [("", why)]
    assert {run.status for runs in answers.values() for run in runs} == {"code 0"}
    assert len(answers) == 8


def children(pid: int) -> list[int]:
    """All processes below one."""
    own = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return own + [below for one in own for below in children(one)]


FIRST_END = """
import os, threading, time

def loaded():
    with open("/proc/self/maps") as maps:
        return "libgcc_s" in maps.read()

before = loaded()
thread = threading.Thread(target=lambda: None)
thread.start()
thread.join()
while len(os.listdir("/proc/self/task")) > 1:
    time.sleep(0.001)
print("%s %s" % (before, loaded()))
"""


@pytest.mark.parametrize("id", FOUND)
def test_what_the_first_thread_that_ends_loads(id: str) -> None:
    """The laws' parameter `thread_end_loads`. A fork at that moment is too rare to wait for."""
    events = subprocess.run(
        [FOUND[id].path, "-c", FIRST_END], check=True, capture_output=True, text=True
    )
    before, after = events.stdout.split()
    loads = profile(msgspec.to_builtins(FOUND[id])).thread_end_loads
    assert (before != after) == loads


LEAVES = Function("L", (SysExit(4),))
FAILS = Function("E", (Raise("ValueError"),))
MAKES = Function("M", (Finalize("B"),))
PASSES = Function("G", (Raise("GeneratorExit"),))  # no subclass of Exception
PROMISES: tuple[tuple[Statement, ...], ...] = (
    (Register("A"), TryFinally((TryFinally((SysExit(3),), "B"),), "C")),
    (Register("A"), TryFinally((SysExit(3),), "L")),
    (Register("A"), TryFinally((Raise("KeyboardInterrupt"),), "B")),
    (Register("A"), TryFinally((Signal("SIGINT"),), "B")),
    (Register("A"), TryFinally((OsExit(3),), "B")),
    (Register("A"), TryFinally((Fork((SysExit(3),)),), "B")),
    (Register("A"), StartThread((TryFinally((SysExit(3),), "B"),))),
    (Register("A"), Finalize("B"), Register("C"), Finalize("D")),
    (Register("A"), Finalize("B"), Finalize("L")),
    (Register("A"), Finalize("B"), Finalize("E")),
    (Register("A"), Finalize("B"), Finalize("G")),
    (Register("A"), Finalize("C"), Finalize("M")),
    (Finalize("B"), RunHandlers(), Finalize("C"), Register("A")),
    (Finalize("B"), Clear(), Finalize("C"), Register("A")),
    (Finalize("B"), Fork((Finalize("C"),)), Register("A")),
)


@pytest.mark.parametrize("body", PROMISES)
def test_every_python_keeps_the_promises_that_the_laws_foresee(
    body: tuple[Statement, ...], pythons: Pythons
) -> None:
    """Of `finally` clauses and finalizers, in the cases that the laws tell apart."""
    code = Code(body=body, functions=(LEAVES, FAILS, MAKES, PASSES))
    for python, one in run_on(pythons, code):
        events = compare_run(code, profile(msgspec.to_builtins(python)), seen(one, ()))
        assert events.word == "match", python.id


WRITES = Function("H", (Write("h."), OsExit(0)))
LATE = Function("T", (RegisterThreading("B"),))
USES = Function("U", (UsePool((), "left open"),))
LISTS = (StartProcess(()), JoinProcess(), StartProcess((RegisterThreading("C"),)))
NESTS = Function("N", (Signal("SIGUSR2"), TryFinally((), "C")))
EXITS = Function("X", (Signal("SIGUSR2"), SysExit(4)))
RARE: dict[str, tuple[Statement, ...]] = {
    "a hook that ends the process": (Write("w."), Hook("sys.excepthook", "H"), Raise()),
    "a hook, then a handler that does": (
        Write("w."),
        Register("H"),
        Hook("sys.excepthook", "B"),
        Raise("KeyboardInterrupt"),
    ),
    "a hook that makes Ctrl-C forgotten": (
        Hook("sys.excepthook", "U"),
        Raise("KeyboardInterrupt"),
    ),
    "a hook that exits": (Register("A"), Hook("sys.excepthook", "L"), Raise()),
    "a hook that fails": (Hook("sys.excepthook", "E"), Raise("KeyboardInterrupt")),
    "a handler that fails, and a hook": (Hook("sys.excepthook", "B"), Register("E")),
    "a signal within the handler of one": (
        Handle("SIGUSR1", "N"),
        Handle("SIGUSR2", "B"),
        StartThread((Signal("SIGUSR1"),)),
    ),
    "a global": (Register("A"), Keep("E")),
    "a global, and a daemon": (Register("A"), Keep("B"), StartThread((), "never")),
    "a dumped signal": (
        Register("A"),
        RegisterFaulthandler("SIGTERM", chain=False),
        Signal("SIGTERM"),
    ),
    "a signal that is dumped, then passed on": (
        RegisterFaulthandler("SIGUSR2", chain=False),
        RegisterFaulthandler("SIGUSR2", chain=True),
        Signal("SIGUSR2"),
    ),
    "a signal that was taken from the dumper": (
        RegisterFaulthandler("SIGUSR2", chain=True),
        Handle("SIGUSR2", "B"),
        RegisterFaulthandler("SIGUSR2", chain=False),
        Signal("SIGUSR2"),
    ),
    "a refused signal": (Register("A"), RegisterFaulthandler("SIGSEGV", chain=True)),
    "a list of threading": (RegisterThreading("T"), Register("A")),
    "threading's list in a child of a thread that outlives main": (
        RegisterThreading("B"),
        StartThread((Fork((*LISTS, JoinProcess())), *LISTS, JoinProcess()), "after main"),
    ),
    "an interrupt": (Register("A"), Handle("SIGINT", "L"), StartThread((Interrupt(),))),
    "an interrupt of a process that a thread starts": (
        StartThread((StartProcess((Interrupt(),)), JoinProcess())),
    ),
    "a dumped Ctrl-C in a loop": (
        RegisterFaulthandler("SIGINT", chain=False),
        RunLoop(body=(Signal("SIGINT"), Call("B"), Pause())),
    ),
    "a dumped Ctrl-C behind a loop": (
        RunLoop(body=(RegisterFaulthandler("SIGINT", chain=False),)),
        Signal("SIGINT"),
    ),
    "Ctrl-C in the loop after one that handled it": (
        RunLoop(body=(HandleInLoop("SIGINT", "B"),)),
        RunLoop(body=(Signal("SIGINT"), Call("C"), Pause())),
    ),
    "a loop of a thread, which handles no signals": (
        StartThread((RunLoop(body=(HandleInLoop("SIGUSR1", "B"), Register("A"))),)),
    ),
    "a second interpreter and a pool that rests": (
        Register("U"),
        StartInterpreter(("X",)),
    ),
    "a signal that dumps core": (
        Register("A"),
        StartThread((Signal("SIGABRT"), TryFinally((), "B"), TryFinally((), "C"))),
    ),
    "Py_Exit": (Register("A"), Write("w."), TryFinally((PyExit(3),), "B")),
}


REST = (AwaitJoin(), Register("C"))
PROCESSES: dict[str, tuple[Statement, ...]] = {
    "by each method": (
        *(StartProcess((Register("B"), Write("w.")), "fork"), JoinProcess()),
        Register("A"),
        *(StartProcess((Register("B"), SysExit(None)), "spawn"), JoinProcess()),
    ),
    "by a server": (
        Register("A"),
        *(StartProcess((Register("B"), SysExit(3)), "forkserver"), JoinProcess()),
    ),
    "that rest": (
        *(StartProcess((*REST, Raise()), "fork"), AwaitProcess(), JoinProcess()),
        *(StartProcess(REST, "fork"), AwaitProcess(), TerminateProcess(), JoinProcess()),
        *(StartProcess(REST, "fork", daemon=True), AwaitProcess()),
        Fork((Register("A"),)),
    ),
    "of processes": (
        StartProcess((StartProcess(REST, daemon=True), AwaitProcess(), Raise())),
        JoinProcess(),
        StartProcess((StartProcess(()),), daemon=True),
        JoinProcess(),
    ),
    "of an orphan": (StartProcess(REST), AwaitProcess(), OsExit(3)),
    "that a handler starts": (Register("P"), Raise("KeyboardInterrupt")),
    "that threading's list starts": (RegisterThreading("P"),),
}
STARTS = Function("P", (StartProcess((), daemon=True), JoinProcess()))


@pytest.mark.parametrize("what", PROCESSES)
def test_every_python_starts_the_processes_that_the_laws_foresee(
    what: str, pythons: Pythons
) -> None:
    """Of multiprocessing: how they begin, who waits for them, and how they end."""
    code = Code(body=PROCESSES[what], functions=(STARTS,))
    for python, one in run_on(pythons, code):
        events = compare_run(code, profile(msgspec.to_builtins(python)), seen(one, {"w."}))
        assert events.word == ("withheld" if _is_hidden(what, python) else "match"), python.id


def _is_hidden(what: str, python: Interpreter) -> bool:
    """Whether a Python hides how a process ends: 3.6's fork server tells another status."""
    return what == "by a server" and python.version.startswith("3.6.")


WAITS_IN_A_HANDLER = """
import os, signal, sys, threading, time
lock = threading.Lock()
lock.acquire()

def told(word):
    sys.stdout.write(word)
    sys.stdout.flush()
    os._exit(0)

def send():
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        time.sleep(0.3)
        os.kill(os.getpid(), number)
    time.sleep(2)
    told("deaf")

signal.signal(signal.SIGUSR1, lambda *_: lock.acquire())
signal.signal(signal.SIGUSR2, lambda *_: told("interrupted"))
sender = threading.Thread(target=send)
sender.daemon = True
sender.start()
time.sleep(10)
"""


def test_every_python_waits_for_a_lock_in_a_signals_handler_as_foreseen(pythons: Pythons) -> None:
    """A second signal is handled meanwhile on CPython 3, and on some releases of PyPy."""
    shown = run(WAITS_IN_A_HANDLER, tuple(one.path for one in pythons))
    for python, one in zip(pythons, shown, strict=True):
        assert one.stdout == profile(msgspec.to_builtins(python)).wait_in_handler, python.id


def test_nothing_is_left_of_a_fork_server() -> None:
    """It leaves no zombie: it reports nothing itself, so its group is waited for."""
    code = Code(body=(StartProcess((), "forkserver"), JoinProcess()))
    with BareSession() as session:
        [(_, (one,))] = session.run([(0, source(code), NEWEST_PYTHON)])
        below = children(os.getpid())
        states = [
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in below
        ]
    assert one.status == "code 0"
    assert "Z" not in states


@pytest.mark.parametrize("what", RARE)
def test_every_python_does_what_the_laws_foresee(what: str, pythons: Pythons) -> None:
    """Of statements that few programs have: hooks, globals, limits, signals below Python."""
    code = Code(body=RARE[what], functions=(LEAVES, FAILS, WRITES, LATE, NESTS, USES))
    for python, one in run_on(pythons, code):
        events = compare_run(code, profile(msgspec.to_builtins(python)), seen(one, {"w.", "h."}))
        assert events.word == "match", python.id


@pytest.mark.parametrize("first", [(), (StartThread(()),)], ids=["", "threading"])
@pytest.mark.parametrize("second", ["L", "E", "B"])
def test_every_python_handles_a_signal_as_foreseen_that_waits_for_a_handler_that_exits(
    first: tuple[Statement, ...], second: str, pythons: Pythons
) -> None:
    """Withheld on 2.7, whose atexit it may interrupt; PyPy 8 forgets it."""
    signals = Handle("SIGUSR1", "X"), Handle("SIGUSR2", second), Signal("SIGUSR1")
    code = Code(
        body=(*first, Register("A"), Register("C"), *signals), functions=(LEAVES, FAILS, EXITS)
    )
    for python, word in _words(pythons, code).items():
        assert word == ("withheld" if _interrupts_atexit(python) else "match"), python


FLUSHED = [
    (first, within, second)
    for first in ((), (StartThread(()),))
    for within in (False, True)
    for second in "LEB"
]


@pytest.mark.parametrize(("first", "within", "second"), FLUSHED)
def test_every_python_handles_a_waiting_signal_as_foreseen_when_stdout_is_flushed(
    first: tuple[Statement, ...], within: bool, second: str, pythons: Pythons
) -> None:
    """If something is in its buffer: PyPy 8 then asks for signals, too.

    Withheld there if the handler exits, and on 2.7, whose atexit it may interrupt.
    """
    last = TryFinally((Signal("SIGUSR1"),), "A") if within else Signal("SIGUSR1")
    handlers = Handle("SIGUSR1", "X"), Handle("SIGUSR2", second)
    body = (*first, Write("w."), Register("C"), *handlers, last)
    for python, word in _words(pythons, Code(body=body, functions=(LEAVES, FAILS, EXITS))).items():
        forgets = profile(msgspec.to_builtins(FOUND[python])).nests_signal_handlers == "never"
        withheld = (_interrupts_atexit(python) and not within) or (forgets and second == "L")
        assert word == ("withheld" if withheld else "match"), python


def _words(pythons: Pythons, code: Code) -> dict[str, str]:
    """What each Python shows of a program, compared with what is foreseen."""
    return {
        python.id: compare_run(code, profile(msgspec.to_builtins(python)), seen(one, ("w.",))).word
        for python, one in run_on(pythons, code)
    }


def _interrupts_atexit(id: str) -> bool:
    """Whether signals that wait for a handler interrupt atexit, where that is Python code."""
    about = profile(msgspec.to_builtins(FOUND[id]))
    return about.nests_signal_handlers == "in calls" and about.handler_list == "popped"
