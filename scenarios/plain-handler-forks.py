# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A handler that forks, and returns in both processes"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# handlers = {B = "fork"}
# ///
"""Can a handler fork, and do the remaining ones run in both processes?

The documentation says that since 3.12 an attempt leads to RuntimeError, and
before that to a possible crash (atexit.register).
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
    child = os.fork()
    if child == 0:
        endings.hold("forked")
        endings.mark("child")
    else:
        os.waitpid(child, 0)


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here("parent")
