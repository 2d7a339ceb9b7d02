# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A global object with `__del__`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "keep __del__:d"]
# ///
"""Is the `__del__` of an object called that is still a global when the program ends?

The documentation guarantees nothing (reference, Data model, object.__del__). CPython
takes its modules down when the atexit handlers have run.
"""
from __future__ import print_function

import atexit
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


@endings.tells("__del__:d")
def d():
    print("d: cleaning up")


class Resource(object):
    """Something that has to be given back."""

    def __init__(self, give_back):
        self.give_back = give_back

    def __del__(self):
        self.give_back()


resource = Resource(d)

print("ready")
sys.stdout.flush()
endings.end_here()
