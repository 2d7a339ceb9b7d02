# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A Manager of multiprocessing, whose server is a forked process"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7",
#     "SIGTERM@parent", "SIGINT@parent", "SIGHUP@parent", "SIGKILL@parent",
#     "SIGTERM@group", "SIGINT@group", "SIGHUP@group", "SIGKILL@group",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["ignore SIGINT", "register D", "serve manager"]},
# ]
# ///
"""A program shares a dictionary through a Manager, and does not call its shutdown. The Manager is a
process of its own, which registers D when it begins.

The documentation of multiprocessing says that a Manager's process is shut down as soon as the Manager
is garbage collected or its parent process exits.
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
    how = {}
    if hasattr(multiprocessing, "get_context"):  # not on 2.7, which forks
        how["ctx"] = multiprocessing.get_context("fork")  # novm: behind a guard
    manager = multiprocessing.managers.SyncManager(**how)
    manager.start(begin)
    manager.dict()["key"] = "value"
    print("ready")
    sys.stdout.flush()
    endings.end_here("parent")


if __name__ == "__main__":
    parent()
