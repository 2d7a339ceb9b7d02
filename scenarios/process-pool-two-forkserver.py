# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A pool of two processes, of concurrent.futures, start method forkserver"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "exception", "SIGTERM", "SIGHUP", "SIGKILL", "SIGINT@parent", "SIGINT@group",
# ]
# not-on = {"pypy-3.9.1[56]-*" = "its pools cannot start such a worker (PyPy issue 3910)"}
#
# [tool.exitmatrix.program]
# steps = [
#     "import process pool", "register A", "register B", "register C",
#     {submit = ["end here"], workers = 2, method = "forkserver", begin = ["register D"]},
# ]
# ///
"""The same program as process-pool-two. A fork server forks the workers, which is the default on
Linux since 3.14; it goes on while its client lives.
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
    context = multiprocessing.get_context("forkserver")  # novm: the header asks for 3.7
    reader, writer = multiprocessing.Pipe()
    with ProcessPoolExecutor(2, context, begin, (reader,)) as pool:
        first = pool.submit(task)
        pool.submit(len, "").result()  # by the other worker, as the first is at its task
        writer.send("your turn")
        first.result()


if __name__ == "__main__":
    parent()
