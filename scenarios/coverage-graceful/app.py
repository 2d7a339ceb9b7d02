# /// script
# requires-python = ">=3.7"
# dependencies = ["coverage"]
#
# [tool.exitmatrix]
# title = "`coverage run` with sigterm = true, and a handler of the program's own for SIGTERM"
# roles = ["main"]
# ready = {stdout = "ready"}
# runner = ["-m", "coverage", "run"]
# terminations = ["return", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "data of coverage" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use coverage", "register A", "register B", "register C", "on SIGTERM stop, sys.exit 0", "end here"]
#
# [tool.exitmatrix.program.data]
# "data of coverage" = "until saved"
# ///
"""coverage handles SIGTERM, and then the program does: which of the two is called?

A signal has one handler, the last that was installed: nothing is left of what coverage installed.
This one leaves by SystemExit, so that the program comes to its end as any other does.
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
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print("ready")
sys.stdout.flush()
endings.end_here()
