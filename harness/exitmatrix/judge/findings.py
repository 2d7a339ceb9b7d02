"""Where Pythons differ: the laws that tell them apart, and a minimal program. Frozen data.

Since which version is not said here: the report takes it from the cells in which
each law was used. A test runs each program on every Python there is.
"""

from __future__ import annotations

from typing import Literal

from exitmatrix.model import Frozen

Status = Literal["documented", "undocumented", "documented as undefined", "documented otherwise"]


class Finding(Frozen, kw_only=True):
    """One behaviour that is not the same everywhere."""

    id: str
    what: str  # the question, as a heading
    rules: tuple[str, ...]  # each states one of the behaviours
    status: Status
    where: str  # what the documentation says, or that it says nothing
    program: str  # tells the behaviours apart
    shown_by: Literal["stdout", "status", "both", "stderr"] = "stdout"  # what of its run does so
    beside: tuple[str, ...] = ()  # laws that differ as a consequence


FINDINGS: tuple[Finding, ...] = (
    Finding(
        id="uncaught-ctrl-c",
        what="How does a program end when Ctrl-C interrupts it, and do its handlers run?",
        rules=("ctrl-c-dies-of-sigint", "uncaught-exception", "pypy-ctrl-c-skips-exit"),
        status="documented",
        where=(
            "What's New In Python 3.8 describes the signal. That some PyPys run no handler then "
            "is not documented; it was fixed as a bug."
        ),
        shown_by="both",
        beside=(
            "lifo",
            "queue-waits-for-its-reader",
            "system-exit",
            "stdout-is-held",
            "library-loses-data",
            "library-saves",
            "library-saves-data",
            "nobody-tracks-what-c-makes",
            "lock-ends-with-its-holder",
            "flush-at-end",
            "raise",
            "second-ctrl-c-alone",
            "wait-leaves-child",
            "orphan-goes-on",
            "clean-end-saves-data",
            "fork-copies-the-buffer",
            "copy-of-the-child-is-written",
            "memory-is-lost",
            "archive-has-no-end",
            "kernel-takes-back",
            "kernel-keeps-what-was-written",
            "transaction-is-rolled-back",
            "journal-undoes-what-was-written",
            "journal-in-memory-is-lost",
            "nobody-removes-files",
            "handlers-leave-the-exit-alone",
            "finally-follows",
            "try-begins",
            "nothing-happens",
            "nothing-is-raised-again",
            "grace-time",
            "default-action",
            "tracker-removes-names",
            "nobody-tracks-system-v",
            "finalizer-exits",
            "exit-status-number",
            "interrupted-wait-is-over",
        ),
        program="""\
import atexit, sys
atexit.register(sys.stdout.write, "handler ran\\n")
raise KeyboardInterrupt
""",
    ),
    Finding(
        id="register-in-a-handler",
        what="Does a handler run if another handler registered it?",
        rules=("registered-while-running", "registered-while-running-2"),
        status="documented as undefined",
        where="atexit, note at the top.",
        program="""\
import atexit, sys

def late():
    sys.stdout.write("late ran\\n")

atexit.register(lambda: atexit.register(late))
""",
    ),
    Finding(
        id="unregister-in-a-handler",
        what="Does a handler still run if another handler unregistered it before its turn?",
        rules=("runs-from-a-copy", "unregistered-while-running"),
        status="documented as undefined",
        where="atexit, note at the top.",
        program="""\
import atexit

def first_registered():
    print("ran all the same")

atexit.register(first_registered)
atexit.register(atexit.unregister, first_registered)
""",
    ),
    Finding(
        id="exit-in-a-handler",
        what="Does sys.exit in a handler set the exit status?",
        rules=("handler-raises", "handler-exit-status-2"),
        beside=("handlers-leave-the-exit-alone", "last-exit-status-counts-2"),
        status="documented otherwise",
        where=(
            "atexit.register says that the last exception is raised again after all handlers had "
            "their chance to run; Python 3 does not do so."
        ),
        shown_by="status",
        program="""\
import atexit, sys
atexit.register(sys.exit, 4)
""",
    ),
    Finding(
        id="threads-in-a-handler",
        what="Can a handler start a thread, or fork?",
        rules=("handlers-may-do-anything", "no-threads-at-exit"),
        status="documented otherwise",
        where=(
            "atexit.register says that this leads to RuntimeError since 3.12; it does so in "
            "3.12.0 to 3.12.2 only."
        ),
        program="""\
import atexit, sys, threading

def start():
    thread = threading.Thread(target=sys.stdout.write, args=("thread ran\\n",))
    thread.start()
    thread.join()

atexit.register(start)
""",
        beside=("fork-copies",),
    ),
    Finding(
        id="buffers-at-a-hard-exit",
        what="Is buffered output lost when a handler ends the process?",
        rules=("flush-before-handlers", "no-flush-before-handlers"),
        status="undocumented",
        where=(
            "The documentation of sys, atexit and io does not say when stdout is flushed at the "
            "end."
        ),
        program="""\
import atexit, os, sys
sys.stdout.write("not flushed\\n")
atexit.register(os._exit, 0)
""",
        beside=("no-flush-before-handlers-of-a-text",),
    ),
    Finding(
        id="buffers-at-a-fatal-error",
        what="Is buffered output lost in a fatal error of the interpreter?",
        rules=("fatal-error-flushes", "fatal-error"),
        status="undocumented",
        where="c-api/sys, Py_FatalError says that no clean-up is performed.",
        program="""\
import ctypes, sys
sys.stdout.write("not flushed\\n")
ctypes.pythonapi.Py_FatalError(b"asked for")
""",
    ),
    Finding(
        id="buffers-at-a-c-exit",
        what="Is buffered output lost when C code calls exit()?",
        rules=("libc-exit", "libc-exit-stdio"),
        status="undocumented",
        where="It follows from what Python 2 buffers with, the C library.",
        program="""\
import ctypes, sys
sys.stdout.write("not flushed\\n")
ctypes.CDLL(None).exit(0)
""",
        beside=("stdio-saves-files",),
    ),
    Finding(
        id="stdout-that-nobody-reads",
        what="Does a program notice that its last output could not be written?",
        rules=("lost-stdout-120", "lost-stdout-silent"),
        status="documented",
        where="sys.exit: changed in 3.6.",
        shown_by="status",
        program="""\
import os, sys
read, write = os.pipe()
os.close(read)
os.dup2(write, 1)
sys.stdout.write("to nobody")
""",
    ),
    Finding(
        id="stdout-that-is-full",
        what="Do handlers run while stdout is a full pipe that is not read?",
        rules=("full-pipe-blocks-first", "full-pipe-blocks-last"),
        status="undocumented",
        where=(
            "The documentation of sys, atexit and io says neither when stdout is flushed at the "
            "end, nor that the program then waits for its reader before any handler runs."
        ),
        shown_by="status",
        program="""\
import atexit, fcntl, os, signal, sys
read, write = os.pipe()
fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK)
os.write(write, b" " * (1 << 20))  # as much as it takes
fcntl.fcntl(write, fcntl.F_SETFL, 0)
os.dup2(write, 1)
sys.stdout.write("to nobody")
atexit.register(os._exit, 7)
signal.alarm(1)
""",
        beside=("lifo", "handlers-leave-the-exit-alone", "no-flush-before-handlers"),
    ),
    Finding(
        id="stdout-that-a-daemon-holds",
        what="How does a program end if a daemon thread is stuck in a write to stdout?",
        rules=(
            "held-stdout-blocks-first",
            "held-stdout-blocks-last",
            "held-stdout-aborts",
            "pypy-ctrl-c-waits-for-stdout",
        ),
        status="documented otherwise",
        where=(
            "threading says that the entire Python program exits when only daemon threads are "
            "left, and that they are stopped abruptly. A program waits for one that is stuck "
            "before any handler has run; after the handlers CPython 3 is killed by SIGABRT after "
            "two seconds, whatever its exit status would have been (gh-129536 describes the "
            "fatal error)."
        ),
        shown_by="status",
        program="""\
import atexit, os, signal, sys, threading, time
read, write = os.pipe()  # of which nobody reads
asked = threading.Event()
def work():
    asked.wait()
    os.dup2(write, 1)
    sys.stdout.write("x" * 2000000)
def ask():
    asked.set()
    time.sleep(1)
atexit.register(ask)
thread = threading.Thread(target=work)
thread.daemon = True
thread.start()
signal.alarm(6)
""",
        beside=("lifo", "no-flush-before-handlers", "flush-before-handlers", "flush-at-end"),
    ),
    Finding(
        id="files-that-a-daemon-holds",
        what="Is an open file written at a clean end while a daemon thread of the program runs?",
        rules=("daemon-holds-files-open", "released-globals-are-closed", "clean-end-saves-data"),
        status="undocumented",
        where=(
            "threading says of daemon threads that their own resources may not be released. It "
            "does not say so of the main thread's, which a daemon in a function of the same file "
            "holds; gh-139542 is about what is local to the thread, gh-62052 about cycles."
        ),
        program="""\
import os, threading
text = os.fdopen(os.dup(1), "w")
text.write("a line\\n")
def background():
    threading.Event().wait()
thread = threading.Thread(target=background)
thread.daemon = True
thread.start()
""",
        beside=("lifo", "handlers-leave-the-exit-alone"),
    ),
    Finding(
        id="interrupt-that-nobody-handles",
        what="What does _thread.interrupt_main do in a program that ignores SIGINT?",
        rules=("interrupt-that-nobody-handles", "interrupt-calls-what-is-no-handler"),
        status="documented",
        where="_thread.interrupt_main; fixed by bpo-23395 in 3.7.4, and in no 3.6.",
        shown_by="status",
        program="""\
import signal
try:
    import _thread
except ImportError:
    import thread as _thread
signal.signal(signal.SIGINT, signal.SIG_IGN)
_thread.interrupt_main()
""",
        beside=(
            "uncaught-exception",
            "last-line",
            "flush-before-handlers",
            "no-flush-before-handlers",
        ),
    ),
    Finding(
        id="endless-calls",
        what="Do handlers run when endless recursion overflows the C stack?",
        rules=("stack-overflows", "endless-calls-raise"),
        status="documented",
        where=(
            "sys.setrecursionlimit warns of a crash; What's New In Python 3.12 says that C code "
            "has a limit of its own. For PyPy it is in the tracker only."
        ),
        shown_by="both",
        program="""\
import atexit, sys
atexit.register(sys.stdout.write, "handler ran\\n")
sys.setrecursionlimit(1 << 30)

class Endless(object):
    def __repr__(self):
        return repr(self)

repr(Endless())
""",
        beside=(
            "uncaught-exception",
            "lifo",
            "flush-before-handlers",
            "flush-at-end",
            "handlers-leave-the-exit-alone",
            "finally-unwinds",
        ),
    ),
    Finding(
        id="exit-in-a-request",
        what="Does sys.exit end a server whose main thread is handling a request?",
        rules=(
            "view-leaves-the-loop",
            "socketserver-2-catches-all",
            "socketserver-2-swallows-in-main",
        ),
        status="undocumented",
        where="socketserver says of errors only that handle_error is called.",
        program="""\
import socket, sys
try:
    import socketserver
except ImportError:
    import SocketServer as socketserver

class Request(socketserver.BaseRequestHandler):
    def handle(self):
        sys.exit(3)

server = socketserver.TCPServer(("127.0.0.1", 0), Request)
client = socket.create_connection(server.server_address)
server.handle_request()
print("the server goes on")
""",
        beside=(
            "werkzeug-stops-at-ctrl-c",
            "server-loop-raises",
            "system-exit",
            "last-line",
            "lifo",
            "flush-at-end",
            "handlers-leave-the-exit-alone",
        ),
    ),
    Finding(
        id="exit-in-a-callback",
        what="When may a SystemExit from a signal handler be printed and ignored?",
        rules=("weakref-callback-swallows",),
        status="undocumented",
        where=(
            "The page of weakref says that exceptions of callbacks are ignored, and PyPy's page "
            "of differences that callbacks come later. Neither says that this includes what a "
            "signal's handler raises meanwhile."
        ),
        program="""\
import gc, os, signal, sys, weakref
class Lock(object): pass
steps = []
def callback(reference):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(100000): pass
    steps.append("the callback ends")
def stop(*args):
    steps.append("sys.exit(3)")
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
lock = Lock()
reference = weakref.ref(lock, callback)
del lock
steps.append("no reference is left")
gc.collect()
print(", ".join(steps) + ", and the program goes on")
""",
    ),
    Finding(
        id="call-and-its-child",
        what="Does subprocess.call kill its child when an exception passes through it?",
        rules=("call-kills-child", "call-kills-ending-child", "call-2-leaves-child"),
        status="undocumented",
        where="The documentation of subprocess.call does not mention exceptions.",
        program="""\
import signal, subprocess, sys
signal.signal(signal.SIGALRM, lambda *args: sys.exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.2)
subprocess.call(["sh", "-c", "sleep 0.5; echo the child lived on"])
""",
    ),
    Finding(
        id="call-and-ctrl-c",
        what="Does subprocess.call end its child after Ctrl-C?",
        rules=("second-ctrl-c-kills", "second-ctrl-c-2"),
        beside=("interrupted-wait-is-over",),
        status="undocumented",
        where=(
            "The documentation of subprocess.call does not mention it. Python 3 kills the child, "
            "since 3.7 after a quarter of a second (bpo-25942)."
        ),
        program="""\
import signal, subprocess
signal.signal(signal.SIGALRM, signal.default_int_handler)
child = "sleep 0.1; kill -ALRM $PPID; sleep 1; echo the child goes on"
subprocess.call(["sh", "-c", child])
""",
    ),
    Finding(
        id="printed-exceptions",
        what="What is printed when a handler raises, and is anything raised again?",
        rules=(
            "printed-unraisable",
            "printed-unraisable-3-10",
            "printed-by-atexit",
            "last-is-raised-again",
            "unraisable-hook-is-told",
            "pypy-printed-unraisable",
            "pypy-printed",
        ),
        beside=("nothing-is-raised-again",),
        status="documented otherwise",
        where=(
            "atexit.register says that the last exception is raised again after all handlers had "
            "their chance to run; that is so in Python 2 only."
        ),
        shown_by="stderr",
        program="""\
import atexit

@atexit.register
def clean_up():
    raise ValueError("failed")
""",
    ),
    Finding(
        id="abort-that-is-handled",
        what="Does `os.abort` end a program that handles SIGABRT?",
        rules=("abort", "pypy-abort-is-a-signal"),
        beside=("default-action",),
        status="documented otherwise",
        where=(
            "`os.abort` says that the Python signal handler for SIGABRT is not called; PyPy calls "
            "it, and goes on."
        ),
        shown_by="both",
        program="""\
import os, signal, sys
signal.signal(signal.SIGABRT, lambda *args: sys.stdout.write("handled\\n"))
os.abort()
""",
    ),
    Finding(
        id="signals-in-signal-handlers",
        what="Is a signal handled if it arrives while the handler of another signal runs?",
        rules=("signal-handlers-nest", "pypy-ends-a-handler-first"),
        status="undocumented",
        where=(
            "signal says that handlers run between two instructions of the main thread, which "
            "includes the instructions of a handler. PyPy's list of differences does not say "
            "that PyPy waits until the first handler has returned."
        ),
        program="""\
import os, signal, sys, threading

def first(number, frame):
    signal.signal(number, lambda *told: sys.stdout.write("within\\n"))
    os.kill(os.getpid(), number)
    sys.stdout.write("behind\\n")
    os.write(pipe[1], b"over")

pipe = os.pipe()
signal.signal(signal.SIGTERM, first)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
try:
    os.read(pipe[0], 4)
except OSError:
    pass
""",
    ),
    Finding(
        id="signals-behind-an-exception",
        what="Is a signal handled that comes while the handler of another one raises an exception?",
        rules=("signal-handlers-nest", "pending-calls-do-not-nest", "pypy-forgets-a-signal"),
        status="undocumented",
        where=(
            "signal says that handlers run between two instructions of the main thread, and that "
            "what they raise appears there; of a second signal it says nothing. The search in "
            "PyPy's tracker found no thread about one that is forgotten."
        ),
        program="""\
import os, signal

def first(*told):
    os.kill(os.getpid(), signal.SIGUSR2)
    raise ValueError

signal.signal(signal.SIGUSR1, first)
signal.signal(signal.SIGUSR2, lambda *told: os.write(1, b"handled\\n"))
try:
    os.kill(os.getpid(), signal.SIGUSR1)
    for _ in range(100000): pass
except ValueError:
    for _ in range(100000): pass
os._exit(0)
""",
    ),
    Finding(
        id="ctrl-c-in-asyncio",
        what="What does Ctrl-C do to a program in asyncio.run?",
        rules=("loop-runs", "runner-takes-sigint"),
        beside=(
            "runner-cancels-main-task",
            "loop-is-left",
            "loop-gives-up",
            "loop-ends-the-rest",
            "finally-unwinds",
            "sigint-raises",
        ),
        status="documented",
        where=(
            "asyncio-runner, Handling Keyboard Interruption, new in 3.11, says of the main task "
            "that code which blocks is interrupted by the second Ctrl-C only. It is not "
            "documented that up to 3.10 a second Ctrl-C leaves other tasks and generators "
            "without their clean-up."
        ),
        program="""\
import asyncio, os, signal, sys

async def main():
    os.kill(os.getpid(), signal.SIGINT)
    sys.stdout.write("code that does not await goes on\\n")

asyncio.run(main())
""",
    ),
    Finding(
        id="late-submits",
        what="Does a pool of threads accept work after main's code has ended?",
        rules=("pool-executes", "pool-is-closed"),
        beside=("thread-starts", "thread-ends-alone", "handler-raises", "function-is-called"),
        status="undocumented",
        where=(
            "concurrent.futures does not say until when it accepts work. That a thread which the "
            "end waits for is refused since 3.9 is an open issue (gh-148280)."
        ),
        program="""\
import sys
try:
    import logging, concurrent.futures.thread as pools
except ImportError:
    sys.exit(0)
import atexit

pool = pools.ThreadPoolExecutor(1)
pool.submit(len, "").result()

@atexit.register
def submit():
    try:
        pool.submit(sys.stdout.write, "taken\\n").result()
    except RuntimeError:
        sys.stdout.write("refused\\n")
""",
    ),
    Finding(
        id="daemons-joined-at-exit",
        what="How long does it take to join a daemon thread in `__del__` of a global?",
        rules=(
            "late-join-runs-2",
            "late-join-waits",
            "late-join-returns",
            "late-join-is-refused",
        ),
        beside=("del-raises",),
        status="documented",
        where=(
            "threading, Thread.join: since 3.14 it may raise PythonFinalizationError. That it "
            "took the whole timeout up to 3.8 and takes it in 3.13, and no time from 3.9 to "
            "3.12, is written in gh-123940 only."
        ),
        shown_by="stdout",
        program="""\
import sys, threading, time

class Worker(object):
    def __init__(self):
        self.asked = threading.Event()
        self.thread = threading.Thread(target=self.asked.wait)
        self.thread.daemon = True
        self.thread.start()

    def __del__(self, write=sys.stdout.write, clock=time.time):
        begun = clock()
        self.asked.set()
        try:
            self.thread.join(1)
        except Exception:
            write("refused\\n")
        else:
            write("waited: %s\\n" % (clock() - begun > 0.9))

worker = Worker()
""",
    ),
    Finding(
        id="globals-at-exit",
        what="Is `__del__` of a global called at exit, and is a suspended generator closed?",
        rules=("globals-are-released", "pypy-leaves-globals"),
        status="documented as undefined",
        where="The data model, object.__del__: not guaranteed for objects that exist at exit.",
        program="""\
import sys

class Resource(object):
    def __del__(self, write=sys.stdout.write):
        write("released\\n")

resource = Resource()
""",
    ),
    Finding(
        id="size-of-buffers",
        what="How much of what a program wrote is in the file when the program is killed?",
        rules=("line-between-pieces", "memory-is-lost", "kernel-keeps-what-was-written"),
        status="documented",
        where=(
            "open, buffering: typically 128 KiB since 3.14 (gh-117151). It does not say that a "
            "program which is killed may lose that much more, nor that two processes which "
            "append to one file now keep longer lines whole."
        ),
        program="""\
import os, tempfile
fd, name = tempfile.mkstemp()
text = os.fdopen(fd, "w")
for _ in range(20):
    text.write("." * 1000)
print("more than half is in the file: %s" % (os.path.getsize(name) > 10000))
text.close()
os.unlink(name)
""",
    ),
    Finding(
        id="gzip-that-nobody-closed",
        what="Is a gzip file complete if it was not closed before the end?",
        rules=(
            "gzip-loses-its-end",
            "released-globals-are-closed",
            "pypy-closes-no-globals",
        ),
        status="undocumented",
        where=(
            "gzip does not mention files that are not closed. gh-129726, which brought the change "
            "of 3.12.10 and 3.13.3, is about an exception that is ignored, and gh-130806, which "
            "brought that of 3.14, about a ResourceWarning. The search in the tracker found no "
            "thread that says that either loses data."
        ),
        program="""\
import gzip, os, shutil, subprocess, sys, tempfile
WRITE = '''
import gzip, sys
file = gzip.open(sys.argv[1], "wb")
file.write(b"all of it")
def function(): pass
'''
folder = tempfile.mkdtemp()
name = os.path.join(folder, "data.gz")
subprocess.call([sys.executable, "-c", WRITE, name], stderr=open(os.devnull, "w"))
try:
    print(gzip.open(name).read().decode())
except EOFError:
    print("cut off")
shutil.rmtree(folder)
""",
    ),
    Finding(
        id="gzip-of-a-held-module",
        what="Is a gzip file complete of a module that a daemon thread holds?",
        rules=(
            "held-gzip-file-loses-its-end",
            "gzip-loses-its-end",
            "released-globals-are-closed",
            "pypy-closes-no-globals",
        ),
        status="undocumented",
        where=(
            "gzip does not mention files that are not closed, and gh-89550, which brought the "
            "buffer of 3.12, no end of a program. The search in the tracker found no thread that "
            "says that such a file is cut off."
        ),
        program="""\
import gzip, os, shutil, subprocess, sys, tempfile
PACKING = '''
import gzip
file = gzip.open("data.gz", "wb")
file.write(b"all of it" * 10000)
'''
HOLD = '''
import sys, threading, zipfile
sys.path.insert(0, "")
import packing
never = threading.Event()
thread = threading.Thread(target=lambda: never.wait())
thread.daemon = True
thread.start()
'''
folder = tempfile.mkdtemp()
with open(os.path.join(folder, "packing.py"), "w") as module:
    module.write(PACKING)
with open(os.devnull, "w") as nothing:
    subprocess.call([sys.executable, "-c", HOLD], cwd=folder, stderr=nothing)
try:
    print(gzip.open(os.path.join(folder, "data.gz")).read()[:9].decode())
except (EOFError, IOError):
    print("cut off")
shutil.rmtree(folder)
""",
    ),
    Finding(
        id="exceptions-of-threads",
        what="Is a hook called for an exception that leaves a thread's code?",
        rules=("thread-hook", "no-thread-hook"),
        status="documented",
        where=(
            "threading.excepthook, new in 3.8. The default hook is documented to ignore "
            "SystemExit. That the program's own hook is called with it is not documented."
        ),
        program="""\
import sys, threading
threading.excepthook = lambda about: sys.stdout.write("told\\n")
thread = threading.Thread(target=sys.exit)
thread.start()
thread.join()
""",
    ),
    Finding(
        id="input-flushes",
        what="Does `input()` write out what is buffered for stdout?",
        rules=("input-flushes", "exhaustion-raises"),
        status="undocumented",
        where=(
            "input says that a prompt is written, without a newline. It does not say that stdout "
            "is flushed, with or without a prompt. raw_input of CPython 2.7 does not flush."
        ),
        program="""\
import os, sys
sys.stdin = open(os.devnull)
sys.stdout.write("written\\n")
try:
    getattr(__builtins__, "raw_input", input)()
except EOFError:
    pass
os._exit(0)
""",
    ),
    Finding(
        id="signals-in-a-child-of-a-thread",
        what=(
            "Does Python code notice signals in a child that was forked by a thread other than"
            " the main one?"
        ),
        rules=("interrupt-unnoticed-after-fork", "interrupt-is-as-ctrl-c"),
        beside=("flush-writes", "thread-ends-alone"),
        status="undocumented",
        where=(
            "signal says that Python's handlers are called in the main thread, which this thread "
            "is in such a child. The search in the tracker found no thread about the change in "
            "3.13: neither Ctrl-C nor a handler of SIGTERM interrupts code that computes."
        ),
        program="""\
import os, signal, sys, threading, time

noticed = []
signal.signal(signal.SIGALRM, lambda *_: noticed.append(1))

def fork():
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        end = time.time() + 1
        while not noticed and time.time() < end:
            pass
        os.write(1, b"noticed\\n" if noticed else b"not noticed\\n")
        os._exit(0)
    os.waitpid(child, 0)

thread = threading.Thread(target=fork)
thread.start()
thread.join()
""",
    ),
    Finding(
        id="ctrl-c-before-a-prompt",
        what="How does `python -i` end after Ctrl-C in the script, when nothing is typed?",
        rules=("prompt-dies-of-past-ctrl-c", "prompt-forgets-ctrl-c"),
        status="undocumented",
        where="Command line and environment, -i, does not mention the exit status.",
        program="""\
import os, subprocess, sys
SCRIPT = "raise KeyboardInterrupt"
with open(os.devnull, "r+") as nothing:
    how = {"stdin": nothing, "stderr": nothing, "stdout": nothing}
    print(subprocess.call([sys.executable, "-i", "-c", SCRIPT], **how))
""",
    ),
    Finding(
        id="ctrl-c-at-a-prompt",
        what="How does an interactive Python end if its last statement was interrupted?",
        rules=("typed-ctrl-c-is-remembered", "typed-ctrl-c-is-forgotten"),
        status="undocumented",
        where=(
            "What's New In Python 3.8 describes the signal, but not that a prompt which went on "
            "is killed by it in the end."
        ),
        program="""\
import os, subprocess, sys
with open(os.devnull, "w") as nothing:
    how = {"stdin": subprocess.PIPE, "stderr": nothing, "stdout": nothing}
    prompt = subprocess.Popen([sys.executable, "-i"], **how)
    prompt.communicate(b"raise KeyboardInterrupt\\n")
    print(prompt.returncode)
""",
    ),
    Finding(
        id="exit-in-a-hook",
        what="Does sys.exit in sys.excepthook set the exit status after Ctrl-C?",
        rules=("hook-may-exit", "pypy-hook-does-not-exit"),
        status="undocumented",
        where=(
            "The documentation of sys.excepthook does not mention exceptions that the hook raises."
        ),
        shown_by="status",
        program="""\
import sys
sys.excepthook = lambda *told: sys.exit(5)
raise KeyboardInterrupt
""",
        beside=(
            "exits-call-no-hook",
            "system-exit",
            "ctrl-c-dies-of-sigint",
            "pypy-ctrl-c-skips-exit",
            "lifo",
            "flush-before-handlers",
            "flush-at-end",
            "handlers-leave-the-exit-alone",
        ),
    ),
    Finding(
        id="hook-for-handlers",
        what="Is sys.excepthook called for an exception in a handler?",
        rules=("hook-is-told-again-2", "handlers-call-no-hook"),
        status="undocumented",
        where=(
            "The documentation of sys.excepthook does not mention handlers, and that of "
            "atexit.register does not mention the hook."
        ),
        program="""\
import atexit, sys
sys.excepthook = lambda *told: sys.stdout.write("told\\n")

@atexit.register
def clean_up():
    raise ValueError("failed")
""",
    ),
    Finding(
        id="second-interpreters",
        what=("Do the handlers of a second interpreter run if the program does not end it?"),
        rules=(
            "subinterpreter-runs-its-own",
            "subinterpreter-left-3-8",
            "subinterpreter-of-3-7-aborts",
            "subinterpreter-forgets",
        ),
        beside=(
            *("flush-at-end", "run-returns", "handlers-leave-the-exit-alone", "lifo"),
            "nothing-happens",
        ),
        status="documented otherwise",
        where=(
            "atexit says since 3.7 that handlers are local to the interpreter. That its end may "
            "end the whole process is in the tracker only (gh-109793)."
        ),
        shown_by="both",
        program="""\
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

second = interpreters.create()
interpreters.run_string(second, "import atexit; atexit.register(print, 'ran', flush=True)")
raise SystemExit(3)
""",
    ),
    Finding(
        id="handlers-of-a-forked-process",
        what="Does a process that multiprocessing forked run the handlers that it registers?",
        rules=("process-runs-its-own", "process-ends-by-os-exit"),
        beside=("lifo", "run-returns", "process-of-old-server-exits-with-1"),
        status="undocumented",
        where=(
            "The change log of 3.13 lists it (gh-83856). The pages of atexit and multiprocessing "
            "do not mention handlers in a child, and What's New In Python 3.13 does not mention "
            "the change."
        ),
        program="""\
import atexit, multiprocessing, sys

def ran():
    sys.stdout.write("the child's own handler ran\\n")
    sys.stdout.flush()

def child():
    atexit.register(ran)

if __name__ == "__main__":
    fork = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
    process = fork.Process(target=child)
    process.start()
    process.join()
""",
    ),
    Finding(
        id="handlers-of-the-program-in-a-fork-server",
        what="If a fork server starts a program's processes, which process runs the handlers that"
        " the program's file registers?",
        rules=("fork-server-imports-the-program", "children-import-the-program"),
        beside=("lifo", "register-appends"),
        status="undocumented",
        where=(
            "multiprocessing says of set_forkserver_preload that children inherit the imported "
            "state of modules. It does not say that the program's file is preloaded by default "
            "since 3.13.8 and 3.14.1 (gh-126631), nor that what it registers then runs in the "
            "server and in none of its children. The fork server is the default on Linux since "
            "3.14."
        ),
        program="""\
import multiprocessing, os, sys

IMPORTED = os.getpid()  # where the file is imported, its handlers are registered

def child():
    sys.stdout.write("the child has imported the file: %s\\n" % (IMPORTED == os.getpid()))
    sys.stdout.flush()

if __name__ == "__main__":
    process = multiprocessing.get_context("forkserver").Process(target=child)
    process.start()
    process.join()
""",
    ),
    Finding(
        id="status-of-a-fork-servers-child",
        what="Is the exit status of a fork server's child its own?",
        rules=("process-of-old-server-exits-with-1",),
        beside=("process-ends-by-os-exit", "process-runs-its-own"),
        status="documented",
        where=(
            "The change log of 3.7 mentions children that are killed (bpo-30589): before, their "
            "starter got 255, and a child that came to its end had exit status 1 for the kernel."
        ),
        program="""\
import multiprocessing, os, signal, sys

def child():
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    server = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("forkserver")
    process = server.Process(target=child)
    process.start()
    process.join()
    sys.stdout.write("%d\\n" % process.exitcode)
""",
    ),
    Finding(
        id="shared-memory-with-a-name",
        what="Is there shared memory that has a name, and a tracker that removes it?",
        rules=("shared-memory-has-a-name", "no-shared-memory-yet"),
        status="documented",
        where="What's New In Python 3.8: multiprocessing.shared_memory.",
        program="""\
try:
    from multiprocessing.shared_memory import SharedMemory
    print("there is")
except ImportError:
    print("there is none")
""",
    ),
    Finding(
        id="exit-function-of-multiprocessing",
        what="Are a program's multiprocessing processes joined before its handlers run, or after?",
        rules=("multiprocessing-registers-late", "multiprocessing-registers-early"),
        status="undocumented",
        where=(
            "multiprocessing says that a program joins its processes when it exits. The exit "
            "function that does so is registered when the first process is started, so what a "
            "program registered before that runs after it. In Python 2 the import registered it."
        ),
        program="""\
import multiprocessing
import atexit, sys, time

def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

def child():
    time.sleep(0.3)
    say("the child ended")

if __name__ == "__main__":
    atexit.register(say, "the handler ran")
    fork = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
    fork.Process(target=child).start()
""",
    ),
    Finding(
        id="semaphores-of-multiprocessing",
        what="Does a lock of multiprocessing leave something behind when everything is killed?",
        rules=("resource-tracker",),
        beside=("no-tracker",),
        status="undocumented",
        where=(
            "What's New In Python 3.14 describes the new start method, but not that locks have "
            "names in the file system since then."
        ),
        program="""\
import multiprocessing
lock = multiprocessing.Lock()
print("a name: %s" % (getattr(lock._semlock, "name", None) is not None))
""",
    ),
)
