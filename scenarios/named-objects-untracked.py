# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with a semaphore and shared memory of POSIX, from the C library"
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
#     "share untracked semaphore", "share untracked shared memory",
# ]
# handlers = {A = "unshare untracked semaphore", B = "unshare untracked shared memory"}
# ///
"""Makes a named semaphore and shared memory with sem_open(3) and shm_open(3), as C code and
packages for POSIX IPC do. A and B remove the names.

They have kernel persistence, as shm_overview(7) and sem_overview(7) say: until somebody unlinks
them, or the system is shut down. The tracker of multiprocessing is told of neither.
"""
from __future__ import print_function

import atexit
import ctypes
import mmap
import os
import sys

import endings

libc = ctypes.CDLL(None)
libc.sem_open.restype = ctypes.c_void_p
name = b"/app-%d" % os.getpid()


@atexit.register
def A():
    print("A: removing the semaphore")
    libc.sem_unlink(name)


@atexit.register
def B():
    print("B: removing the shared memory")
    libc.shm_unlink(name)


@atexit.register
def C():
    print("C: cleaning up")


lock = libc.sem_open(name, os.O_CREAT | os.O_EXCL, 0o600, 1)
shared = libc.shm_open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
os.ftruncate(shared, mmap.PAGESIZE)
memory = mmap.mmap(shared, mmap.PAGESIZE)
endings.hold("forked")
print("ready")
sys.stdout.flush()
endings.end_here()
