# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A Pool of two processes, in a `with` statement"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {apply = ["end here"], workers = 2, begin = ["register D"]},
# ]
# ///
"""A program has a Pool of multiprocessing with two forked workers, within a `with` statement, and
waits for a task. One worker is at that task, the other has done one and waits for the next. Each
registers D when it begins.

The documentation says that the end of the `with` statement calls terminate(), which stops the
workers without completing outstanding work. It does not say what a caller sees of a task whose worker is gone.
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
    fork = multiprocessing.get_context("fork")  # novm: the header asks for 3.6
    reader, writer = multiprocessing.Pipe()
    with fork.Pool(2, begin, (reader,)) as pool:
        first = pool.apply_async(task)
        pool.apply(len, ("",))  # by the other worker, as the first is at its task
        writer.send("your turn")
        first.get()


if __name__ == "__main__":
    parent()
