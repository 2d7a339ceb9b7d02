"""Laws about what runs inside observed programs: the probe, its channel, the endings.

Every test starts real processes and reads their events as the protocol says
(harness/exitmatrix/inside/probe/PROTOCOL.md), without the harness's own way of running.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from exitmatrix.declare import terminations
from exitmatrix.declare.statements import statements
from exitmatrix.model import Interpreter, Scenario

from tests.support.committed import races_on_record, scenarios
from tests.support.probed import (
    ENDINGS,
    PATIENCE,
    PROBE,
    TOKEN,
    environment,
    every_plain_run,
    every_python,
    run,
    scenario_run,
    told_numbers,
)

pytestmark = pytest.mark.real

INSIDE = sorted([*PROBE.glob("*.py"), *ENDINGS.glob("*.py")])
PIPE_BUF = 4096  # Linux: pipe(7); POSIX promises 512, macOS gives 512 for PIPE_BUF


# Functions that begin without a word: what they do next may end them, and is what is asked. Or
# their words stand among those of a child.
SILENT = ("plain-own-registry", "plain-pool-late", "plain-join-in-del", "plain-fork-hooks")


# Races at their end; and programs with two workers, which write as they come to it, in any order.
RACING = {one for one, ending, _ in races_on_record() if ending == "return"} | {
    one.id
    for one in scenarios().values()
    if one.program and any(getattr(step, "workers", 1) > 1 for step in statements(one.program.code))
}


# ---------------------------------------------------- it changes nothing


@every_plain_run
def test_a_program_runs_with_the_probe_as_it_runs_bare(
    python: Interpreter, scenario: Scenario
) -> None:
    """Stdout is the same, byte for byte, and so is the exit status."""
    if scenario.id in RACING:
        pytest.skip("two runs of it differ, with the probe and without it")
    probed, bare = scenario_run(python, scenario, True), scenario_run(python, scenario, False)
    assert (probed.stdout, probed.exit) == (bare.stdout, bare.exit)
    assert probed.lines
    assert not bare.lines


@every_plain_run
def test_what_is_told_is_what_happened(python: Interpreter, scenario: Scenario) -> None:
    """The handlers of the first process began in the order in which it printed them."""
    if scenario.id == "plain-handler-os-exit":
        pytest.skip("its output is lost by design, so there is nothing to compare with")
    if scenario.id in SILENT:
        pytest.skip("not all of its functions print that they began")
    probed = scenario_run(python, scenario, True)
    first = probed.pids[0]
    own = {"__main__", *scenario.modules}
    names = {
        event.detail[0]: event.detail[1].partition("(")[0].rpartition(":")[2]
        for event in probed.of_kind("registered")
        if event.detail[2].partition(":")[0] in own
    }
    began = [
        names[event.detail[0]]
        for event in probed.of_kind("began", first)
        if event.detail[0] in names
    ]
    # Of output that a fork has doubled, the last part is that of the parent.
    text = probed.stdout.decode().replace("[unflushed:parent]", "[unflushed:parent]\n")
    printed = re.findall(
        r"^(?:\[.*\])?(\w+): (?:\w+ing |cleaning|third|second|first)", text, re.MULTILINE
    )
    assert began == printed[len(printed) - len(began) :]
    assert bool(began) == (scenario.id != "plain-clear")


@every_plain_run
def test_every_process_tells_all_or_a_gap_shows(python: Interpreter, scenario: Scenario) -> None:
    """Each interpreter of a process numbers its events from 1 on, and all carry the token."""
    probed = scenario_run(python, scenario, True)
    for sender in {(event.pid, event.subinterpreter) for event in probed.events}:
        numbers = told_numbers(probed, *sender)
        assert numbers == list(range(1, len(numbers) + 1))
    assert {event.token for event in probed.events} == {TOKEN}


UNUSUAL = """
import sys
import atexit

def show(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

def f(*args, **kwargs):
    show("f %r %r" % (args, sorted(kwargs)))

class Strict(object):
    "Equal to its own kind only: it says False, not NotImplemented, to others."
    def __init__(self, name):
        self.name = name
    def __call__(self):
        show(self.name)
    def __eq__(self, other):
        return type(other) is Strict and self.name == other.name
    def __ne__(self, other):
        return not self == other
    def __hash__(self):
        return 1

class Never(Strict):
    "Not even equal to itself, as nan is not."
    def __eq__(self, other):
        return False

class Unhashable(Strict):
    __hash__ = None

class Proxy(object):
    "Has no name to tell: raises what it likes when it is asked."
    def __getattr__(self, name):
        raise RuntimeError(name)
    def __call__(self):
        show("proxy")

class Anything(object):
    "Has every attribute, and none is a text."
    def __getattr__(self, name):
        return self
    def __call__(self, *args):
        show("anything")

class Method(object):
    def method(self):
        show("method")

import functools
never, method = Never("never"), Method()
show(str(atexit.register(f) is f))
atexit.register(f, 1, b=2)
for handler in (Strict("s"), Strict("t"), never, Unhashable("u"), Proxy(), Anything(),
                method.method, functools.partial(f, 3), lambda: show("lambda"), Method):
    show(str(atexit.register(handler) is handler))
atexit.register(f, 10 ** 5000, 1.5, "text", b"bytes", None, x=object())
for wrong in (), (5,), (None, 1):
    try:
        atexit.register(*wrong)
    except TypeError:
        show("TypeError")
if hasattr(atexit, "unregister"):
    for handler in (Strict("s"), never, Unhashable("u"), method.method, Method, max, 5):
        show(str(atexit.unregister(handler)))
    atexit.register(f)
    atexit.unregister(f)
"""


@every_python
def test_register_and_unregister_take_what_they_take_bare(python: Interpreter) -> None:
    """Whatever is registered, and however it compares, a program does what it does bare."""
    probed, bare = (run(python, "-c", UNUSUAL, probed=probed) for probed in (True, False))
    # Addresses differ from run to run; huge numbers are only compared by what follows them.
    assert probed.stdout == bare.stdout
    assert (probed.exit, probed.stderr) == (bare.exit, bare.stderr)
    assert len(probed.of_kind("began")) >= 5


@every_python
def test_a_stored_handler_looks_like_the_callable_it_wraps(python: Interpreter) -> None:
    """It has its repr, its hash and its attributes, and is equal to what that is equal to."""
    program = """
from exitmatrix_probe import Handler
def f(): pass
def g(): pass
f.attribute = 7
h = Handler(f, "1")
assert repr(h) == repr(f) and str(h) == str(f)
assert h == f and f == h and h == Handler(f, "2") and not h != f and not f != h
assert h != g and g != h and h != Handler(g, "1") and h != None and not h == g
assert hash(h) == hash(f) and h in [f] and f in [h] and {f: 1}[h] == 1
assert h.attribute == 7 and h.__name__ == "f"
assert not hasattr(h, "missing") and callable(h)
"""
    done = run(python, "-c", program)
    assert (done.exit, done.stderr) == (0, b"")


@every_python
def test_cpythons_own_tests_of_atexit_pass_as_they_pass_bare(python: Interpreter) -> None:
    """`test.test_atexit`, where the interpreter has it, gives each test the same result."""
    results = []
    for probed in (True, False):
        done = run(python, "-m", "unittest", "-v", "test.test_atexit", probed=probed)
        if re.search(rb"No module named '?(test\.)?'?test_atexit|has no attribute", done.stderr):
            pytest.skip("this interpreter comes without test.test_atexit")
        results.append((done.exit, sorted(re.findall(rb"(?m)^test.* \.\.\. .*$", done.stderr))))
    assert results[0] == results[1]
    assert results[0][1]


@every_python
def test_the_probe_imports_nothing_that_has_effects(python: Interpreter) -> None:
    """Of the modules in a probed start, only the probe's own are no builtins."""
    program = """
import sys
print(" ".join(sorted(sys.modules)))
"""
    probed, bare = (
        set(run(python, "-c", program, probed=probed).stdout.decode().split())
        for probed in (True, False)
    )
    more = probed - bare
    own = {"sitecustomize", "exitmatrix_probe", "exitmatrix_channel"}
    own |= {"exitmatrix_python2"} if python.language == (2, 7) else set()
    # atexit is built into 3.x; itertools and fcntl are C, though files of their own on 2.7.
    effectless = {"itertools", "fcntl" if python.language == (2, 7) else "atexit"}
    assert own - {"sitecustomize"} <= more <= own | effectless
    assert not bare - probed


@every_python
def test_the_path_is_the_programs_own(python: Interpreter) -> None:
    """After start-up the probe's folder is not on sys.path."""
    program = "import sys; print(sys.path)"
    probed, bare = (run(python, "-c", program, probed=probed) for probed in (True, False))
    assert probed.stdout == bare.stdout


@every_python
def test_another_sitecustomize_still_runs(python: Interpreter, tmp_path: Path) -> None:
    """The environment's own sitecustomize runs, and what it does to the path stays done."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.path.append('/nowhere')\nsys.own = 'ran'\n"
    )
    program = "import sys; print(sys.own, '/nowhere' in sys.path, sys.modules['sitecustomize'])"
    probed, bare = (
        run(python, "-c", program, probed=probed, folders=[tmp_path]) for probed in (True, False)
    )
    assert b"ran" in probed.stdout
    assert probed.stdout == bare.stdout
    assert probed.of_kind("started")


@every_python
def test_without_a_channel_nothing_is_wrapped(python: Interpreter) -> None:
    """A process that inherits the path but no channel has the interpreter's own atexit."""
    program = (
        "import sys, atexit; print(atexit.register.__module__, 'exitmatrix_probe' in sys.modules)"
    )
    unnamed, bare = (
        run(python, "-c", program, probed=False, folders=folders) for folders in ([PROBE], [])
    )
    assert unnamed.stdout == bare.stdout
    assert b"exitmatrix" not in unnamed.stdout
    assert b"False" in unnamed.stdout
    assert unnamed.stderr == b""


@every_python
@pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
def test_a_process_that_cannot_be_reached_runs_silently(python: Interpreter, flag: str) -> None:
    """With -I, -E or -S a program runs as ever and tells nothing."""
    if flag == "-I" and python.language < (3, 4):
        pytest.skip("-I is new in 3.4")
    program = (
        "import sys, atexit; atexit.register(sys.stdout.write, 'bye'); sys.stdout.write('hi ')"
    )
    done = run(python, flag, "-c", program)
    assert (done.exit, done.stdout, done.stderr, done.lines) == (0, b"hi bye", b"", ())


@every_python
def test_2_7_keeps_its_exitfunc_until_the_program_imports_atexit(python: Interpreter) -> None:
    """On 2.7 sys.exitfunc is the program's own affair, and stays so."""
    if python.language != (2, 7):
        pytest.skip("sys.exitfunc was removed in 3.0")
    program = """
import sys
assert not hasattr(sys, "exitfunc") and "atexit" not in sys.modules
def own(): sys.stdout.write("own\\n")
sys.exitfunc = own
%s
"""
    late = """
import atexit
atexit.register(sys.stdout.write, "late\\n")
assert sys.exitfunc is not own
"""
    for rest in ("", late):
        probed, bare = (
            run(python, "-c", program % rest, probed=probed) for probed in (True, False)
        )
        assert probed.stderr == b""
        assert (probed.exit, probed.stdout) == (bare.exit, bare.stdout)
        assert probed.stdout.endswith(b"own\n")
        assert len(probed.of_kind("began")) == (1 if rest else 0)


# --------------------------------------------------------------- what it tells


@every_python
def test_a_process_introduces_itself(python: Interpreter) -> None:
    """The first event tells the parent, the command line, the version and what was there."""
    done = run(python, "-c", "pass", "argument")
    (started,) = done.events
    ppid, cmdline, version, before = started.detail
    assert (started.source, started.number, started.kind) == ("probe", 1, "started")
    assert int(ppid) == os.getpid()
    if Path("/proc/self/cmdline").exists():
        assert cmdline.split("\0")[:-1] == [python.path, "-c", "pass", "argument"]
    assert version.rstrip("+") == python.version
    count = "import atexit; print(getattr(atexit, '_ncallbacks', lambda: '')())"
    # Files in site-packages may have registered some; 2.7 and PyPy need not tell.
    assert before in ("0", run(python, "-c", count, probed=False).stdout.decode().strip())
    assert before or python.implementation != "cpython"


@every_python
def test_handlers_are_named_with_plain_arguments(python: Interpreter) -> None:
    """A handler is its name, with the literals it was registered with; its key is unique."""
    program = """
import atexit, sys, logging
def cleanup(*args, **kwargs): pass
class Named(object):
    def __call__(self): pass
atexit.register(cleanup, "third")
atexit.register(cleanup, 1, 2.5, True, None, object(), [], key="x", also=len)
atexit.register(cleanup)
atexit.register(Named())
"""
    registered = run(python, "-c", program).of_kind("registered")
    own = [event.detail for event in registered if event.detail[2].startswith("__main__:")]
    assert [detail[1] for detail in own] == [
        "cleanup('third')",
        "cleanup(1, 2.5, True, None, ..., ..., also=..., key='x')",
        "cleanup",
        "Named",
    ]
    keys = [event.detail[0] for event in registered]
    assert len(set(keys)) == len(keys)
    assert any(event.detail[1:3] == ("shutdown", "logging:shutdown") for event in registered)


@every_python
def test_where_a_handler_is_written_is_told(python: Interpreter) -> None:
    """File and line of a handler's own code; nothing for what is not written in Python."""
    program = """
import atexit, functools, os
def plain(): pass
def decorate(f):
    @functools.wraps(f)
    def around(): f()
    around.__wrapped__ = f
    return around
@decorate
def decorated(): pass
class Pool(object):
    def close(self): pass
    def __call__(self): pass
for f in (plain, decorated, Pool().close, Pool(), functools.partial(plain)):
    atexit.register(f)
atexit.register(os.getpid)
atexit.register(functools.partial(int, 1))
"""
    lines = [event.detail[3] for event in run(python, "-c", program).of_kind("registered")]
    places = (3, 9, 12, 13, 3)  # a decorated function begins at its decorator
    assert lines[:5] == [f"<string>:{line}" for line in places]
    assert lines[5:7] == ["", ""]


@every_python
def test_what_has_no_name_is_called_by_its_class(python: Interpreter) -> None:
    """A partial, an object that can be called, and a method of one that is called otherwise."""
    program = """
import atexit, functools
class Pool(object):
    def __call__(self): pass
    def close(self): pass
class Named(object):
    __name__ = "closing"
    def __call__(self): pass
class Odd(object):
    __name__ = property(lambda self: 1 / 0)
    def __call__(self): pass
def plain(): pass
one = functools.partial(plain)
for f in (one, functools.partial(one), Pool(), Named(), Odd()):
    atexit.register(f)
atexit.register(functools.partial(plain))
"""
    details = [event.detail for event in run(python, "-c", program).of_kind("registered")]
    own = [(one[1], one[2].rpartition(":")[2]) for one in details if one[4] == "__main__"]
    partial = ("partial", "partial")
    assert own == [
        *(partial, partial, ("Pool", "Pool")),
        *(("closing", "closing"), ("Odd", "Odd"), partial),
    ]


@every_python
def test_a_handler_is_told_with_the_line_that_registered_it(python: Interpreter) -> None:
    """Of a function of C or of a library it is the only line that is the program's own."""
    program = """
import atexit, os, shutil
atexit.register(os.getpid)
atexit.register(
    shutil.copy, "a", "b")
@atexit.register
def own(): pass
os._exit(0)
"""
    details = [event.detail for event in run(python, "-c", program).of_kind("registered")]
    calls = [one[5].rpartition(":") for one in details if one[4] == "__main__"]
    assert [file for file, _, _ in calls] == ["<string>"] * 3
    lines = [int(line) for _, _, line in calls]
    assert lines[0] == 3
    assert lines[1] in (4, 5)  # up to 3.7 a call has the line of its last argument
    assert lines[2] in (6, 7)  # the line of the decorator, from 3.8 on


@every_python
def test_how_a_handler_ended_is_told(python: Interpreter) -> None:
    """After `began` comes `ended`, or `raised` with the exception's type, never both."""
    program = """
import atexit, os, sys
class Failed(Exception): pass
class Old: pass
def returns(): pass
def fails(): raise Failed("x")
def leaves(): sys.exit(4)
def old(): raise Old() if sys.version_info[0] == 2 else Failed()
def vanishes(): os._exit(9)
for handler in vanishes, returns, fails, leaves, old: atexit.register(handler)
"""
    done = run(python, "-c", program)
    names = done.names()
    *events, last = done.events[6:]
    events_seen = [(event.kind, names[event.detail[0]], *event.detail[1:]) for event in events]
    assert (last.kind, last.detail) == ("leaving", ("_exit",))
    assert events_seen == [
        ("began", "old"),
        ("raised", "old", "Old" if python.language == (2, 7) else "Failed"),
        ("began", "leaves"),
        ("raised", "leaves", "SystemExit"),
        ("began", "fails"),
        ("raised", "fails", "Failed"),
        ("began", "returns"),
        ("ended", "returns"),
        ("began", "vanishes"),
    ]
    assert done.exit == 9


# A signal arrives just before the end of a handler has its number, or just after that.
INTERRUPTED = """
import atexit
import exitmatrix_probe as probe
tell, after = probe.tell, []
def interrupted(source, kind, *detail):
    if kind != "ended": return tell(source, kind, *detail)
    probe.tell = tell
    if after.pop(): tell(source, kind, *detail)
    raise SystemExit(0)
def late(): probe.tell = interrupted; after.append(True)
def early(): probe.tell = interrupted; after.append(False)
def last(): pass
for handler in last, late, early: atexit.register(handler)
"""


@every_python
def test_an_exception_that_comes_when_a_handler_has_returned_is_its_own(
    python: Interpreter,
) -> None:
    """As of a handler of SIGTERM that raises SystemExit: it is told if the end was not, or once."""
    done = run(python, "-c", INTERRUPTED)
    names = done.names()
    events_seen = [
        (event.kind, names[event.detail[0]], *event.detail[1:])
        for event in done.events
        if event.kind in ("began", "ended", "raised")
    ]
    assert events_seen == [
        ("began", "early"),
        ("raised", "early", "SystemExit"),
        ("began", "late"),
        ("ended", "late"),
        ("began", "last"),
        ("ended", "last"),
    ]


TELLING = """
import sys
import endings

def plain(value):
    "What it is for."
    return value

def fails():
    raise KeyError("x")

told = endings.tells("signal.SIGTERM:plain")(plain)
sys.stdout.write("%s %s %s %s\\n" % (told is plain, told.__name__, told.__module__, told.__doc__))
sys.stdout.write("%s\\n" % told(value=7))
try:
    endings.tells("sys.exitfunc:fails")(fails)()
except KeyError as error:
    sys.stdout.write("%s\\n" % error)
"""


@every_python
def test_a_handler_of_another_mechanism_tells_of_itself(python: Interpreter) -> None:
    """Decorated, it does what it does, under its name, and its runs are told as atexit's are."""
    done = run(python, "-c", TELLING)
    assert done.stdout.decode() == "False plain __main__ What it is for.\n7\n'x'\n"
    _started, *events = done.events
    events_seen = [(each.source, each.kind, *each.detail) for each in events]
    assert events_seen == [
        ("endings", "registered", "endings.1", "signal.SIGTERM:plain", "__main__:plain"),
        ("endings", "began", "endings.1"),
        ("endings", "ended", "endings.1"),
        ("endings", "registered", "endings.2", "sys.exitfunc:fails", "__main__:fails"),
        ("endings", "began", "endings.2"),
        ("endings", "raised", "endings.2", "KeyError"),
    ]
    assert done.exit == 0


MEANWHILE = """
import os, signal, sys
import endings

tell = endings.tell
came = []

def interrupted(source, kind, *detail):
    if kind == "raised" and not came:
        came.append(kind)
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            pass
    return tell(source, kind, *detail)

endings.tell = interrupted

@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
try:
    stop(0, None)
except SystemExit:
    pass
"""


@every_python
def test_a_handler_that_is_left_tells_so_also_where_another_signal_comes_before(
    python: Interpreter,
) -> None:
    """What the second handler raises leaves the first one: both began, and both raised."""
    done = run(python, "-c", MEANWHILE)
    kinds = [each.kind for each in done.events if each.detail[:1] == ("endings.1",)]
    assert kinds == ["registered", "began", "began", "raised", "raised"]


@every_python
def test_without_a_channel_a_decorated_handler_is_itself(python: Interpreter) -> None:
    """A scenario that is run by hand has its own functions."""
    done = run(python, "-c", TELLING, probed=False)
    assert done.stdout.decode() == "True plain __main__ What it is for.\n7\n'x'\n"


@every_python
def test_what_was_told_survives_a_kill(python: Interpreter) -> None:
    """An event is on the channel though the process is killed at the next instruction."""
    program = """
import atexit, os, signal
def f(): os.kill(os.getpid(), signal.SIGKILL)
atexit.register(f)
"""
    done = run(python, "-c", program)
    assert [event.kind for event in done.events] == ["started", "registered", "began"]
    assert done.exit == -signal.SIGKILL


@every_python
def test_a_forked_child_speaks_for_itself(python: Interpreter) -> None:
    """It has its own pid, says whose child it is and since which event, and counts from 1 on."""
    program = """
import atexit, os
def f(): pass
def g(): pass
atexit.register(f)
read, write = os.pipe()
if os.fork() == 0:
    os.read(read, 1)
    atexit.register(g)
else:
    atexit.register(g)
    os.write(write, b".")
    os.wait()
"""
    done = run(python, "-c", program)
    parent, child = done.pids
    assert parent != child
    kinds = [(event.number, event.kind) for event in done.events if event.pid == child]
    assert kinds == [
        (1, "forked"),
        (2, "registered"),
        (3, "began"),
        (4, "ended"),
        (5, "began"),
        (6, "ended"),
    ]
    assert done.of_kind("forked")[0].detail == (str(parent), "2")
    assert [event.number for event in done.events if event.pid == parent] == list(range(1, 8))


@every_python
def test_a_child_that_is_held_can_be_watched_before_it_ends(python: Interpreter) -> None:
    """`hold` tells its gate and waits there; a byte `?` is answered, any other lets go."""
    program = "import endings; endings.hold('why'); endings.hold('again')"
    done = run(python, "-c", program)
    first, second = done.of_kind("holding")
    assert first.detail[1:] == ("why", str(os.getpid()))
    assert second.detail[1] == "again"
    assert first.detail[0] != second.detail[0]
    assert f".hold.{first.pid}.1" in first.detail[0]


@every_python
def test_threads_do_not_tear_lines(python: Interpreter) -> None:
    """Threads that tell at the same time lose no event, and no line is cut or mixed."""
    program = """
import atexit, threading
def f(): pass
def work():
    for number in range(100):
        atexit.register(f, "x" * 300)
threads = [threading.Thread(target=work) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    done = run(python, "-c", program)
    own = [event for event in done.of_kind("registered") if event.detail[1].startswith("f(")]
    assert len(own) == 400
    assert {event.detail[1] for event in own} == {"f('%s')" % ("x" * 300)}
    assert told_numbers(done, done.pids[0]) == list(range(1, len(done.events) + 1))


HUGE = """
# -*- coding: utf-8 -*-
import atexit
def f(*args): pass
f.__name__ = "%%\\t\\n" * 10000
atexit.register(f, "x" * 100000)
f.__name__ = "a" * 899 + "%" * 100
atexit.register(f)
f.__name__ = "\\xc3\\xa4" * 5000
f.__module__ = "m" * 5000
atexit.register(f)
class C(Exception): pass
C.__name__ = "C" * 100000
def g(): raise C()
atexit.register(g)
exec(compile("def far(): pass\\natexit.register(far)", "/far" * 1000, "exec"))
far.__name__ = "f" * 5000
__name__ = "n" * 5000
exec(compile("atexit.register(far)", "/far" * 1000, "exec"))
"""


@every_python
def test_an_event_is_never_longer_than_the_kernel_writes_whole(python: Interpreter) -> None:
    """Names, arguments, types and command lines of any length fit into PIPE_BUF."""
    done = run(python, "-c", HUGE, *["argument" * 1000] * 10)
    assert len(done.of_kind("registered")) == 6
    assert done.of_kind("raised")[0].detail[1].startswith("CCC")
    assert max(map(len, done.lines)) < PIPE_BUF
    for event in done.events:  # read_event has refused lines with half an escape
        assert all(len(field) <= 900 for field in event.detail)


@every_python
def test_an_event_is_one_write(python: Interpreter, tmp_path: Path) -> None:
    """Each event is a single system call that writes all of it."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here")
    trace = tmp_path / "trace"
    under = [strace, "-f", "-qq", "-s", "16", "-e", "trace=write,writev", "-o", str(trace)]
    try:
        works = subprocess.run([*under, "true"], capture_output=True, timeout=PATIENCE, check=False)
    except OSError as error:
        pytest.skip(f"strace does not run: {error}")
    if works.returncode:
        pytest.skip(f"strace may not trace here: {works.stderr.decode().strip()}")
    done = run(python, "-c", HUGE, under=under)
    writes = re.findall(rf'write\w*\(\d+, "{TOKEN}.*, (\d+)\) += (\d+)', trace.read_text())
    assert [int(asked) for asked, _ in writes] == [len(line) + 1 for line in done.lines]
    assert all(asked == written for asked, written in writes)


# ---------------------------------------------------------------- the sources


@every_python
def test_what_runs_inside_compiles_everywhere(python: Interpreter) -> None:
    """The probe and the endings are source of every Python that is observed."""
    program = (
        "import sys\n"
        "for path in sys.argv[1:]:\n"
        "    compile(open(path).read(), path, 'exec', 0, True)\n"
    )
    done = run(python, "-c", program, *map(str, INSIDE), probed=False)
    assert (done.exit, done.stderr) == (0, b"")


def results_of(expression: str) -> list[str]:
    program = f"import endings; print(' '.join(sorted({expression})))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment({}, folders=[ENDINGS]),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout.split()


def test_the_catalogue_and_the_ways_are_one_list() -> None:
    """Every in-process termination of the catalogue has its way, and no way lacks an entry."""
    catalogue = [each.id for each in terminations.CATALOGUE if each.delivery == "in-process"]
    assert results_of("endings.WAYS") == sorted(catalogue)
    assert set(results_of("endings.ENDS_AT_ONCE")) < set(catalogue)


LATE = """
import subprocess, sys
late = 'sleep 0.2; exec "$0" -c "import time; time.sleep(0.2)"'
subprocess.Popen(["sh", "-c", late, sys.executable])
"""


@every_python
def test_what_outlives_its_program_is_waited_for(python: Interpreter) -> None:
    """A process that starts when the first has ended still finds the channel, and ends.

    Without one it could not tell that it has started, and would stop for ever.
    """
    done = run(python, "-c", LATE)
    assert done.exit == 0
    assert len({event.pid for event in done.of_kind("started")}) == 2
