# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A daemon thread that is joined in `__del__` when the program is over"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "daemon thread", "keep __del__:d"]
# handlers = {"__del__:d" = "join daemon, else __del__:late"}
# ///
"""Pools of connections end their workers in `__del__`: they ask them to end, and join them with a
timeout. What does that do for a pool that is a global when the program is over?

The documentation of 3.14 says that joining a daemon thread then may raise
PythonFinalizationError (library/threading, Thread.join).
"""
from __future__ import print_function

import atexit
import sys
import threading

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


@endings.tells("__del__:late")
def late():
    print("late: the thread is still alive")


@endings.tells("__del__:d")
def d(worker, late=late):
    worker.asked.set()
    worker.thread.join(0.5)
    if worker.thread.is_alive():
        late()


class Worker(object):
    """A thread that works for whoever has this object."""

    def __init__(self, give_back):
        self.asked = threading.Event()
        self.give_back = give_back
        self.thread = threading.Thread(target=self.asked.wait)
        self.thread.daemon = True
        self.thread.start()

    def __del__(self):
        self.give_back(self)


worker = Worker(d)

print("ready")
sys.stdout.flush()
endings.end_here()
