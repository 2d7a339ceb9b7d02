# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "The handler that was registered second of three raises"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "raise"}
# ///
"""Which handlers still run when the one that was registered between the others
raises, and what is the exit status?

The documentation promises that all handlers have their chance to run, and that
the last exception is raised again after them (atexit.register).
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
    raise RuntimeError("B failed")


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
