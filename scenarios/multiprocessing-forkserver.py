# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A child process of multiprocessing, start method forkserver"
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
#     {process = ["register D", "write", "end here"], method = "forkserver"},
#     "write", "join process",
# ]
# ///
"""The same program as multiprocessing-fork, whose child is forked by a third process, the
fork server: the default on Linux since 3.14. The documentation says that children inherit
the imported state of modules that the server has imported. The program's file is one of
them since 3.13.8 and 3.14.1; before, each child imports it.

So what is registered on import is registered in the server, or in the child. The server
ends like any Python when the last process that may ask it for a child is gone.
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
    context = multiprocessing.get_context("forkserver")  # novm: the header asks for 3.6
    process = context.Process(target=child)
    process.start()
    endings.mark("parent")
    process.join()


if __name__ == "__main__":
    parent()
