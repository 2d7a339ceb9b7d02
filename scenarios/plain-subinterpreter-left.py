# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A second interpreter that is still there when the main one ends"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
# not-on = {pypy = "PyPy has one interpreter in a process"}
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "subinterpreter D E", "register C"]
# handlers = {D = "say cleaning up", E = "say cleaning up"}
# ///
"""Do handlers run that a second interpreter registered, when nobody ends it and
the main one comes to its end?

Claim E9. The C API asks for every subinterpreter to be ended first
(Py_FinalizeEx); 3.14 says that those that remain are ended then
(concurrent.interpreters).
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



print("ready")
sys.stdout.flush()
endings.end_here()
