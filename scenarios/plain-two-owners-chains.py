# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A library takes SIGTERM after the program, and calls the handler that it found"
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
#   "on SIGTERM library",
# ]
# handlers = {library = "call signal.SIGTERM:stop"}
# ///
"""The program has a handler for SIGTERM; then a library sets its own, which remembers the one
that it found and calls it at its end.

signal.signal returns the previous handler (library/signal); nothing but that lets two owners
of one signal live together.
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
    found(number, frame)


signal.signal(signal.SIGTERM, stop)
found = signal.signal(signal.SIGTERM, library)

print("ready")
sys.stdout.flush()
endings.end_here()
