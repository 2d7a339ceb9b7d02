# /// script
# requires-python = ">=3.8"
# dependencies = ["tqdm"]
#
# [tool.exitmatrix]
# title = "A progress bar of tqdm that is half full"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM@main", "SIGINT@main", "SIGHUP@main", "SIGKILL@main", "SIGHUP@group"]
#
# [tool.exitmatrix.data]
# "last state of the bar" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use tqdm", "register A", "register B", "register C", {try = ["end here"], finally = "-close"}]
#
# [tool.exitmatrix.program.handlers]
# "-close" = "save last state of the bar"
#
# [tool.exitmatrix.program.data]
# "last state of the bar" = "until saved"
# ///
"""Does a progress bar show how far it came when the program ends that way?

It is drawn at most once in mininterval, and once more when it is closed, which its `with` statement
does. Here it writes to a file. With the first bar tqdm makes a lock of multiprocessing.
"""
from __future__ import print_function

import atexit
import sys

import endings
from tqdm import tqdm


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


with tqdm(total=100, mininterval=60, file=open("bar", "w")) as bar:
    bar.update(50)
    print("ready")
    sys.stdout.flush()
    endings.end_here()
