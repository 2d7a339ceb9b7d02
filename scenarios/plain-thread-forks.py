# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A child that a thread has forked"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = ["return", "set-interrupt"]
#
# [tool.exitmatrix.program]
# steps = [
#     "register A", "register B", "register C", "write",
#     {thread = [{fork = ["end here", "flush"]}]},
# ]
# ///
"""In a child that another thread than the main one has forked, that thread is the main one.

The documentation of signal says that Python's handlers are executed in the main thread.
A child that has noticed Ctrl-C does not come to the flush of what it wrote.
"""

from __future__ import print_function

import atexit
import os
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


def fork():
    child = os.fork()
    if child == 0:
        endings.hold("forked")
        endings.mark("child")
        endings.end_here("child")
        sys.stdout.flush()
    else:
        os.waitpid(child, 0)


print("ready")
sys.stdout.flush()
endings.mark("parent")
thread = threading.Thread(target=fork)
thread.start()
thread.join()
