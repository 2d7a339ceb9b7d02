# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A plain program with a class that turns SIGTERM into a clean end"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
#     "self-SIGTERM",
# ]
# launchers = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "on SIGTERM stop, sys.exit 0"]
# ///
"""The program `plain`, and a class around `signal`: SIGTERM raises SystemExit.

For the claim that a graceful shutdown has to react to a signal, for which people
write a class of their own (B13). The documentation promises that a handler set with
signal.signal is executed in the main thread, and that SystemExit is a normal end,
at which the functions registered with atexit are called.
"""
from __future__ import print_function

import atexit
import signal
import sys

import endings


class GracefulExit(object):
    """Ends the program, as if it had called sys.exit, when it is asked to terminate."""

    def __init__(self):
        signal.signal(signal.SIGTERM, self.stop)

    @endings.tells("signal.SIGTERM:stop")
    def stop(self, number, frame):
        print("stop: asked to end by signal", number)
        sys.exit(0)


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


GracefulExit()
print("ready")
sys.stdout.flush()
endings.end_here()
