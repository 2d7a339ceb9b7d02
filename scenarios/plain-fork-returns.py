# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A forked child that reaches the end of the program"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "write", "fork"]
# ///
"""Does a forked child that reaches the end of the program run the handlers that
its parent registered?

The documentation of os.fork promises nothing about them; the child is a copy,
and its end is as normal as the parent's.
"""

from __future__ import print_function

import atexit
import os
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


print("ready")
sys.stdout.flush()
endings.mark("parent")
child = os.fork()
if child == 0:
    endings.hold("forked")
    endings.mark("child")
else:
    os.waitpid(child, 0)
    endings.end_here("parent")
