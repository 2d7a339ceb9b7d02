# /// script
# requires-python = ">=3.11"
# dependencies = ["coverage>=7.10"]
#
# [tool.exitmatrix]
# title = "`coverage run` with patch = subprocess, of a program with a child process"
# roles = ["master", "worker"]
# ready = {line = "ready"}
# command = ["python", "-m", "coverage", "run", "app.py"]
# server = "coverage-subprocess"
# terminations = ["SIGTERM@master", "SIGTERM@worker", "SIGKILL@worker"]
#
# [tool.exitmatrix.data]
# "data of coverage, of the child" = "kept"
#
# [tool.exitmatrix.program.data]
# "data of coverage, of the child" = "of a worker, until its handlers save it"
# ///
"""Is what coverage has measured in a child process saved when that ends?

`patch = subprocess` has each Python that is started below the program begin with coverage, which saves
in a handler of atexit. The child is a process of multiprocessing; SIGTERM to it is what
Process.terminate() does.
"""
from __future__ import print_function

import atexit
import multiprocessing
import time


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def work():
    print("ready", flush=True)  # the child alone
    time.sleep(5)


if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work)
    child.start()
    child.join()
