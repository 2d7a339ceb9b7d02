# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program that is told of exceptions by `sys.excepthook` and `threading.excepthook`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "sys.excepthook s", "threading.excepthook t"]
# ///
"""Which endings call the hooks that are told of exceptions, and before or after handlers?

The documentation says that sys.excepthook is called just before the program exits when an
exception other than SystemExit is raised and uncaught, and that threading.excepthook (3.8)
handles what leaves Thread.run, where SystemExit is silently ignored.
"""
from __future__ import print_function

import atexit
import sys
import threading

import endings


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


@endings.tells("sys.excepthook:s")
def s(kind, value, trace):
    print("s: told of", kind.__name__)


@endings.tells("threading.excepthook:t")
def t(about):
    print("t: told of", about.exc_type.__name__)


sys.excepthook = s
threading.excepthook = t  # novm: before 3.8 an attribute without a meaning

print("ready")
sys.stdout.flush()
endings.end_here()
