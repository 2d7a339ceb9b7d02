# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program takes SIGTERM after a library, whose handler it does not know"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "on SIGTERM library, nothing",
#   "on SIGTERM stop, sys.exit 0",
# ]
# ///
"""A library has a handler for SIGTERM, which chains to the one that it found; then the program
sets its own. The library's is forgotten.
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
    if callable(found):
        found(number, frame)


found = signal.signal(signal.SIGTERM, library)
signal.signal(signal.SIGTERM, stop)

print("ready")
sys.stdout.flush()
endings.end_here()
