# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "`faulthandler.register` takes SIGTERM after the program"
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
#   "faulthandler SIGTERM",
# ]
# ///
"""The program has a handler for SIGTERM; then faulthandler is to write tracebacks when that signal
comes, as people ask for who look for the cause of a hang. By default it does not chain.

The documentation says of `chain` that the previous handler is called if it is true
(library/faulthandler, faulthandler.register).
"""
from __future__ import print_function

import atexit
import faulthandler  # novm - not asked of Python 2
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


signal.signal(signal.SIGTERM, stop)
faulthandler.register(signal.SIGTERM)

print("ready")
sys.stdout.flush()
endings.end_here()
