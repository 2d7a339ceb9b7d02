# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A daemon thread that is stuck in a write to stdout when the handlers have run"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "daemon thread"]
# handlers = {A = "hold stdout"}
# ///
"""A handler asks a daemon thread for its last words, and nobody reads them: the thread waits
in its write to stdout, as behind `| less`, when the interpreter comes to its end.

The documentation of sys says what follows if stdout cannot be flushed (an exit status of 120),
that of threading that daemon threads are stopped abruptly at shutdown. Of a lock that such a
thread holds it says nothing.
"""
from __future__ import print_function

import atexit
import fcntl
import os
import struct
import sys
import termios
import threading
import time

import endings

F_GETPIPE_SZ = 1032  # fcntl(2); fcntl has a name for it since 3.10
read, write = os.pipe()
asked = threading.Event()


def is_full():
    waiting = struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"room"))[0]
    return waiting == fcntl.fcntl(write, F_GETPIPE_SZ)


@atexit.register
def A():
    asked.set()
    while not is_full():
        time.sleep(0.01)


@atexit.register
def B():
    print("B: cleaning up", file=sys.stderr)


@atexit.register
def C():
    print("C: cleaning up", file=sys.stderr)


def work():
    asked.wait()
    os.dup2(write, 1)  # from here on the reader of stdout does not keep up
    sys.stdout.write("x" * 2 * fcntl.fcntl(write, F_GETPIPE_SZ))


thread = threading.Thread(target=work)
thread.daemon = True
thread.start()

print("ready")
sys.stdout.flush()
endings.end_here()
