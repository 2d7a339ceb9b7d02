# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A child process of multiprocessing, start method spawn"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7",
#     "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["register D", "write", "end here"], method = "spawn"},
#     "write", "join process",
# ]
# ///
"""The same program as multiprocessing-fork, whose child is a Python of its own that imports
the program's file: what is registered there on import is registered in the child, too.

It comes to the end of an interpreter, so handlers run in it on every Python.
"""
from __future__ import print_function

import atexit
import multiprocessing
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


def D():
    print("D: cleaning up what the child has opened")


def child():
    atexit.register(D)
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    endings.end_here("child")


def parent():
    context = multiprocessing.get_context("spawn")  # novm: the header asks for 3.6
    process = context.Process(target=child)
    process.start()
    endings.mark("parent")
    process.join()


if __name__ == "__main__":
    parent()
