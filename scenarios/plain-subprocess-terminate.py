# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program that terminates the child which it started with subprocess"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "start child, then signal SIGTERM"]
# ///
"""Which handlers run when a parent sends SIGTERM to the child that it has started, and
then comes to its own end?

For the claim that the child's handler is not called (M4). The documentation promises
that Popen.terminate sends SIGTERM, and that handlers are not called when the program
is killed by a signal not handled by Python.
"""
from __future__ import print_function

import atexit
import subprocess
import sys
import time

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
    print("ready")
    sys.stdout.flush()
    child = subprocess.Popen([sys.executable, "app.py", "child"], stderr=subprocess.PIPE)
    child.stderr.readline()  # it is at work now
    child.terminate()
    print("the child ended with", child.wait())
    endings.end_here("parent")


def child():
    endings.hold("forked")
    endings.mark("child")
    print("at work", file=sys.stderr)
    sys.stderr.flush()
    time.sleep(3600)


if sys.argv[1:] == ["child"]:
    child()
else:
    parent()
