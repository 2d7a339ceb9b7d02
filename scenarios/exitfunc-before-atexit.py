# /// script
# requires-python = "<3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "`sys.exitfunc`, set before `atexit` is imported"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["exitfunc f", "register A"]
# ///
"""Does a function that was assigned to `sys.exitfunc` still run when a module then
uses `atexit`?

For the claim that it can hold one function only, while atexit serves many modules
(M9). The documentation of 2.7 promises nothing about this order; its source does
(Lib/atexit.py, the last lines).
"""
from __future__ import print_function

import sys

import endings


@endings.tells("sys.exitfunc:f")
def f():
    print("f: cleaning up")


sys.exitfunc = f

import atexit


@atexit.register
def A():
    print("A: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
