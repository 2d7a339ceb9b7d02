# /// script
# requires-python = ">=3"
# dependencies = []
#
# [tool.exitmatrix]
# title = "unregister of an equal, not identical callable"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "unregister B"]
# ///
"""Does `unregister` find a handler by equality or by identity?

The documentation says that it compares with `==`, so that references need not
be identical (atexit.unregister).
"""

import atexit
import sys

import endings


class Cleanup:
    def __init__(self, name):
        self.__name__ = name

    def __call__(self):
        print(self.__name__ + ": cleaning up")

    def __eq__(self, other):
        return isinstance(other, Cleanup) and self.__name__ == other.__name__

    def __hash__(self):
        return hash(self.__name__)


for name in "A", "B", "C":
    atexit.register(Cleanup(name))
atexit.unregister(Cleanup("B"))

print("ready")
sys.stdout.flush()
endings.end_here()
