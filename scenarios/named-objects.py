# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with a named semaphore, shared memory and a System V segment"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "exception", "os-exit-7", "self-SIGKILL",
#     "SIGHUP@main", "SIGTERM@main", "SIGINT@main", "SIGKILL@main",
#     "SIGHUP@group", "SIGTERM@group", "SIGINT@group", "SIGKILL@group",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "register A", "register B", "register C",
#     "share semaphore", "share shared memory", "share System V shared memory",
# ]
# handlers = {A = "unshare System V shared memory", B = "unshare shared memory"}
# ///
"""Makes a lock of multiprocessing as spawned processes need it, which is a semaphore with a
name, shared memory of Python 3.8 and later, and System V shared memory. A and B remove
what they can; the lock is removed by multiprocessing.

The documentation of multiprocessing says that the resource tracker unlinks the names that
are left when all processes have ended, also after a signal, and that it may be needed
when a process was killed. Nobody but the program knows of System V's.
"""
from __future__ import print_function

import atexit
import ctypes
import multiprocessing
import sys

import endings

try:
    from multiprocessing import shared_memory  # novm: behind a guard
except ImportError:  # before 3.8
    shared_memory = None

IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0
libc = ctypes.CDLL(None)


@atexit.register
def A():
    print("A: removing the segment")
    libc.shmctl(segment, IPC_RMID, None)


@atexit.register
def B():
    print("B: removing the shared memory")
    if memory:
        memory.close()
        memory.unlink()


@atexit.register
def C():
    print("C: cleaning up")


lock = multiprocessing.get_context("spawn").Lock()  # novm: the header asks for 3.6
memory = shared_memory and shared_memory.SharedMemory(create=True, size=4096)
segment = libc.shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0o600)
endings.hold("forked")
print("ready")
sys.stdout.flush()
endings.end_here()
