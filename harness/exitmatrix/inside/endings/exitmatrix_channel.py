"""The way out of an observed process: one event, one write.

Python 2.7 and 3.6 up, nothing but `os`, `posix`, `sys`, `itertools` and `_weakref`, all loaded
before any program's first line: importing more (socket, json, threading) would
register clean-up of its own and slow every start. The protocol is the page
PROTOCOL.md beside the probe.

What the probe holds lives until the interpreter takes `posix` apart, where its stand-ins
are. It does not hold `os`, which would live as long, with all that it has imported: without
the probe that goes before.

The channel is a FIFO, named by path in the environment and opened for each
event: programs close, hand on and count descriptors. Where the path leads
nowhere (a program has changed its user, its root or its mounts), a descriptor
that was kept serves in its place. A line is shorter than PIPE_BUF, so the kernel
writes it whole or not at all (POSIX, write()), a SIGKILL at the next instruction
cannot take it back, and all processes of a trial share one order.
"""
import itertools
import os
import posix
import sys

from _weakref import ref

PATH = os.environ.get("EXITMATRIX_CHANNEL")
TOKEN = os.environ.get("EXITMATRIX_TOKEN", "")
del os
FIELD = 900  # bytes a field may have: four fields and the head stay under PIPE_BUF, 4096
NEXT = "next" if str is bytes else "__next__"
imap = getattr(itertools, "imap", map)
HIGHEST = 1024  # kept descriptors are below: a higher one would cost each fork a larger table

_owner = posix.getpid()
_first = getattr(sys.modules.get("_thread"), "get_ident", int)()  # of the thread that starts Python
_numbers = itertools.count(1)


def _claim():
    """Say which of its process's interpreters this is: 0 is the one that came first.

    Interpreters of one process import this module each for itself and share
    nothing that is the same on all Pythons. So each takes the first free name
    beside the channel. A program that another replaces (exec) keeps its pid but
    not the place of its stack, which Linux chooses anew (proc(5), stat, startstack).
    """
    if PATH is None:
        return 0
    is_main = getattr(sys.modules.get("_thread"), "_is_main_interpreter", None)  # 3.12 up
    if is_main is not None and is_main():
        return 0  # without a file, which a start would pay for and the end of the trial
    place = "%s.inside.%d.%s." % (PATH, _owner, _stack())
    number = 0 if is_main is None else 1
    while not _take(place + str(number)):
        number += 1
    return number


def _take(name):
    """Whether a name was free, or cannot be had at all."""
    try:
        posix.close(posix.open(name, posix.O_CREAT | posix.O_EXCL | posix.O_WRONLY))
    except OSError as error:
        return error.errno != 17  # EEXIST; `errno` is one more import, before the program's first
    return True


def _stack():
    try:
        fd = posix.open("/proc/self/stat", posix.O_RDONLY)
    except OSError:
        return ""
    try:
        # The second field is the command, in brackets, and may hold anything.
        return "%d" % int(posix.read(fd, 1000).rpartition(b")")[2].split()[25])
    finally:
        posix.close(fd)


SUBINTERPRETER = _claim()


def _calls():
    """What opens, writes and closes: the system calls of those names.

    3.8 to 3.11 end the thread of a subinterpreter that runs while the main one is
    being finalized, as soon as it lets go of the lock (gh-109793). The functions
    of `os` let go of it, so the telling would cut off what it tells of.
    """
    if not SUBINTERPRETER or not (3, 8) <= sys.version_info < (3, 12):
        return posix.open, posix.write, posix.close
    import ctypes
    import os

    libc = ctypes.PyDLL(None)  # calls and keeps the lock
    return (
        lambda path, flags: _checked(libc.open(os.fsencode(path), flags)),  # novm: 3.8 to 3.11
        lambda fd, data: _checked(libc.write(fd, data, len(data))),
        libc.close,
    )


def _checked(result):
    if result < 0:
        raise OSError
    return result


_open, _send, _close = _calls()
_kept = None  # a descriptor's number, and the file that it leads to
_keeps = False  # whether there is to be one


def keep():
    """Keep a descriptor of the channel from now on: this process has handlers, or gives up rights.

    Others keep none, since a descriptor can be counted.
    """
    global _keeps
    _keeps = True
    if PATH is None or _is_kept():
        return
    try:
        channel = _open(PATH, posix.O_WRONLY)
    except OSError:
        return
    _keep(channel)
    _close(channel)


def _keep(channel):
    """Keep a descriptor, under a number far from those that programs are given.

    It does not pass to another program (close-on-exec). A program may close it, and
    may then have a file of its own under the number: `_is_kept` looks each time.
    """
    global _kept
    file = _identity(channel)
    limit = posix.sysconf("SC_OPEN_MAX")
    top = min(limit, HIGHEST) if limit > 0 else HIGHEST
    for number in range(top - 1, max(top - 33, channel), -1):
        try:
            found = _identity(number)
        except OSError:  # it is free
            try:
                _duplicate(channel, number)
            except OSError:
                return  # the limit was lowered: there is the path
            found = file
        if found == file:  # another interpreter of this process may have kept it
            _kept = number, file
            return


def _duplicate(channel, number):
    if sys.version_info[0] > 2:
        posix.dup2(channel, number, False)  # novm: the third argument is new in 3.4
        return
    import fcntl  # it has no effects of its own

    posix.dup2(channel, number)
    fcntl.fcntl(number, fcntl.F_SETFD, fcntl.FD_CLOEXEC)


def _is_kept():
    """Whether the kept descriptor still leads to the channel."""
    try:
        return _kept is not None and _identity(_kept[0]) == _kept[1]
    except OSError:
        return False


def _identity(fd):
    status = posix.fstat(fd)
    return status.st_dev, status.st_ino


def _reach():
    """A descriptor of the channel, and whether it is the kept one. Raises OSError."""
    try:
        # Blocks only while nobody reads; the harness holds the other end open
        # for as long as the name exists.
        channel = _open(PATH, posix.O_WRONLY)
    except OSError:
        if _is_kept():
            return _kept[0], True
        raise
    # A subinterpreter does not look again: the look lets go of the lock, as above.
    if _keeps and not SUBINTERPRETER and not _is_kept():
        _keep(channel)
    return channel, False


def tell(source, kind, *detail):
    """Write one event: who speaks (`probe` or `endings`), what, and its details.

    Gives back its number; 0 where it could not be told.
    """
    global _owner, _numbers
    if PATH is None:
        return 0
    if posix.getpid() != _owner:
        # A forked child speaks for the first time: its numbers begin anew. Those that it has are
        # its parent's, and say which of its parent's events were before the fork.
        told = next(_numbers) - 1
        _owner, _numbers = posix.getpid(), itertools.count(1)
        _write(source, "forked", (str(posix.getppid()), str(told)) + _forker())
    return _write(source, kind, detail)


def taken():
    """What differs as soon as another event has its number."""
    return repr(_numbers)


def _forker():
    """`thread` where another thread than the first one has forked this process.

    The identifier of a thread is that of its stack, which a fork copies.
    """
    get = getattr(sys.modules.get("_thread"), "get_ident", None)
    return ("thread",) if get and get() != _first else ()


class _Last(ref):
    # Asked for its next item, in C, it calls what it holds: what has `__next__` for a slot is
    # called without a frame.
    __slots__ = (NEXT,)


_lasts = {}  # what keeps each of them, by what it writes to


def when_dropped(thing, source, number, states, returned, key):
    """Write one event when nobody has `thing` any more; False where none can be told.

    `ended`, if the next of `states` is one of `returned` by then, and `left` if not. All of it is
    done by C: no Python runs meanwhile, so no signal is handled there whose exception would be
    lost. What is written goes through a buffer, which tells nobody if it cannot be flushed. For
    CPython, which counts references.
    """
    if PATH is None or not _is_kept():
        return False
    import _io  # of C, and loaded at every start of a Python 3

    # It neither opens nor closes anything: a file that is left open would be warned of.
    end = _io.BufferedWriter(_io.FileIO(_kept[0], "wb", closefd=False), 2 * FIELD)

    def line(kind):
        head, rest = _line(source, kind, (key,))
        return _encoded(head + str(number)) + rest

    last = _Last(thing, next)
    lines = dict.fromkeys(returned, line("ended"))
    written = imap(end.write, imap(lines.get, states, itertools.repeat(line("left"))))
    setattr(last, NEXT, getattr(imap(_lasts.pop, [end], written), NEXT))
    _lasts[end] = last
    return True


def tell_last(source, kind, *detail):
    """Write one event if this process has told anything: one that never spoke stays silent."""
    if posix.getpid() == _owner:
        _write(source, kind, detail)


def _line(source, kind, detail):
    """What stands before the number of an event, and what comes after it."""
    rest = b"".join([b"\t" + _field(field) for field in (kind,) + detail]) + b"\n"
    who = "%d.%d" % (posix.getpid(), SUBINTERPRETER) if SUBINTERPRETER else str(posix.getpid())
    return "%s\t%s\t%s\t" % (TOKEN, source, who), rest


def _encoded(text):
    # 2.7 has bytes already, and would import two codecs to encode them.
    return text if str is bytes else text.encode("ascii")


def _write(source, kind, detail):
    head, rest = _line(source, kind, detail)
    try:
        channel, kept = _reach()
    except OSError:
        next(_numbers)  # the gap tells of what could not be told, if anything still can be
        _unheard()
        return 0
    try:
        # The number is taken last: a daemon thread that finalization stops in
        # between would leave a gap, as if an event had been lost.
        number = next(_numbers)
        _send(channel, _encoded(head + str(number)) + rest)
        return number
    except OSError:
        _unheard()
        return 0
    finally:
        if not kept:
            _close(channel)


def _unheard():
    """Leave a note that something could not be told: a folder takes no descriptor to make."""
    try:
        posix.mkdir("%s.unheard.%d" % (PATH, posix.getpid()))
    except OSError as error:
        if error.errno != 17 and _kept is None:  # EEXIST
            # It lost its way before it had told of a handler: nothing would contradict its
            # silence. A process that stands still is seen, and its trial is unknown.
            posix.kill(posix.getpid(), 19)  # SIGSTOP; `signal` is one more import


def _field(text):
    if not isinstance(text, bytes):
        text = text.encode("utf-8", "surrogateescape" if sys.version_info[0] > 2 else "replace")
    text = text[:FIELD].replace(b"%", b"%25").replace(b"\t", b"%09").replace(b"\n", b"%0A")
    if len(text) <= FIELD:
        return text
    half = text.rfind(b"%", FIELD - 2, FIELD)  # an escape that the cut would go through
    return text[: FIELD if half < 0 else half]
