# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A daemon thread that is stuck in a write to stdout when main's code ends"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "daemon thread", "hold stdout"]
# ///
"""A daemon thread writes to stdout, whose reader does not keep up, as behind `| less`: it waits
in its write when main's code ends. Do handlers run, which write to nothing but stderr?

The documentation of threading says that the entire Python program exits when only daemon
threads are left.
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


def is_full():
    waiting = struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"room"))[0]
    return waiting == fcntl.fcntl(write, F_GETPIPE_SZ)


@atexit.register
def A():
    print("A: cleaning up", file=sys.stderr)


@atexit.register
def B():
    print("B: cleaning up", file=sys.stderr)


@atexit.register
def C():
    print("C: cleaning up", file=sys.stderr)


def work():
    os.dup2(write, 1)  # from here on the reader of stdout does not keep up
    sys.stdout.write("x" * 2 * fcntl.fcntl(write, F_GETPIPE_SZ))


print("ready")
sys.stdout.flush()

thread = threading.Thread(target=work)
thread.daemon = True
thread.start()
while not is_full():
    time.sleep(0.01)

endings.end_here()
