# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "atexit._clear before the end"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "clear"]
# ///
"""Does `atexit._clear` forget every handler?

No documentation promises it: the function is private, and its docstring says
that it clears the list of exit functions.
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


atexit._clear()

print("ready")
sys.stdout.flush()
endings.end_here()
