# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Exit functions of a registry of one's own, which a signal handler and a hook call"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#   "return", "sys-exit-3", "exception", "thread-exception", "keyboard-interrupt", "os-exit-7", "self-SIGTERM",
#   "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["on SIGTERM stop", "sys.excepthook report"]
# tells = ["A", "B", "C"]
#
# [tool.exitmatrix.program.handlers]
# stop = [
#   {try = ["nothing"], finally = "C"}, {try = ["nothing"], finally = "B"}, {try = ["nothing"], finally = "A"},
#   "sys.exit 0",
# ]
# "sys.excepthook:report" = [
#   {try = ["nothing"], finally = "C"}, {try = ["nothing"], finally = "B"}, {try = ["nothing"], finally = "A"},
#   "sys.exit 1",
# ]
# ///
"""Is ended with three exit functions in a list of its own instead of atexit's: a handler for
SIGTERM and sys.excepthook call them and then sys.exit.

For the packages and recipes that are to run exit functions always, or in each process of
multiprocessing (multiexit). The documentation promises that a handler set with
signal.signal is executed, and that sys.excepthook is called for what nobody catches: not
for SystemExit, and not at the end of the code.
"""
from __future__ import print_function

import signal
import sys

import endings

registry = []


def register(function):
    registry.append(function)
    return function


def run_and_exit(status):
    for function in reversed(registry):
        function()
    sys.exit(status)


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    run_and_exit(0)


@endings.tells("sys.excepthook:report")
def report(kind, value, trace):
    run_and_exit(1)


@register
@endings.tells("A")
def A():
    print("A: cleaning up")


@register
@endings.tells("B")
def B():
    print("B: cleaning up")


@register
@endings.tells("C")
def C():
    print("C: cleaning up")


signal.signal(signal.SIGTERM, stop)
sys.excepthook = report

print("ready")
sys.stdout.flush()
endings.end_here()
