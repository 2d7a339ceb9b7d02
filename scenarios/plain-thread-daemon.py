# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A daemon thread that is alive when main ends"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "daemon thread"]
# ///
"""Do handlers run, without waiting, while a daemon thread is still alive?

The documentation says that daemon threads do not keep a program from exiting
and are stopped abruptly (threading, Thread Objects).
"""

from __future__ import print_function

import atexit
import sys
import threading

import endings

never = threading.Event()


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


thread = threading.Thread(target=never.wait)
thread.daemon = True
thread.start()

print("ready")
sys.stdout.flush()
endings.end_here()
