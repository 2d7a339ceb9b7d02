# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A Manager of multiprocessing, whose process a fork server forks"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception",
#     "SIGTERM@parent", "SIGINT@parent", "SIGHUP@parent", "SIGKILL@parent",
#     "SIGTERM@group", "SIGINT@group", "SIGHUP@group", "SIGKILL@group",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["ignore SIGINT", "register D", "serve manager"], method = "forkserver"},
# ]
# ///
"""The same program as multiprocessing-manager, with the start method that is the default on Linux since
3.14.

It is not ended by os._exit: without the probe nothing tells a fork server from other processes once
the program that started it has ended itself, so those cells would be unknown. SIGKILL to the parent
leaves the same processes.
"""
from __future__ import print_function

import atexit
import multiprocessing
import multiprocessing.managers
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
    print("D: cleaning up what the manager has opened")


def begin():
    atexit.register(D)
    endings.hold("forked")


def parent():
    context = multiprocessing.get_context("forkserver")  # novm: the header asks for 3.6
    manager = multiprocessing.managers.SyncManager(ctx=context)
    manager.start(begin)
    manager.dict()["key"] = "value"
    print("ready")
    sys.stdout.flush()
    endings.end_here("parent")


if __name__ == "__main__":
    parent()
