# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A second interpreter that is ended before the main one"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
# not-on = {pypy = "PyPy has one interpreter in a process"}
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "subinterpreter D E", "register C", "end subinterpreter"]
# ///
"""Do handlers run that a second interpreter registered, when it is ended while
the main one goes on?

Claim E9. The documentation says that since 3.7 registered functions are local
to the interpreter that registered them (atexit): its end is theirs.
"""

from __future__ import print_function

import atexit
import sys

import endings
import subinterpreters

# Each interpreter has a sys.stdout of its own: handlers flush, so that lines come in order.

SECOND = """
from __future__ import print_function

import atexit
import sys


@atexit.register
def D():
    print("D: cleaning up in the second interpreter")
    sys.stdout.flush()


@atexit.register
def E():
    print("E: cleaning up in the second interpreter")
    sys.stdout.flush()
"""


@atexit.register
def A():
    print("A: cleaning up")
    sys.stdout.flush()


@atexit.register
def B():
    print("B: cleaning up")
    sys.stdout.flush()


second = subinterpreters.start(SECOND)


@atexit.register
def C():
    print("C: cleaning up")
    sys.stdout.flush()


second.end()

print("ready")
sys.stdout.flush()
endings.end_here()
