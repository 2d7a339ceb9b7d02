# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A handler that registers another while running"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "register D"}
# ///
"""Does a handler run that was registered by one that runs?

The documentation calls the effect of registering within a clean-up function
undefined (atexit, note at the top).
"""

from __future__ import print_function

import atexit
import sys

import endings


def D():
    print("D: cleaning up")


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")
    atexit.register(D)


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
