# /// script
# requires-python = ">=3.13"
# dependencies = ["joblib"]
#
# [tool.exitmatrix]
# title = "joblib with two workers of loky that share an array"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "folder of joblib" = "removed"
#
# [tool.exitmatrix.program]
# steps = ["use joblib", "register A", "register B", "register C", {try = ["end here"], finally = "-leaves"}]
#
# [tool.exitmatrix.program.handlers]
# "-leaves" = "save folder of joblib"
#
# [tool.exitmatrix.program.data]
# "folder of joblib" = "until removed"
# ///
"""What is left of joblib's pool when its main process ends that way?

An array that is large is put into a file, in a folder that the main process makes and that both
workers map. The workers are at rest and the pool is open when it takes place.
"""
from __future__ import print_function

import atexit
import sys

import endings
import numpy
from joblib import Parallel, delayed


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def work(array):
    return array.sum()


if __name__ == "__main__":
    with Parallel(n_jobs=2, temp_folder=".") as pool:
        pool(delayed(work)(numpy.ones(500000)) for _ in range(2))
        print("ready")
        sys.stdout.flush()
        endings.end_here()
