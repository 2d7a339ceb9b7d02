"""Handlers for signals are seen, and the program that has them cannot tell.

Every program here runs bare and with the probe inside, and does the same: it finds its own
functions where it put them, and no frame of the probe, in a handler or in a traceback.
"""

from __future__ import annotations

import re

import pytest
from exitmatrix.model import Interpreter

from tests.support.probed import Event, Run, every_python, run

pytestmark = pytest.mark.real

ADDRESS = re.compile(rb"0x[0-9a-f]+")
MECHANISMS = {"EXITMATRIX_MECHANISMS": "signal"}
TOLD = ("signal", "began", "ended", "left", "endless")


def both(python: Interpreter, program: str) -> Run:
    """A program with the probe inside, which does what it does bare."""
    observed = run(python, "-c", program, extra=MECHANISMS)
    bare = run(python, "-c", program, probed=False)
    assert shown(observed) == shown(bare)
    return observed


def shown(done: Run) -> tuple[int, bytes, bytes]:
    return done.exit, ADDRESS.sub(b"", done.stdout), ADDRESS.sub(b"", done.stderr)


def reported(done: Run) -> list[tuple[str, ...]]:
    """What was told of signals: keys as they are, and of an installation what it names."""
    return [
        (one.kind, *(one.detail[:3] if one.kind == "signal" else one.detail))
        for one in done.events
        if is_of_signal(one)
    ]


def is_of_signal(one: Event) -> bool:
    return one.kind in TOLD and (one.kind == "signal" or one.detail[0].startswith("s"))


RUNS = """
import os, signal, sys
def say(*things):
    sys.stdout.write(" ".join(map(str, things)) + "\\n")
    sys.stdout.flush()
def stop(number, frame):
    caller = sys._getframe(1)
    say(number, type(number), frame is caller, caller.f_code.co_name, caller.f_lineno)
class Pool(object):
    def close(self, number, frame): stop(number, frame)
    def __call__(self, number, frame): return number
for handler in stop, Pool().close, Pool(), lambda *given: stop(*given):
    signal.signal(signal.SIGTERM, handler)
    say(signal.getsignal(signal.SIGTERM) is handler or signal.getsignal(signal.SIGTERM) == handler)
    os.kill(os.getpid(), signal.SIGTERM)
    say("after")
"""


@every_python
def test_a_handler_for_a_signal_runs_as_it_does_bare(python: Interpreter) -> None:
    """It has the same arguments, and the program's own frame is the one that called it."""
    done = both(python, RUNS)
    assert [one[0] for one in reported(done)] == ["signal", "began", "ended"] * 4
    assert [one[1:3] for one in reported(done) if one[0] == "signal"] == [
        (f"s{number}", "SIGTERM") for number in (1, 2, 3, 4)
    ]


FOUND = """
import inspect, os, pickle, pydoc, signal, sys
def say(*things):
    sys.stdout.write(" ".join(map(repr, things)) + "\\n")
    sys.stdout.flush()
def tried(act, *args, **named):
    try: return act(*args, **named)
    except BaseException: return repr(sys.exc_info()[1])
def stop(number, frame): say("stop", number)
def other(number, frame): say("other", number)
say(signal.signal(signal.SIGTERM, stop), signal.signal(signal.SIGTERM, other) is stop)
say(signal.getsignal(signal.SIGTERM) is other, signal.signal(signal.SIGTERM, stop) is other)
say(signal.signal(signal.SIGTERM, signal.SIG_IGN) is stop, signal.getsignal(signal.SIGTERM))
say(signal.signal(signal.SIGTERM, signal.SIG_DFL), signal.getsignal(signal.SIGTERM))
say(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
say(signal.signal(signal.SIGINT, stop) is signal.default_int_handler)
say(signal.signal(signal.SIGINT, signal.default_int_handler) is stop)
for given in ((), (15,), (15, 5), (15, None), (0, stop), (9, stop), (99, stop), ("x", stop),
              (15, stop, 1)):
    say(tried(signal.signal, *given))
    say(tried(signal.getsignal, *given[:1]))
say(tried(signal.signal, signalnum=15, handler=stop))
import threading
thread = threading.Thread(target=lambda: say(tried(signal.signal, 15, stop)))
thread.start()
thread.join()
for function in signal.signal, signal.getsignal:
    for name in ("__module__ __name__ __qualname__ __doc__ __text_signature__ __self__ __class__"
                 " __wrapped__").split():
        say(name, getattr(function, name, "missing"))
    say(inspect.isbuiltin(function), inspect.isroutine(function), function)
    say(tried(getattr(inspect, "signature", len), function))
    say(pickle.loads(pickle.dumps(function)) is function)
    say(pydoc.render_doc(function))
"""


@every_python
def test_a_program_finds_the_functions_that_it_installed(python: Interpreter) -> None:
    """`signal.signal` and `getsignal` give, refuse and look like what they do bare."""
    done = both(python, FOUND)
    assert reported(done)[:4] == [
        ("signal", "s1", "SIGTERM", "__main__:stop"),
        ("signal", "s2", "SIGTERM", "__main__:other"),
        ("signal", "s3", "SIGTERM", "__main__:stop"),
        ("signal", "", "SIGTERM", "SIG_IGN"),
    ]
    assert ("signal", "", "SIGTERM", "SIG_DFL") in reported(done)


@every_python
def test_what_was_refused_is_not_told(python: Interpreter) -> None:
    """There are so many signals, and a thread may install no handler."""
    program = """
import signal, threading
def install(number):
    try: signal.signal(number, lambda *_: 0)
    except ValueError: pass
install(99)
thread = threading.Thread(target=install, args=(15,))
thread.start()
thread.join()
"""
    assert reported(both(python, program)) == []


RAISES = """
import os, signal
def fail(number, frame): raise ValueError(number)
def main():
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000): pass
signal.signal(signal.SIGTERM, fail)
main()
"""


@every_python
def test_a_traceback_through_a_handler_has_no_frame_of_the_probe(python: Interpreter) -> None:
    """What leaves a handler is printed as it is bare, and is told as left."""
    done = both(python, RAISES)
    assert b"ValueError" in done.stderr
    assert [one[0] for one in reported(done)] == ["signal", "began", "left"]


@every_python
@pytest.mark.parametrize("how", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_handler_that_never_comes_back_is_never_left(python: Interpreter, how: str) -> None:
    """That it was left is told when it was, and by nothing that merely ends."""
    program = f"""
import os, signal
def stop(number, frame): {how}
signal.signal(signal.SIGTERM, stop)
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(1000): pass
"""
    assert [one[0] for one in reported(both(python, program))] == ["signal", "began"]


@every_python
def test_a_handler_within_a_handler_is_told_within_it(python: Interpreter) -> None:
    """Where a second signal is handled while the first is (later or never, up to 3.7)."""
    program = """
import os, signal
def say(text): os.write(1, (text + "\\n").encode("ascii"))  # a buffer is for one at a time
def outer(number, frame):
    say("began s1")
    os.kill(os.getpid(), signal.SIGUSR1)
    for _ in range(1000): pass
    say("ended s1")
def inner(number, frame):
    say("began s2")
    say("ended s2")
signal.signal(signal.SIGTERM, outer)
signal.signal(signal.SIGUSR1, inner)
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(1000): pass
"""
    done = both(python, program)
    printed = [tuple(line.split()) for line in done.stdout.decode().splitlines()]
    assert printed
    assert [one for one in reported(done) if one[0] != "signal"] == printed


@every_python
def test_a_handler_that_runs_has_no_file_open_that_it_has_not_bare(python: Interpreter) -> None:
    """But for the one that is kept, with its high number."""
    program = """
import os, signal, sys
def held(fd):
    try: return os.fstat(fd) and True
    except OSError: return False
def stop(number, frame): sys.stdout.write("%s" % [fd for fd in range(900) if held(fd)])
signal.signal(signal.SIGTERM, stop)
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(1000): pass
"""
    both(python, program)


@every_python
def test_nothing_of_a_handler_outlives_it(python: Interpreter) -> None:
    """What a handler and its frame refer to goes when it would go bare."""
    program = """
import gc, os, signal, sys, weakref
class Thing(object): pass
def stop(number, frame):
    global seen
    thing = Thing()
    seen = weakref.ref(thing)
signal.signal(signal.SIGTERM, stop)
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(1000): pass
gc.collect()
signal.signal(signal.SIGTERM, signal.SIG_DFL)
function = weakref.ref(stop)
del stop
gc.collect()
sys.stdout.write("%s %s" % (seen(), function()))
"""
    assert both(python, program).stdout == b"None None"


ASYNCIO = """
import asyncio, functools, logging, os, re, signal, sys, traceback
logging.basicConfig(stream=sys.stdout, format="%(message)s")
def say(*things): print(re.sub("0x[0-9a-f]+", "", " ".join(map(str, things))))
def stop(loop, given):
    say("stop", sys._getframe(1).f_code.co_name, given)
    loop.stop()
def bad(): raise ValueError("x")
def failed(loop, context):
    say(context["message"], list(context))
    say([each.name for each in traceback.extract_tb(context["exception"].__traceback__)])
loop = asyncio.new_event_loop()
loop.set_debug(True)
loop.set_exception_handler(failed)
loop.add_signal_handler(signal.SIGTERM, stop, loop, 5)
loop.add_signal_handler(signal.SIGUSR1, functools.partial(bad))
for handle in loop._signal_handlers.values():
    say(handle, isinstance(handle._callback, functools.partial), handle._callback in (stop, bad))
loop.call_later(0.05, os.kill, os.getpid(), signal.SIGUSR1)
loop.call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)
loop.run_forever()
say(signal.getsignal(signal.SIGTERM))
say(loop.remove_signal_handler(signal.SIGTERM), signal.getsignal(signal.SIGTERM))
loop.close()
"""


@every_python
def test_what_an_event_loop_calls_for_a_signal_is_seen_too(python: Interpreter) -> None:
    """`add_signal_handler` installs asyncio's own function; the program's is called by the loop."""
    if python.language == (2, 7):
        pytest.skip("2.7 has no asyncio")
    done = both(python, ASYNCIO)
    assert reported(done) == [
        ("signal", "s1", "SIGTERM", "__main__:stop"),
        ("signal", "s2", "SIGUSR1", "__main__:bad"),
        ("began", "s2"),
        ("left", "s2"),
        ("began", "s1"),
        ("ended", "s1"),
        ("signal", "", "SIGTERM", "SIG_DFL"),
        ("signal", "", "SIGUSR1", "SIG_DFL"),
    ]


@every_python
def test_signals_are_looked_at_where_that_is_asked_for(python: Interpreter) -> None:
    """The matrix does not ask: what its processes tell is what they told before."""
    done = run(python, "-c", RAISES)
    assert [one.kind for one in done.events] == ["started"]


@every_python
def test_a_handler_that_cannot_tell_its_end_says_so(python: Interpreter) -> None:
    """Where no descriptor could be kept its end is not told, and is no sign of anything."""
    program = """
import os, resource, signal
signal.signal(signal.SIGTERM, lambda *_: None)
os.closerange(3, 4096)
resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4096))
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(1000): pass
"""
    end = "ended" if python.implementation == "pypy" else "endless"  # PyPy needs none for it
    assert [one[0] for one in reported(both(python, program))] == ["signal", "began", end]


AT_ITS_LIMIT = """
import os, signal, sys, traceback
limit = 150
sys.setrecursionlimit(limit)
def stop(number, frame): pass
def install(): signal.signal(signal.SIGTERM, stop)
def get(): os.kill(os.getpid(), signal.SIGTERM)
def deep(depth, act):
    if depth: deep(depth - 1, act)
    else: act()
install()
for act in install, get:
    shown = False
    for depth in range(limit):
        try: deep(depth, act)
        except RuntimeError:  # RecursionError is one, and there is none on 2.7
            files = [one[0] for one in traceback.extract_tb(sys.exc_info()[2])]
            shown = shown or any("exitmatrix_" in one for one in files)
    sys.stdout.write("%s\\n" % shown)
"""


@every_python
def test_a_recursion_limit_that_is_reached_in_the_probe_shows_it(python: Interpreter) -> None:
    """It is in the protocol's list of what cannot be hidden."""
    if python.implementation == "pypy":
        pytest.skip("PyPy's limit is the size of its stack")
    observed = run(python, "-c", AT_ITS_LIMIT, extra=MECHANISMS)
    bare = run(python, "-c", AT_ITS_LIMIT, probed=False)
    assert (observed.exit, bare.exit, bare.stdout) == (0, 0, b"False\nFalse\n")
    assert b"True" in observed.stdout
