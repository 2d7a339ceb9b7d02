# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A handler that calls sys.exit(4)"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "sys.exit 4"}
# ///
"""Does `sys.exit` in a handler change the exit status, and do the others run?

The documentation says that SystemExit is raised again after all handlers had
their chance, with no traceback (atexit.register).
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
    sys.exit(4)


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
