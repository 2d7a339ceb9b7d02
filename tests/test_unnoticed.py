"""The probe cannot be noticed, and cannot be lost unnoticed.

Every program here is unusual on purpose. It runs bare and with the probe inside, and does the
same; and what is told of it is what it did, or the trial is unknown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.run.session import run_all
from exitmatrix.model import Interpreter, Outcome, TrialSpec, Unknown
from exitmatrix.observe import observe
from msgspec.structs import replace

from tests.support.histories import PLAIN
from tests.support.probed import ENDINGS, PROBE, PYTHONS, Run, every_python, run

pytestmark = pytest.mark.real

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give rights up")


def both(python: Interpreter, program: str, *args: str) -> tuple[Run, Run]:
    """A program with the probe inside, and bare."""
    observed, bare = (run(python, "-c", program, *args, probed=probed) for probed in (True, False))
    assert (observed.exit, observed.stdout) == (bare.exit, bare.stdout)
    return observed, bare


def ran(done: Run) -> list[tuple[str, str]]:
    """Which handlers began and ended, by name, in order."""
    names = {(one.pid, one.detail[0]): one.detail[1] for one in done.of_kind("registered")}
    inherited = {key: name for (_, key), name in names.items()}
    return [
        (one.kind, names.get((one.pid, one.detail[0]), inherited[one.detail[0]]))
        for one in done.events
        if one.kind in ("began", "ended", "raised")
    ]


def whole(*names: str) -> list[tuple[str, str]]:
    return [(kind, name) for name in names for kind in ("began", "ended")]


def observed_trial(
    python: Interpreter, program: str, tmp_path: Path, limit: float = 60.0
) -> Outcome | Unknown:
    """What one trial of the harness shows of a program that ends by itself."""
    file = tmp_path / "program.py"
    file.write_text(program)
    scenario = replace(PLAIN, path=str(file))
    order = TrialSpec(
        cell=f"{python.id}/none/plain/return@main",
        python=python.path,
        path=(str(PROBE), str(ENDINGS)),
        scenario=scenario,
        termination=TERMINATIONS["return"],
        target="main",
        limit=limit,
    )
    ((_, trial),) = run_all([order], 1)
    return observe(trial, scenario, order.termination)


# ------------------------------------------------------------------ its channel

LOSING = """
import atexit, os, sys
def say(text): os.write(1, text + b"\\n")
def A(): say(b"A")
def B(): say(b"B")
def C():
    say(b"C")
    LOSE
for handler in A, B, C: atexit.register(handler)
"""
CHANNEL = "os.environ.get('EXITMATRIX_CHANNEL', '')"
LOSSES = {
    "renamed": f"os.path.exists({CHANNEL}) and os.rename({CHANNEL}, {CHANNEL} + '.moved')",
    "setuid": "os.setuid(65534)",
    "chroot": "os.chroot('/proc/self/fdinfo'); os.chdir('/')",
    "no-descriptor": "held = [os.dup(1) for _ in range(os.sysconf('SC_OPEN_MAX') - 64)]\n"
    "    try:\n        while True: held.append(os.dup(1))\n    except OSError: pass",
}


@every_python
@pytest.mark.parametrize(
    "loss",
    [
        "renamed",
        pytest.param("setuid", marks=as_root),
        pytest.param("chroot", marks=as_root),
        "no-descriptor",
    ],
)
def test_a_program_that_loses_the_path_of_the_channel_is_heard(
    python: Interpreter, loss: str
) -> None:
    """A kept descriptor serves where the path leads nowhere, or none is free to open it."""
    observed, bare = both(python, LOSING.replace("LOSE", LOSSES[loss]))
    assert bare.stdout == b"C\nB\nA\n"
    assert ran(observed) == whole("C", "B", "A")


@every_python
@as_root
def test_a_forked_child_that_loses_the_path_is_heard(python: Interpreter) -> None:
    """A child has the kept descriptor from its parent."""
    program = LOSING.replace("    LOSE", "") + (
        "if os.fork() == 0: os.chroot('/proc/self/fdinfo')\nelse: os.wait()\n"
    )
    observed, _ = both(python, program)
    assert ran(observed) == whole("C", "B", "A") * 2


@every_python
@as_root
@pytest.mark.parametrize("loss", ["setuid", "chroot"])
def test_a_program_that_gives_up_its_rights_first_is_heard(python: Interpreter, loss: str) -> None:
    """What it registers afterwards is told as well."""
    program = LOSING.replace("LOSE", "pass")
    imports, rest = program.split("def say", 1)
    observed, bare = both(python, f"{imports}\n{LOSSES[loss]}\ndef say{rest}")
    assert bare.stdout == b"C\nB\nA\n"
    assert ran(observed) == whole("C", "B", "A")


@as_root
def test_a_program_that_loses_its_way_unseen_stands_still(tmp_path: Path) -> None:
    """Past `os`, and before it has told of a handler: then it stops, and the trial is unknown."""
    cpythons = [one for one in PYTHONS if one.implementation == "cpython"]
    python = max(cpythons, key=lambda one: one.language)  # 2.7 could not import atexit any more
    program = (
        "import ctypes, os, endings\n"
        "ctypes.CDLL(None).chroot(b'/proc/self/fdinfo')\n" + LOSING.replace("LOSE", "pass")
    )
    shown = observed_trial(python, program, tmp_path, limit=3.0)
    assert isinstance(shown, Unknown)
    assert shown.reason == "not every event could be told: a process is stopped"


LIVING = """
import os, sys, weakref
class Last(object):
    def __init__(self, module, write=os.write): self.module, self.write = module, write
    def __del__(self): self.write(1, b"os is gone" if self.module() is None else b"os is there")
sys.modules["posix"].last = Last(weakref.ref(os))
del os
"""


@every_python
def test_os_goes_at_the_end_as_it_does_bare(python: Interpreter) -> None:
    """What the probe leaves in `posix` refers neither to `os` nor to its imports."""
    _, bare = both(python, LIVING)
    # On 2.7 no module can be referred to weakly; PyPy finalizes nothing at its end.
    assert bare.stdout or not re.match("3.*cpython", f"{python.version} {python.implementation}")


@every_python
def test_a_process_without_handlers_keeps_no_descriptor(python: Interpreter) -> None:
    """Programs that count descriptors find as many as bare."""
    program = """
import os, sys
def held(fd):
    try: return os.fstat(fd) and True
    except OSError: return False
sys.stdout.write("%s" % [fd for fd in range(4096) if held(fd)])
"""
    both(python, program)


@every_python
@as_root
def test_a_kept_descriptor_that_was_closed_is_kept_anew(python: Interpreter) -> None:
    """A daemon closes what it has inherited, and gives up its rights later."""
    program = LOSING.replace("LOSE", LOSSES["chroot"]) + (
        "def D(): say(b'D')\nos.closerange(3, 4096)\natexit.register(D)\n"
    )
    observed, _ = both(python, program)
    assert ran(observed) == whole("D", "C", "B", "A")


@every_python
@as_root
def test_a_file_of_the_program_is_never_taken_for_the_channel(python: Interpreter) -> None:
    """Where the program has a file of its own under the number, nothing is written to it."""
    program = LOSING.replace(
        "LOSE",
        "own = os.open('/proc/self/fd/1', os.O_WRONLY)\n"
        "    for number in range(900, 1024): os.dup2(own, number)\n    " + LOSSES["chroot"],
    )
    observed, bare = both(python, program)
    assert bare.stdout == b"C\nB\nA\n"
    assert ran(observed)[0] == ("began", "C")


@every_python
def test_another_program_does_not_get_the_kept_descriptor(python: Interpreter) -> None:
    """It is closed on exec, and far from the numbers that a program's own files have."""
    program = """
import os, subprocess, sys
fd = os.open("/dev/null", os.O_RDONLY)
sys.stdout.write("%d\\n" % fd)
sys.stdout.flush()
subprocess.call(["ls", "/proc/self/fd"], close_fds=False)
"""
    observed, _ = both(python, program)
    assert observed.stdout.startswith(b"3\n")


@every_python
@as_root
@pytest.mark.parametrize("where", ["in a handler", "before"])
def test_a_program_that_loses_every_way_to_the_channel_is_unknown(
    python: Interpreter, where: str, tmp_path: Path
) -> None:
    """It seems to stop in the middle of a handler, or to run none, and yet it ended by itself."""
    lose = LOSSES["chroot"] + "; os.closerange(3, 4096)"
    program = LOSING.replace("LOSE", lose if where == "in a handler" else "pass")
    program += "import endings\nendings.end_here()\n"
    if where == "before":
        program += lose + "\n"
    shown = observed_trial(python, program, tmp_path)
    if where == "before" and python.language == (2, 7):
        pytest.skip("on 2.7 another may have taken sys.exitfunc: that none ran contradicts nothing")
    assert isinstance(shown, Unknown), shown
    assert "the last events of a process are missing" in shown.reason


@every_python
def test_a_program_that_c_code_ends_is_not_blamed_for_silence(
    python: Interpreter, tmp_path: Path
) -> None:
    """The thread of `faulthandler` calls _exit(1), and nothing in Python hears of it."""
    if python.language == (2, 7):
        pytest.skip("2.7 has no faulthandler")
    program = LOSING.replace("LOSE", "pass") + "import endings\nendings.end_here()\n"
    program += "import faulthandler, time\n"
    program += "faulthandler.dump_traceback_later(0.05, exit=True)\ntime.sleep(9)\n"
    shown = observed_trial(python, program, tmp_path)
    assert isinstance(shown, Unknown), shown
    assert "unless C code ended it" in shown.reason


@every_python
@pytest.mark.parametrize(
    "way", ["os._exit(5)", "import sys; os.execv('/bin/sh', ['sh', '-c', 'exit 5'])"]
)
def test_a_handler_that_ends_the_process_is_no_contradiction(
    python: Interpreter, way: str, tmp_path: Path
) -> None:
    """A program that leaves Python past its end says so, and its handler is unfinished."""
    program = LOSING.replace("LOSE", way) + "import endings\nendings.end_here()\n"
    shown = observed_trial(python, program, tmp_path)
    assert isinstance(shown, Outcome), shown
    (main,) = shown.processes
    assert (main.fired, main.unfinished, main.exit) == ((), ("C",), {"code": 5})


# ----------------------------------------------------------- other ways to register


@every_python
def test_a_second_atexit_is_watched_as_the_first(python: Interpreter) -> None:
    """Imported again, or loaded again, the module's `register` is still seen."""
    program = """
import atexit, sys
def f(text): sys.stdout.write(text + "\\n")
del sys.modules["atexit"]
import atexit
atexit.register(f, "imported")
try: from importlib import reload
except ImportError: pass
reload(atexit)
atexit.register(f, "loaded")
"""
    observed, bare = both(python, program)
    printed = bare.stdout.decode().split()  # on 2.7 what is loaded again forgets
    assert printed[0] == "loaded"
    own = [one for one in ran(observed) if one[1].startswith("f(")]
    assert own == whole(*(f"f('{text}')" for text in printed))


@every_python
@pytest.mark.parametrize("others", ["before", "after", "unregistered"])
def test_a_handler_that_the_probe_did_not_see_makes_the_trial_unknown(
    python: Interpreter, others: str, tmp_path: Path
) -> None:
    """What atexit holds is counted, where it can be asked, when the first handler begins."""
    if python.implementation == "pypy" or python.language < (3, 10):
        pytest.skip("no second module `atexit` leads to the handlers of the first here")
    program = """
import atexit, importlib.util, endings
def A(): pass
def D(): pass
bare = importlib.util.module_from_spec(importlib.util.find_spec("atexit"))
"""
    steps = ["atexit.register(A)", "bare.register(D)"]
    if others == "unregistered":
        steps = ["atexit.register(A)", "atexit.unregister(A)", "bare.register(D)", steps[0]]
    program += "\n".join(reversed(steps) if others == "after" else steps)
    shown = observed_trial(python, program + "\nendings.end_here()\n", tmp_path)
    assert isinstance(shown, Unknown), shown
    assert "had not seen registered" in shown.reason


@every_python
def test_who_calls_register_decides_whose_handler_it_is(
    python: Interpreter, tmp_path: Path
) -> None:
    """A library's function that the program registers is the program's, and the reverse."""
    program = """
import atexit, endings, sys, types
library = types.ModuleType("library")
exec("import atexit\\ndef keep(f): atexit.register(f)\\ndef own(): pass\\nkeep(own)", vars(library))
def A(): pass
library.keep(A)
atexit.register(sys.stdout.write, "late")
atexit.register(library.own)
endings.end_here()
"""
    shown = observed_trial(python, program, tmp_path)
    assert isinstance(shown, Outcome), shown
    (main,) = shown.processes
    assert main.fired == ("own", "write('late')")
    assert [name for name in main.library if name[0] in "_l"] == ["__main__.A", "library.own"]


# ------------------------------------------------------------------- how it looks

LOOKS = """
import atexit, copy, inspect, os, pickle, pydoc, sys, types, weakref
def show(*things):
    sys.stdout.write(" ".join(map(str, things)) + "\\n")
    sys.stdout.flush()
def tried(act, *args):
    try: return act(*args)
    except Exception: return repr(sys.exc_info()[1])
def f(*args): show("f", args)
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    show(pickle.dumps(atexit.register, protocol))
    show(pickle.loads(pickle.dumps(os._exit, protocol)) is os._exit)
show(copy.copy(atexit.register) is copy.deepcopy(atexit.register) is atexit.register)
class K(object):
    add = atexit.register
show(tried(lambda: K().add(f)))
for function in [atexit.register, getattr(atexit, "unregister", f), os._exit, os.execv, os.execve]:
    for name in ("__module__ __name__ __qualname__ __doc__ __text_signature__ __self__ __class__"
                 " __wrapped__ __dict__").split():
        show(name, repr(getattr(function, name, "missing")))
    show(inspect.isbuiltin(function), inspect.isfunction(function), inspect.isroutine(function))
    show(isinstance(function, types.BuiltinFunctionType), callable(function), repr(function))
    show(tried(getattr(inspect, "signature", lambda _: None), function))
    show(pydoc.render_doc(function))
    show(tried(lambda: weakref.ref(function)() is function), {function: 1}[function])
    if sys.version_info[0] > 2: show(tried(setattr, function, "x", 1), dir(function))
if sys.version_info[0] == 2: show(inspect.getargspec(atexit.register))
show(atexit.register.__call__(f, "through __call__") is f)
show(tried(os._exit, "x"), tried(os.execv, "/nonexistent", ["x"]))
"""


@every_python
def test_register_looks_as_it_does_bare(python: Interpreter) -> None:
    """Pickled, copied, bound, described, inspected: what stands in for a function is that one."""
    observed, bare = (run(python, "-c", LOOKS, probed=probed) for probed in (True, False))
    address = re.compile(rb"0x[0-9a-f]+")
    assert address.sub(b"", observed.stdout) == address.sub(b"", bare.stdout)
    assert (observed.exit, observed.stderr) == (bare.exit, bare.stderr)
    assert ("ended", "f('through __call__')") in ran(observed)


@every_python
def test_a_spawned_process_may_have_register_for_its_target(
    python: Interpreter, tmp_path: Path
) -> None:
    """`multiprocessing` pickles the target by its name, and the child finds it there."""
    if python.language == (2, 7):
        pytest.skip("2.7 can only fork")
    file = tmp_path / "spawns.py"
    file.write_text(
        "import atexit, multiprocessing, os\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    child = context.Process(target=atexit.register, args=(print, 'late'))\n"
        "    child.start(); child.join(); print(child.exitcode)\n"
    )
    observed, bare = (run(python, str(file), probed=probed) for probed in (True, False))
    assert (observed.exit, observed.stdout) == (bare.exit, bare.stdout)
    assert bare.stdout == b"late\n0\n"
    assert ("ended", "print('late')") in ran(observed)


RAISING = """
import atexit, sys
def stop(): sys.exit(4)
def fail(): raise ValueError("x")
def inner():
    try: fail()
    except ValueError: raise KeyError("y")
for handler in stop, fail, inner: atexit.register(handler)
if HOOK:
    def hook(report):
        frame, names = report.exc_traceback, []
        while frame: names.append(frame.tb_frame.f_code.co_name); frame = frame.tb_next
        sys.stdout.write("%r %r %r %r %r\\n" % (type(report).__name__, report.exc_value, names,
                         report.err_msg, report.object))
        sys.stdout.write("%s\\n" % [report.object is one for one in (stop, fail, inner)])
        sys.stdout.flush()
        if HOOK == 2: raise RuntimeError("of the hook")
    sys.unraisablehook = hook
if RUN: atexit._run_exitfuncs()
"""


@every_python
@pytest.mark.parametrize("hook", [0, 1, 2])
@pytest.mark.parametrize("explicit", [0, 1])
def test_hooks_and_tracebacks_get_the_programs_own_function(
    python: Interpreter, hook: int, explicit: int, tmp_path: Path
) -> None:
    """What a handler raises is reported as it is bare: its function, its frames, and no others."""
    if python.language == (2, 7) or (explicit and python.language < (3, 10)):
        pytest.skip("there the exception goes on, through the probe (PROTOCOL.md)")
    if python.implementation == "pypy" and python.language < (3, 10):
        pytest.skip("its atexit is written in Python there, and the exception goes on")
    if python.implementation == "pypy" and hook == 2:
        pytest.skip("its own hook, which would print what another raises, cannot be called")
    file = tmp_path / "raising.py"
    file.write_text(RAISING.replace("HOOK", str(hook)).replace("RUN", str(explicit)))
    address = re.compile(rb"0x[0-9a-f]+")
    texts = []
    for probed in (True, False):
        done = run(python, str(file), probed=probed)
        texts.append((done.exit, address.sub(b"", done.stdout), address.sub(b"", done.stderr)))
    assert texts[0] == texts[1]
    assert b"".join(texts[1][1:])


# ------------------------------------------------------------- another Python

EXECS = """
import atexit, os, sys, endings
def A(): pass
def B(): pass
def C(): FIRST
if len(sys.argv) == 1:
    for handler in A, C: atexit.register(handler)
    BEFORE
    os.execv(sys.executable, [sys.executable, "app.py", "again"])
atexit.register(B)
endings.end_here()
"""


def executed(python: Interpreter, tmp_path: Path, before: Sequence[str], first: str) -> Outcome:
    program = EXECS.replace("FIRST", first).replace("BEFORE", "\n    ".join(before))
    shown = observed_trial(python, program, tmp_path)
    assert isinstance(shown, Outcome), shown
    return shown


@every_python
def test_a_program_that_becomes_another_python_begins_anew(
    python: Interpreter, tmp_path: Path
) -> None:
    """The first program's handlers never run; the second one's have keys of their own."""
    (main,) = executed(python, tmp_path, ["pass"], "pass").processes
    assert (main.fired, main.unfinished, main.exit) == (("B",), (), {"code": 0})


@every_python
def test_what_a_program_ran_before_it_became_another_stays_told(
    python: Interpreter, tmp_path: Path
) -> None:
    """Handlers that it ran itself come first; the one in which it was replaced is unfinished."""
    (main,) = executed(python, tmp_path, ["atexit._run_exitfuncs()"], "pass").processes
    assert (main.fired, main.unfinished) == (("C", "A", "B"), ())
    again = "os.execv(sys.executable, [sys.executable, 'app.py', 'again'])"
    (main,) = executed(python, tmp_path, ["sys.exit()"], again).processes
    assert (main.fired, main.unfinished) == (("B",), ("C",))


@every_python
def test_a_forked_child_may_become_another_python(python: Interpreter, tmp_path: Path) -> None:
    """Its numbers begin with `forked`, and again with `started`."""
    program = """
import atexit, os, sys
def f(): pass
if len(sys.argv) > 1:
    atexit.register(f)
elif os.fork() == 0:
    atexit.register(f)
    os.execv(sys.executable, [sys.executable, sys.argv[0], "again"])
else:
    os.wait()
"""
    file = tmp_path / "app.py"
    file.write_text(program)
    done = run(python, str(file))
    _, child = done.pids
    numbered = [(one.kind, one.number) for one in done.events if one.pid == child]
    assert numbered == [
        ("forked", 1),
        ("registered", 2),
        ("leaving", 3),
        ("started", 1),
        ("registered", 2),
        ("began", 3),
        ("ended", 4),
    ]
