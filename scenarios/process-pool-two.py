# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A pool of two processes, of concurrent.futures"
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
#     {submit = ["end here"], workers = 2, begin = ["register D"]},
# ]
# ///
"""A program has a ProcessPoolExecutor of two forked workers, within a `with` statement, and waits
for a task. One worker is at that task, the other has done one and waits for the next. Each
registers D when it begins.

The documentation of concurrent.futures says that a worker which ends abruptly breaks the pool; it
does not say what becomes of the other workers.
"""
import atexit
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

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


def begin(reader):
    global turn
    turn = reader
    atexit.register(D)
    endings.hold("forked")


def task():
    turn.recv()
    print("ready")
    sys.stdout.flush()
    endings.end_here("child")


def parent():
    fork = multiprocessing.get_context("fork")  # novm: the header asks for 3.7
    reader, writer = multiprocessing.Pipe()
    with ProcessPoolExecutor(2, fork, begin, (reader,)) as pool:
        first = pool.submit(task)
        pool.submit(len, "").result()  # by the other worker, as the first is at its task
        writer.send("your turn")
        first.result()


if __name__ == "__main__":
    parent()
