# /// script
# requires-python = "<3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "`sys.exitfunc`, set after `atexit` is imported"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "exitfunc f"]
# ///
"""Do handlers that were registered with `atexit` still run when a module then assigns
its own to `sys.exitfunc`?

For the claim that it can hold one function only, while atexit serves many modules
(M9). The documentation of 2.7 warns that atexit is unlikely to work with code that
sets sys.exitfunc directly.
"""
from __future__ import print_function

import atexit
import sys

import endings


@endings.tells("sys.exitfunc:f")
def f():
    print("f: cleaning up")


@atexit.register
def A():
    print("A: cleaning up")


sys.exitfunc = f

print("ready")
sys.stdout.flush()
endings.end_here()
