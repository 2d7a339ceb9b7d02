# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Two handlers of three raise, and hooks report what is passed to them"
# roles = ["main"]
# ready = {stdout = "ready"}
# printed = true
# terminations = ["return", "sys-exit-3"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "hooks"]
# handlers = {B = "raise ValueError: B failed", C = "raise RuntimeError: C failed"}
# ///
"""Which hook of `sys` is told of an exception that leaves a handler?

For the claim that the last exception becomes the program's final error message (M8).
The documentation promises that sys.excepthook is called for an exception that is
raised and uncaught, and, since 3.8, sys.unraisablehook for one that Python is unable
to handle; it does not say which of the two a handler's exception is.
"""
from __future__ import print_function

import atexit
import sys

import endings


def excepthook(kind, value, trace):
    print("sys.excepthook is told:", kind.__name__, value, file=sys.stderr)


def unraisablehook(unraisable):
    kind, value = unraisable.exc_type, unraisable.exc_value
    print("sys.unraisablehook is told:", kind.__name__, value, file=sys.stderr)


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")
    raise ValueError("B failed")


@atexit.register
def C():
    print("C: cleaning up")
    raise RuntimeError("C failed")


sys.excepthook = excepthook
sys.unraisablehook = unraisablehook  # novm: asked for from 3.8 on, and just a name before

print("ready")
sys.stdout.flush()
endings.end_here()
