# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A child process of multiprocessing, start method fork"
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
#     {process = ["register D", "write", "end here"], method = "fork"},
#     "write", "join process",
# ]
# ///
"""A parent that registers A, B and C starts a child with multiprocessing, which registers D,
and waits for its end. The child is a fork of the parent, so it has A, B and C as well.

Whose handlers run in it? The documentation of atexit promises handlers at the normal end
of the interpreter. Up to 3.12 a forked child of multiprocessing ends by os._exit, whatever
its function did; since 3.13 it forgets what it inherited and runs what it registers itself.
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
    context = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
    process = context.Process(target=child)
    process.start()
    endings.mark("parent")
    process.join()


if __name__ == "__main__":
    parent()
