"""The way out of an observed process: one event, one write.

Python 2.7 and 3.6 up, nothing but `os`, `sys` and `itertools`, all three loaded
before any program's first line: importing more (socket, json, threading) would
register clean-up of its own and slow every start. The protocol is the page
PROTOCOL.md beside the probe.

The channel is a FIFO, named by path in the environment. No descriptor is kept:
programs close, hand on and count descriptors, and one that we held could be
closed and its number given to the program's own file. A line is shorter than
PIPE_BUF, so the kernel writes it whole or not at all (POSIX, write()), a
SIGKILL at the next instruction cannot take it back, and all processes of a
trial share one order.
"""
import itertools
import os
import sys

PATH = os.environ.get("EXITMATRIX_CHANNEL")
TOKEN = os.environ.get("EXITMATRIX_TOKEN", "")
FIELD = 900  # bytes a field may have: four fields and the head stay under PIPE_BUF, 4096

_owner = os.getpid()
_numbers = itertools.count(1)


def tell(source, kind, *detail):
    """Write one event: who speaks (`probe` or `endings`), what, and its details."""
    global _owner, _numbers
    if PATH is None:
        return
    if os.getpid() != _owner:
        # A forked child speaks for the first time: its numbers begin anew, and
        # what it inherited is known from its parent's events up to here.
        _owner, _numbers = os.getpid(), itertools.count(1)
        _write(source, "forked", (str(os.getppid()),))
    _write(source, kind, detail)


def _write(source, kind, detail):
    rest = b"".join([b"\t" + _field(field) for field in (kind,) + detail]) + b"\n"
    head = "%s\t%s\t%d\t" % (TOKEN, source, os.getpid())
    try:
        # Blocks only while nobody reads; the harness holds the other end open
        # for as long as the name exists.
        channel = os.open(PATH, os.O_WRONLY)
    except OSError:
        next(_numbers)  # the gap tells of what could not be told, if anything still can be
        return
    try:
        # The number is taken last: a daemon thread that finalization stops in
        # between would leave a gap, as if an event had been lost.
        head += str(next(_numbers))
        # 2.7 has bytes already, and would import two codecs to encode them.
        os.write(channel, (head if str is bytes else head.encode("ascii")) + rest)
    except OSError:
        pass
    finally:
        os.close(channel)


def _field(text):
    if not isinstance(text, bytes):
        text = text.encode("utf-8", "surrogateescape" if sys.version_info[0] > 2 else "replace")
    text = text[:FIELD].replace(b"%", b"%25").replace(b"\t", b"%09").replace(b"\n", b"%0A")
    if len(text) <= FIELD:
        return text
    half = text.rfind(b"%", FIELD - 2, FIELD)  # an escape that the cut would go through
    return text[: FIELD if half < 0 else half]
