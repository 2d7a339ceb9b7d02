# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A library takes SIGTERM after the program, and ends the process itself"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "on SIGTERM stop, sys.exit 0",
#   "on SIGTERM library, sys.exit 0",
# ]
# ///
"""The program has a handler for SIGTERM; then a library sets its own, which cleans up and calls
sys.exit, and does not know of the other.

The documentation has one handler for each signal: signal.signal sets it, and the one before
is returned to whoever wants to keep it (library/signal).
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


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    print("stop: asked to end by signal", number)
    sys.exit(0)


@endings.tells("signal.SIGTERM:library")
def library(number, frame):
    print("library: its own clean-up")
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGTERM, library)

print("ready")
sys.stdout.flush()
endings.end_here()
