# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A Pool of one process that is left open"
# roles = ["parent", "child"]
# acts = "parent"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM@parent", "SIGINT@parent",
#     "SIGKILL@parent", "SIGTERM@group", "SIGHUP@parent", "SIGHUP@group", "SIGKILL@group",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["register D", "await task"], daemon = true},
# ]
# ///
"""A program has a Pool of multiprocessing, which it neither closes nor terminates. Its worker,
which registers D when it begins, waits for a task when the program ends.

The documentation says that Pool objects have to be closed or terminated by the program, that
failure to do so can lead to the process hanging on finalization, and that the daemonic worker
processes are terminated when the pool is garbage collected.

Ctrl-C to the group is left out: the worker ends of it, and the pool may have started another one
before its own end comes, at which that one is at any place of its start.
"""
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
    print("D: cleaning up what the worker has opened")


def begin():
    atexit.register(D)
    endings.hold("forked")


def task():
    return "done"


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")  # novm: the header asks for 3.6
    pool = fork.Pool(1, initializer=begin)
    pool.apply(task)
    print("ready")
    sys.stdout.flush()
    endings.end_here("parent")
