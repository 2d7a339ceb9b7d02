# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program that has put more into a Queue of multiprocessing than anybody takes"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["import multiprocessing", "register A", "register B", "register C", "put unread"]
# ///
"""A program has put work into a Queue, and ends before its workers, of which there are none here, have
taken it.

The documentation of multiprocessing says that a process which has put items in a queue waits before it
terminates until all buffered items are fed to the pipe.
"""
from __future__ import print_function

import atexit
import multiprocessing
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


context = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
queue = context.Queue()
queue.put("work" * 100000)  # a pipe holds 64 KiB
print("ready")
sys.stdout.flush()
endings.end_here()
