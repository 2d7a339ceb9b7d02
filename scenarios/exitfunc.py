# /// script
# requires-python = "<3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "`sys.exitfunc`, set by two modules"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["exitfunc f", "exitfunc g"]
# ///
"""Which functions run when two of them are assigned to `sys.exitfunc`?

For the claim that it can hold one function only, while atexit serves many modules
(M9). The documentation of 2.7 promises the same (sys.exitfunc), and that Python 3 has
no such variable.
"""
from __future__ import print_function

import sys

import endings


@endings.tells("sys.exitfunc:f")
def f():
    print("f: cleaning up")


@endings.tells("sys.exitfunc:g")
def g():
    print("g: cleaning up")


sys.exitfunc = f
sys.exitfunc = g

print("ready")
sys.stdout.flush()
endings.end_here()
