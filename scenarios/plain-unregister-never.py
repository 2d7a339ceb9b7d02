# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "unregister of a function never registered"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "unregister D"]
# ///
"""What does `unregister` do with a function that was never registered?

The documentation promises that it does nothing, silently (atexit.unregister).
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


def D():
    print("D: cleaning up")


atexit.unregister(D)

print("ready")
sys.stdout.flush()
endings.end_here()
