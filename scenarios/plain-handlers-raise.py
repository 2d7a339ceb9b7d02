# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Two handlers of three raise"
# roles = ["main"]
# ready = {stdout = "ready"}
# printed = true
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "raise ValueError: B failed", C = "raise RuntimeError: C failed"}
# ///
"""C and B raise, each an exception of its own kind; A still has to run.

For the claims that both tracebacks are printed in the order run and that the last
exception is raised again as the final message (M8), and that a handler needs its own
try/except (B12). The documentation promises: a traceback is printed (unless SystemExit
is raised) and the exception information is saved; after all exit handlers have had a
chance to run the last exception to be raised is re-raised (atexit.register).
"""
from __future__ import print_function

import atexit
import sys

import endings


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


print("ready")
sys.stdout.flush()
endings.end_here()
