# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "The same program, which calls cancel_join_thread of its Queue"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["import multiprocessing", "register A", "register B", "register C", "import multiprocessing.util"]
# ///
"""The same program as multiprocessing-queue-unread, which calls cancel_join_thread of its Queue.

The documentation of multiprocessing says that cancel_join_thread prevents join_thread from blocking, and
that data that was put into the queue is then likely to be lost.
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
queue.cancel_join_thread()
print("ready")
sys.stdout.flush()
endings.end_here()
