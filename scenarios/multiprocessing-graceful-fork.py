# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with a handler of SIGTERM, and a child process, start method fork"
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
#     "on SIGTERM stop, sys.exit 3",
#     {process = ["register D", "write", {try = ["end here"], finally = "finally:f"}], method = "fork"},
#     "write", "join process",
# ]
# ///
"""A program turns SIGTERM into a clean end, and then starts a process. A forked one has the
program's handler, so that SIGTERM, which Process.terminate() sends, leaves it through its `finally` clause.

The documentation of multiprocessing says of terminate() that exit handlers and finally clauses will not be executed.
"""
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


@endings.tells("finally:f")
def f():
    print("f: leaving what the child was doing")


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    print("stop: asked to end by signal", number)
    sys.exit(3)


def child():
    atexit.register(D)
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    try:
        endings.end_here("child")
    finally:
        f()


def parent():
    signal.signal(signal.SIGTERM, stop)
    context = multiprocessing.get_context("fork")  # novm: the header asks for 3.6
    process = context.Process(target=child)
    process.start()
    endings.mark("parent")
    process.join()


if __name__ == "__main__":
    parent()
