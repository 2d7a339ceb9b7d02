# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A forked child that calls os._exit"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "write", "fork, child: os._exit 0"]
# ///
"""Does a forked child that calls `os._exit` leave handlers and buffers alone?

The documentation says that this is the way to end a child after os.fork
(os._exit).
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
    os._exit(0)
else:
    os.waitpid(child, 0)
    endings.end_here("parent")
