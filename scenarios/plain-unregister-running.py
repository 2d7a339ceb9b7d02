# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A handler that unregisters another while running"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {C = "unregister B"}
# ///
"""Does a handler still run that was unregistered by one that ran before it?

The documentation calls the effect of unregistering within a clean-up function
undefined (atexit, note at the top).
"""

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
    atexit.unregister(B)


print("ready")
sys.stdout.flush()
endings.end_here()
