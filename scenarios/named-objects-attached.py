# /// script
# requires-python = ">=3.8"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program that attaches to shared memory which another program has made"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "exception", "os-exit-7", "SIGTERM@main", "SIGINT@main", "SIGKILL@main",
#     "SIGHUP@group", "SIGTERM@group", "SIGINT@group", "SIGHUP@main", "SIGKILL@group",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "share shared memory"]
# ///
"""Another program, in any language, has made shared memory with shm_open(3) that is meant to stay. This
one attaches to it by its name, and closes it in A.

The documentation of multiprocessing.shared_memory says that close() does not destroy the memory. Of
`track`, which is new in 3.13, it says that a process which is no child of the one that has made the memory
should set it to False.
"""
import atexit
import os
import sys
from multiprocessing.shared_memory import SharedMemory

import endings


@atexit.register
def A():
    print("A: detaching from the memory")
    memory.close()


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def make(name):
    """What the other program does: on Linux, shm_open(3) opens a file there."""
    made = os.open("/dev/shm/" + name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    os.ftruncate(made, 4096)
    os.close(made)


name = "app-%d" % os.getpid()
make(name)
memory = SharedMemory(name)
endings.hold("forked")
print("ready")
sys.stdout.flush()
endings.end_here()
