# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A `finally` clause in a program that turns SIGTERM into SystemExit"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
#     "self-SIGTERM",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "on SIGTERM stop, sys.exit 0",
#   {try = ["end here"], finally = "finally:f"},
# ]
# ///
"""Does a `finally` clause run under SIGTERM where the signal's handler calls sys.exit?

The documentation promises that a handler of a signal is executed in the main thread, that
what it raises appears there out of thin air, and that sys.exit honours clean-up actions
that are specified by `finally` clauses (library/signal; library/sys, sys.exit).
"""
from __future__ import print_function

import atexit
import signal
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


@endings.tells("finally:f")
def f():
    print("f: cleaning up")


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    print("stop: asked to end by signal", number)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)

print("ready")
sys.stdout.flush()
try:
    endings.end_here()
finally:
    f()
