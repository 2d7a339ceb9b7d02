# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Handlers registered with arguments"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register cleanup('first')",
#   "register cleanup('second', False)",
#   "register cleanup(name='third', tidy=None)",
# ]
# ///
"""Does each registration keep its own arguments?

The documentation promises that what is passed to `register` after the function
is passed on to it (atexit.register).
"""

from __future__ import print_function

import atexit
import sys

import endings


def cleanup(name, tidy=True):
    print("cleanup: %s, tidy %s" % (name, tidy))


atexit.register(cleanup, "first")
atexit.register(cleanup, "second", False)
atexit.register(cleanup, name="third", tidy=None)

print("ready")
sys.stdout.flush()
endings.end_here()
