# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "unregister of a handler registered twice"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "register A", "unregister A"]
# ///
"""Does `unregister` of a handler that was registered twice take out one or both?

The documentation promises both: every occurrence is removed
(atexit.unregister).
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


atexit.register(A)
atexit.unregister(A)

print("ready")
sys.stdout.flush()
endings.end_here()
