# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program and the child that it starts with subprocess"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# supervisor = "wait"
# ///
"""The parent starts this file again as its child, waits for it, and reaches its last
line. Both register A, B and C; it is the child that is ended from inside.

For the claim that the handler of a child which gets SIGTERM is not called (M4). The
documentation promises that handlers are not called when the program is killed by a
signal not handled by Python, and says nothing about the other process.
"""
from __future__ import print_function

import atexit
import subprocess
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


def parent():
    endings.mark("parent")
    child = subprocess.Popen([sys.executable, "app.py", "child"])
    print("the child ended with", child.wait())


def child():
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    endings.end_here("child")


if sys.argv[1:] == ["child"]:
    child()
else:
    parent()
