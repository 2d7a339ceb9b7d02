# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A forked child process of multiprocessing whose exit handler prints"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = ["return"]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["register D"]}, "join process",
# ]
# handlers = {D = "write"}
# ///
"""A child registers D, which prints a line, and its function returns. Its parent joins it. Stdout is a
pipe, so that Python buffers it.

Since 3.13 what such a child registers with atexit is called at its end (gh-83856).
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
    endings.mark("child")


def child():
    atexit.register(D)
    endings.hold("forked")


def parent():
    context = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
    process = context.Process(target=child)
    process.start()
    process.join()
    print("ready")
    sys.stdout.flush()
    endings.end_here("parent")


if __name__ == "__main__":
    parent()
