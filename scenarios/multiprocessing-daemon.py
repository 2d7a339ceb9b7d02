# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A daemonic child process of multiprocessing, whose parent does not wait for it"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM@parent", "SIGINT@parent",
#     "SIGINT@group", "SIGKILL@parent", "SIGHUP@parent", "SIGTERM@group", "SIGHUP@group",
#     "SIGKILL@group",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["register D", "rest"], daemon = true},
# ]
# ///
"""A parent starts a child with daemon=True, which is at work when the parent ends.

The documentation of multiprocessing promises that a process attempts to terminate all
of its daemonic children when it exits. It does so in an atexit handler, with SIGTERM:
a parent that ends past its handlers leaves the child, an orphan.
"""
from __future__ import print_function

import atexit
import multiprocessing
import signal
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


def child(connection):
    atexit.register(D)
    endings.hold("forked")
    connection.send("at work")
    while True:
        signal.pause()


def parent():
    context = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs,))
    process.daemon = True
    process.start()
    ours.recv()
    print("ready")
    sys.stdout.flush()
    endings.end_here("parent")


if __name__ == "__main__":
    parent()
