# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with semaphores, shared memory and a queue from the C library, of POSIX and of System V"
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
#     "share System V semaphore", "share System V queue",
# ]
#
# [tool.exitmatrix.program.handlers]
# A = ["unshare untracked semaphore", "unshare System V semaphore"]
# B = ["unshare untracked shared memory", "unshare System V queue"]
# ///
"""Makes a named semaphore and shared memory with sem_open(3) and shm_open(3), a semaphore and a
queue of messages with semget(2) and msgget(2), as C code and packages for IPC do. A and B
remove them.

They have kernel persistence, as shm_overview(7), sem_overview(7) and sysvipc(7) say: until
somebody removes them, or the system is shut down. The tracker of multiprocessing is told of none.
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
IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0


class Sembuf(ctypes.Structure):
    _fields_ = [("number", ctypes.c_ushort), ("by", ctypes.c_short), ("flags", ctypes.c_short)]


class Message(ctypes.Structure):
    _fields_ = [("type", ctypes.c_long), ("text", ctypes.c_char * 4)]


name = b"/app-%d" % os.getpid()


@atexit.register
def A():
    print("A: removing the semaphores")
    libc.sem_unlink(name)
    libc.semctl(semaphore, 0, IPC_RMID)


@atexit.register
def B():
    print("B: removing the shared memory and the queue")
    libc.shm_unlink(name)
    libc.msgctl(queue, IPC_RMID, None)


@atexit.register
def C():
    print("C: cleaning up")


lock = libc.sem_open(name, os.O_CREAT | os.O_EXCL, 0o600, 1)
shared = libc.shm_open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
os.ftruncate(shared, mmap.PAGESIZE)
memory = mmap.mmap(shared, mmap.PAGESIZE)
semaphore = libc.semget(IPC_PRIVATE, 1, IPC_CREAT | 0o600)
libc.semop(semaphore, ctypes.byref(Sembuf(0, 1, 0)), 1)
queue = libc.msgget(IPC_PRIVATE, IPC_CREAT | 0o600)
libc.msgsnd(queue, ctypes.byref(Message(1, b"job")), 4, 0)
endings.hold("forked")
print("ready")
sys.stdout.flush()
endings.end_here()
