# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "One handler registered twice"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "register A"]
# ///
"""Does a handler that was registered twice run once or twice?

The documentation says that the same function may be registered more than once
(atexit.register).
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


@atexit.register
def C():
    print("C: cleaning up")


atexit.register(A)

print("ready")
sys.stdout.flush()
endings.end_here()
