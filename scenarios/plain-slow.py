# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Three slow handlers, which a second signal may cut off"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["SIGTERM-then-SIGKILL", "SIGINT-then-SIGINT"]
# handler-ms = [100, 1000, 2000, 3000]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "on SIGTERM -, sys.exit 0"]
# ///
"""How long may handlers take when the runtime kills what has not ended in time, or
when somebody presses Ctrl-C again?

Claim B12: a handler that takes too long is cut off. SIGTERM is turned into
SystemExit, for otherwise no handler would begin. The documentation of atexit sets
no limit; who sends SIGKILL does. A second Ctrl-C raises KeyboardInterrupt in the
handler that runs, and the others run after it.
"""
from __future__ import print_function

import atexit
import signal
import sys
import time

import endings


def stop(number, frame):
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)


@atexit.register
def A():
    print("A: cleaning up")
    time.sleep(endings.seconds())
    print("A: done")


@atexit.register
def B():
    print("B: cleaning up")
    time.sleep(endings.seconds())
    print("B: done")


@atexit.register
def C():
    print("C: cleaning up")
    time.sleep(endings.seconds())
    print("C: done")


print("ready")
sys.stdout.flush()
endings.end_here()
