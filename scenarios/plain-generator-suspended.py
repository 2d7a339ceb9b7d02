# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A global generator that is suspended in a `try` statement"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "keep generator:g"]
# ///
"""Does the `finally` clause of a generator run that nobody has closed when the program ends?

The documentation says that a generator that is not resumed before it is finalized is
closed, so that pending `finally` clauses run (reference, Yield expressions); whether it
is finalized at exit it guarantees as little as for any object.
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


@endings.tells("generator:g")
def g():
    print("g: cleaning up")


def lines(give_back):
    try:
        yield "first"
        yield "second"
    finally:
        give_back()


generator = lines(g)
next(generator)

print("ready")
sys.stdout.flush()
endings.end_here()
