# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A plain program with three handlers"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*", "rare"]
# launchers = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# ///
"""Registers A, B and C, does its work, and is ended in one way or another.

The documentation's promise: handlers run in the reverse of the order in which
they were registered, when the interpreter ends normally.
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


print("ready")
sys.stdout.flush()
endings.end_here()
