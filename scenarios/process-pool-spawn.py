# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A pool of one process, of concurrent.futures, start method spawn"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
# not-on = {"pypy-3.9.1[56]-*" = "its pools cannot start such a worker (PyPy issue 3910)"}
#
# [tool.exitmatrix.program]
# steps = [
#     "import process pool", "register A", "register B", "register C",
#     {submit = ["register D", "end here"], method = "spawn"},
# ]
# ///
"""The same program as process-pool. The worker is a Python of its own, which imports the program's file;
its task registers D.

The documentation of concurrent.futures says nothing of handlers in a worker.
"""
from __future__ import print_function

import atexit
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor  # novm: the header asks for 3.7

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
    print("D: cleaning up what the task has opened")


def task():
    atexit.register(D)
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    endings.end_here("child")


def parent():
    context = multiprocessing.get_context("spawn")  # novm: the header asks for 3.7
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(task).result()


if __name__ == "__main__":
    parent()
