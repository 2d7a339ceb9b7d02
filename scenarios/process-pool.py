# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A pool of one process, of concurrent.futures"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import process pool", "register A", "register B", "register C",
#     {submit = ["register D", "end here"]},
# ]
# ///
"""A program submits a task to a ProcessPoolExecutor and waits for its result, within a `with`
statement. The worker is forked; its task registers D.

The documentation of concurrent.futures promises that shutdown, which the `with` statement
calls, waits for the pending futures, and that a worker which ends abruptly breaks the pool.
What a task raises is raised where its result is asked for.
"""
from __future__ import print_function

import atexit
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor  # novm: the header asks for 3.6

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


def new_pool():
    if sys.version_info < (3, 7):
        return ProcessPoolExecutor(1)  # it forks, on Linux
    fork = multiprocessing.get_context("fork")  # novm: 3.7 and later come here
    return ProcessPoolExecutor(1, mp_context=fork)


def parent():
    with new_pool() as pool:
        pool.submit(task).result()


if __name__ == "__main__":
    parent()
