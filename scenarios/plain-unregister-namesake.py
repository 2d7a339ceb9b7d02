# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "unregister of another function of the same name"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "unregister a namesake of B"]
# ///
"""Does `unregister` mistake a function for another one that has its name?

The documentation says that functions are compared with `==`, which for two
functions is identity (atexit.unregister).
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


def namesake_of_B():
    print("the other B: cleaning up")


namesake_of_B.__name__ = namesake_of_B.__qualname__ = "B"
atexit.unregister(namesake_of_B)

print("ready")
sys.stdout.flush()
endings.end_here()
