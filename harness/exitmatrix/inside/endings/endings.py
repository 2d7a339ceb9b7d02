"""Acts from inside: the in-process terminations, for scenarios to import.

Python 2.7 and 3.6 up, standard library only. Which termination takes place is
said by the environment (`EXITMATRIX_ENDING`); without it every call here does
nothing, so a scenario can be run by hand.

    import endings
    endings.end_here()    # a termination may take place in this line
    await endings.end_awaiting(loop)   # the same, in a coroutine: the event loop goes on
    endings.linger()      # a handler that is still busy when the experiment needs it
    endings.hold("why")   # wait until the harness watches this process
    endings.seconds()     # how long a slow handler takes

    @endings.tells("signal.SIGTERM:stop")   # a handler of another mechanism than atexit
    def stop(number, frame): ...

    endings.busy()        # a view that is at work until the harness lets it go on
    with endings.telling("view:busy"): ...  # and one that waits in another way, such as a coroutine
    endings.gate("answering")               # at this descriptor, which is then to be read
"""
import errno
import itertools
import os
import signal
import sys

from exitmatrix_channel import PATH, tell

UNFLUSHED = "[unflushed:%s]"
BUSY = "view:busy"  # what a view is called that is at work
ANSWERING = "answering"  # why it holds

_holds = [0]
_marked = set()
_keys = itertools.count(1)


def mark(name="main"):
    """Write a marker to stdout, without newline or flush, once a process."""
    if os.getpid() in _marked:
        return
    _marked.add(os.getpid())
    tell("endings", "marked", name)
    sys.stdout.write(UNFLUSHED % name)


def end_here(name="main"):
    """Let the chosen termination take place. May not return."""
    mark(name)
    ending = os.environ.get("EXITMATRIX_ENDING", "none")
    if ending == "wait" and PATH is None:
        signal.pause()  # by hand, until it is signalled
    elif ending == "wait":
        hold("waiting")
    elif ending in WAYS:
        if "EXITMATRIX_HELD" in os.environ:
            hold("waiting")  # below a launcher the harness looks first who is there
        tell("endings", "ending", ending)
        try:
            WAYS[ending]()
        except:  # noqa: E722 - told, and raised again
            if ending in ENDS_AT_ONCE:
                tell("endings", "no-effect", ending, "it raised " + sys.exc_info()[0].__name__)
            raise
        if ending in ENDS_AT_ONCE:
            tell("endings", "no-effect", ending, "the call came back")


def end_awaiting(loop, name="main"):
    """A future: what comes from outside is waited for without keeping the loop from its work."""
    future = loop.create_future()
    if os.environ.get("EXITMATRIX_ENDING", "none") != "wait":
        end_here(name)
        future.set_result(None)
        return future
    mark(name)
    if PATH is not None:
        fd = gate("waiting")

        def asked():
            if os.read(fd, 1) == b"?":
                tell("endings", "alive")
            else:
                loop.remove_reader(fd)
                os.close(fd)
                future.set_result(None)

        loop.add_reader(fd, asked)
    return future


def linger():
    """Stay in a handler until the harness has done what it wants done meanwhile."""
    if os.environ.get("EXITMATRIX_LINGER"):
        hold("lingering")


def seconds():
    """How long a handler of a program about slow handlers takes; a second, by hand."""
    return int(os.environ.get("EXITMATRIX_HANDLER_MS", "1000")) / 1000.0


def busy():
    """Answer for as long as the harness needs a request that is being answered."""
    with telling(BUSY):
        hold(ANSWERING)


def tells(name):
    """Have a handler tell of its own runs: one that is registered elsewhere than with atexit.

    The probe sees what `atexit` holds and nothing else; wrapping `signal.signal` or
    `sys.exitfunc` as well would change what programs find there.
    """

    def decorate(function):
        if PATH is None:
            return function
        key = _register(name, _module(function))

        def told(*args, **kwargs):
            try:
                tell("endings", "began", key)
                result = function(*args, **kwargs)
            except:  # noqa: E722 - told, and raised again
                try:
                    tell("endings", "raised", key, sys.exc_info()[0].__name__)
                except:  # another signal came before that was told, and its handler raised
                    tell("endings", "raised", key, sys.exc_info()[0].__name__)
                    raise
                raise
            tell("endings", "ended", key)
            return result

        told.__name__ = function.__name__
        told.__module__ = function.__module__
        told.__doc__ = function.__doc__
        return told

    return decorate


def _register(name, what):
    key = "endings.%d" % next(_keys)
    tell("endings", "registered", key, name, what)
    return key


class telling(object):  # noqa: N801 - it is used as `contextlib.suppress` is
    """A block that tells when it begins and how it ends, by a name as in `tells`."""

    def __init__(self, name):
        if PATH is not None:
            self._key = _register(name, __name__)

    def __enter__(self):
        if PATH is not None:
            tell("endings", "began", self._key)

    def __exit__(self, kind, error, trace):
        if PATH is not None:
            how = ("ended", self._key) if kind is None else ("raised", self._key, kind.__name__)
            tell("endings", *how)


def _module(function):
    return "%s:%s" % (function.__module__, function.__name__)


def hold(why):
    """Say that this process waits, then wait for the harness to let it go on.

    The harness may ask for a sign of life meanwhile. The FIFO is opened for both
    directions, so that opening waits for nobody (Linux: fifo(7)).

    No `try`: up to 3.9 the traceback that `atexit` prints lacks what is outside the
    last one that an exception passed (CPython 3.9 Python/pythonrun.c, PyErr_Display).
    """
    if PATH is None:
        return
    fd = gate(why)
    while _read(fd, 1) == b"?":
        tell("endings", "alive")
    os.close(fd)


def gate(why):
    """Say that this process waits; the descriptor that can be read when it may go on.

    By hand nobody is waited for: it can be read at once.
    """
    if PATH is None:
        read, write = os.pipe()
        os.close(write)
        return read
    _holds[0] += 1
    name = "%s.hold.%d.%d" % (PATH, os.getpid(), _holds[0])
    os.mkfifo(name)
    fd = os.open(name, os.O_RDWR)
    tell("endings", "holding", name, why, str(os.getppid()))
    return fd


def _read_again(fd, size):
    while True:
        try:
            return os.read(fd, size)
        except OSError as error:  # noqa: PERF203 - it is for this that it is here
            if error.errno != errno.EINTR:
                raise


# Since 3.5 Python begins again by itself after a signal's handler (PEP 475).
_read = os.read if sys.version_info >= (3, 5) else _read_again


def _exception():
    raise RuntimeError("nobody catches this")


def _keyboard_interrupt():
    raise KeyboardInterrupt


def _system_exit():
    raise SystemExit(3)


def _in_thread(target):
    import threading

    thread = threading.Thread(target=target, name="Thread-1")
    thread.start()
    thread.join()


def _libc():
    import ctypes

    return ctypes.CDLL(None)


def _segfault():
    import ctypes

    # Through libc, because ctypes checks for null itself on some implementations.
    _libc().strlen(ctypes.c_void_p(1))


def _fatal_error():
    import ctypes

    ctypes.pythonapi.Py_FatalError(b"asked for")


def _hang():
    while True:
        signal.pause()


def _stdout_closed():
    """The reader of stdout goes away, as with `| head`."""
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(write)
    os.close(read)


def _wait_for_the_end():
    while True:
        signal.pause()


def _py_exit():
    import ctypes

    ctypes.pythonapi.Py_Exit(5)


def _faulthandler_exit():
    import faulthandler  # novm: not on 2.7, where this does not take place

    faulthandler.dump_traceback_later(0.05, exit=True)  # novm: as above
    _wait_for_the_end()


def _alarm():
    signal.setitimer(signal.ITIMER_REAL, 0.05)  # the clock of alarm(), which counts whole seconds
    _wait_for_the_end()


def _cpu_limit():
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (1, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    while True:
        pass


def _file_limit():
    import resource

    fd = os.open("too-large", os.O_CREAT | os.O_WRONLY)
    os.unlink("too-large")
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    os.write(fd, b"0123456789")
    os.write(fd, b"0")


def _memory_limit():
    import resource

    most = 1 << 30
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    bytearray(2 * most)


def _group_limit():
    with open(os.path.join(os.environ["EXITMATRIX_GROUP"], "cgroup.procs"), "w") as group:
        group.write(str(os.getpid()))
    [b"x" * (1 << 20) for number in range(1024)]


def _recursion_limit():
    _recursion_limit()


def _stack_overflow():
    class Endless(object):
        """Its `repr` calls itself through C code, as that of what holds itself may do."""

        def __repr__(self):
            return repr(self)

    sys.setrecursionlimit(1 << 30)
    repr(Endless())


def _input_ended():
    read, write = os.pipe()
    os.dup2(read, 0)
    os.close(read)
    os.close(write)
    try:
        ask = raw_input  # noqa: F821 - of 2.7
    except NameError:
        ask = input
    ask()


def _stdout_full():
    import fcntl

    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK)
    os.write(write, b" " * (1 << 20))  # as much as it takes
    fcntl.fcntl(write, fcntl.F_SETFL, 0)
    os.dup2(write, 1)


def _interrupt_main():
    try:
        import _thread as thread  # novm: of 3
    except ImportError:
        import thread  # novm: of 2.7
    _in_thread(thread.interrupt_main)  # novm: as above


def _set_interrupt():
    import ctypes

    ctypes.pythonapi.PyErr_SetInterrupt()


WAYS = {
    "return": lambda: None,
    "sys-exit-0": lambda: sys.exit(0),
    "sys-exit-3": lambda: sys.exit(3),
    "sys-exit-message": lambda: sys.exit("a message"),
    "sys-exit-256": lambda: sys.exit(256),
    "sys-exit-minus-1": lambda: sys.exit(-1),
    "thread-system-exit": lambda: _in_thread(_system_exit),
    "os-exit-0": lambda: os._exit(0),
    "os-exit-3": lambda: os._exit(3),
    "os-exit-7": lambda: os._exit(7),
    "exception": _exception,
    "thread-exception": lambda: _in_thread(_exception),
    "keyboard-interrupt": _keyboard_interrupt,
    "abort": os.abort,
    "segfault": _segfault,
    "fatal-error": _fatal_error,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "libc-exit": lambda: _libc().exit(5),
    "libc-immediate-exit": lambda: _libc()._exit(5),
    "libc-quick-exit": lambda: _libc().quick_exit(5),
    "self-SIGTERM": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "self-SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hang": _hang,
    "stdout-closed": _stdout_closed,
    "py-exit": _py_exit,
    "os-exit-in-thread": lambda: _in_thread(lambda: os._exit(3)),
    "faulthandler-exit": _faulthandler_exit,
    "alarm": _alarm,
    "cpu-limit": _cpu_limit,
    "file-limit": _file_limit,
    "memory-limit": _memory_limit,
    "group-limit": _group_limit,
    "recursion-limit": _recursion_limit,
    "stack-overflow": _stack_overflow,
    "input-ended": _input_ended,
    "stdout-full": _stdout_full,
    "interrupt-main": _interrupt_main,
    "set-interrupt": _set_interrupt,
    "exec-python": lambda: os.execv(sys.executable, [sys.executable, "-c", "pass"]),
}

# These neither return nor raise. A signal to oneself does return where the
# program handles it, so self-SIGTERM is not among them.
ENDS_AT_ONCE = frozenset(
    [
        "os-exit-0",
        "os-exit-3",
        "os-exit-7",
        "abort",
        "segfault",
        "fatal-error",
        "exec",
        "libc-exit",
        "libc-immediate-exit",
        "libc-quick-exit",
        "self-SIGKILL",
        "group-limit",
        "py-exit",
        "os-exit-in-thread",
        "faulthandler-exit",
        "exec-python",
    ]
)
