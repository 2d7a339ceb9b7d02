"""What multiprocessing and threading call at an end is seen, and the program cannot tell."""

from __future__ import annotations

import pytest
from exitmatrix.model import Interpreter

from tests.support.probed import CALLED, Run, as_bare, every_python, handlers_told

pytestmark = pytest.mark.real

TOLD = ("finalize", "began", "ended", "left", "dropped")

FINALIZE = CALLED + "from multiprocessing.util import Finalize\n"
THREADS = CALLED + "import threading\n"


def reported(done: Run, key: str) -> list[tuple[str, ...]]:
    return handlers_told(done, TOLD, key)


@every_python
def test_a_finalizer_of_multiprocessing_is_called_as_it_is_bare(python: Interpreter) -> None:
    """By hand, when its object goes, and at the end; in a process that is forked it is not."""
    program = (
        FINALIZE
        + """
import os
by_hand = Finalize(thing, stop, args=(1,), kwargs={"x": 2}, exitpriority=1)
say(by_hand, by_hand._callback is stop, sorted(vars(by_hand)), by_hand.still_active())
say(by_hand(), by_hand(), by_hand.still_active(), vars(by_hand)["_callback"], by_hand)
other = Thing()
Finalize(other, stop, args=(2,))
del other
gc.collect()
cancelled = Finalize(thing, stop, args=(3,), exitpriority=2)
say(cancelled.cancel(), cancelled)
try: Finalize(thing, fail, exitpriority=1)()
except ValueError: say([each[2] for each in traceback.extract_tb(sys.exc_info()[2])])
Finalize(thing, fail, exitpriority=9)
Finalize(None, stop, args=(4,), exitpriority=0)
try: Finalize(None, stop)
except (ValueError, AssertionError): say("no priority")
if os.fork() == 0: sys.exit(0)
os.wait()
"""
    )
    done = as_bare(python, "multiprocessing", program)
    assert reported(done, "m") == [
        *(("finalize", "m1", "__main__:stop"), ("began", "m1"), ("ended", "m1")),
        *(("finalize", "m2", "__main__:stop"), ("dropped", "m2"), ("began", "m2"), ("ended", "m2")),
        *(("finalize", "m3", "__main__:stop"), ("dropped", "m3")),
        *(("finalize", "m4", "__main__:fail"), ("began", "m4"), ("left", "m4")),
        ("finalize", "m5", "__main__:fail"),
        ("finalize", "m6", "__main__:stop"),
        *(("began", "m5"), ("left", "m5")),
        *(("began", "m6"), ("ended", "m6")),
    ]
    assert b"ValueError" in done.stderr


@every_python
def test_what_threading_calls_before_its_end_is_called_as_it_is_bare(python: Interpreter) -> None:
    """Order and frames are the same; from 3.9 on."""
    program = (
        THREADS
        + """
if hasattr(threading, "_register_atexit"):
    say(threading._register_atexit(stop, 1, x=2), threading._threading_atexits == [])
    threading._register_atexit(stop, 3)
    import concurrent.futures.thread
    threading._register_atexit(fail)
"""
    )
    done = as_bare(python, "threading", program)
    if python.language < (3, 9):
        assert reported(done, "t") == []
        return
    library = ("finalize", "t3", "concurrent.futures.thread:_python_exit")
    assert [one for one in reported(done, "t") if one[0] == "finalize"] == [
        ("finalize", "t1", "__main__:stop"),
        ("finalize", "t2", "__main__:stop"),
        library,
        ("finalize", "t4", "__main__:fail"),
    ]
    assert [one for one in reported(done, "t") if one[0] == "began"][:1] == [("began", "t4")]
    assert b"ValueError" in done.stderr


@every_python
def test_the_end_of_threads_and_processes_is_as_it_is_bare(python: Interpreter) -> None:
    """A pool of threads, and a process that is forked and has finalizers of its own."""
    program = (
        THREADS
        + """
from multiprocessing import Process, Queue, util
def work():
    util.Finalize(None, stop, args=("child",), exitpriority=5)
queue = Queue()
queue.put("x" * 100000)
if sys.platform == "linux" or sys.platform == "linux2":
    if sys.version_info >= (3, 4):
        import multiprocessing
        Process = multiprocessing.get_context("fork").Process
    one = Process(target=work)
    one.start()
    one.join()
say(one.exitcode, len(queue.get()))
if sys.version_info >= (3, 2):
    from concurrent.futures import ThreadPoolExecutor
    say(ThreadPoolExecutor(1).submit(int).result())
"""
    )
    done = as_bare(python, "multiprocessing threading", program)
    own = [one for one in reported(done, "m") if one[-1] == "__main__:stop"]
    assert len(own) == 1
    assert ("began", own[0][1]) in reported(done, "m")


@every_python
def test_the_end_of_the_main_thread_is_told_before_it_waits_for_others(python: Interpreter) -> None:
    """Python waits for threads that are no daemons, and then calls what atexit has."""
    if python.language < (3, 9):
        pytest.skip("before 3.9 threading has no list that it calls then")
    program = (
        THREADS
        + """
import atexit, time
def last(): time.sleep(0.2); say("thread")
atexit.register(say, "end")
say(list(reversed(threading._threading_atexits)))
threading.Thread(target=last).start()
"""
    )
    done = as_bare(python, "threading", program)
    kinds = [one.kind for one in done.events]
    assert kinds.count("finishing") == 1
    assert kinds.index("finishing") < kinds.index("began")


@pytest.mark.parametrize(
    ("act", "raised"),
    [("raise ValueError(number)", "ValueError"), ("sys.exit(3)", ""), ("caught()", ""), ("", "")],
)
@every_python
def test_an_exception_that_leaves_a_handler_and_ends_the_program_is_told(
    python: Interpreter, act: str, raised: str
) -> None:
    """At the end of the main thread, by the name of its type; not SystemExit, nor one caught."""
    if python.language < (3, 9):
        pytest.skip("before 3.9 threading has no list that it calls then")
    program = (
        THREADS
        + f"""
import os, signal
def caught():
    try: raise KeyError
    except KeyError: pass
def never(number, frame): raise KeyError
def handler(number, frame): {act or "pass"}
signal.signal(signal.SIGUSR1, never)
signal.signal(signal.SIGTERM, handler)
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(1000): pass
{"" if act else "raise ValueError"}
"""
    )
    done = as_bare(python, "signal threading", program)
    told_of = [one.detail for one in done.events if one.kind == "raised"]
    assert told_of == ([("s2", raised)] if raised else [])
