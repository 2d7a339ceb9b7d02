# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "unregister of one of three"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "unregister B"]
# ///
"""Does `unregister` take one handler out and leave the others as they were?

The documentation says that such a function is not called at the end
(atexit.unregister, new in 3.0).
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
