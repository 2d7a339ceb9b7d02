# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A handler that starts and joins a thread"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "start thread"}
# ///
"""Can a handler still start a thread?

The documentation says that since 3.12 an attempt leads to RuntimeError, and
before that to a possible crash (atexit.register).
"""

from __future__ import print_function

import atexit
import sys
import threading

import endings


def work():
    print("thread: working")


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
