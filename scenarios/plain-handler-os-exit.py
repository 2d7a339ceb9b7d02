# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A handler that calls os._exit(4)"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "os._exit 4"}
# ///
"""What is left undone when a handler calls `os._exit`?

The documentation says that it ends the process without calling clean-up
handlers and without flushing buffers (os._exit).
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
    os._exit(4)


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
