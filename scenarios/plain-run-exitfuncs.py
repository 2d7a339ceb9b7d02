# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "atexit._run_exitfuncs before the end"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "run handlers"]
# ///
"""Do handlers that `atexit._run_exitfuncs` has run come again at the end?

No documentation promises it: the function is private, and its docstring says
that it runs all registered exit functions.
"""

from __future__ import print_function

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


atexit._run_exitfuncs()

print("ready")
sys.stdout.flush()
endings.end_here()
