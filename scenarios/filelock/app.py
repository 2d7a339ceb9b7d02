# /// script
# requires-python = ">=3.7"
# dependencies = ["filelock"]
#
# [tool.exitmatrix]
# title = "A program that holds two locks of filelock, one of the kernel and one that is a file"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "FileLock, to the next" = "removed"
# "file of SoftFileLock" = "removed"
# "SoftFileLock, to the next" = "removed"
#
# [tool.exitmatrix.program]
# steps = ["use filelock", "register A", "register B", "register C", {try = ["end here"], finally = "-release"}]
#
# [tool.exitmatrix.program.handlers]
# "-release" = ["save file of SoftFileLock", "save SoftFileLock, to the next"]
#
# [tool.exitmatrix.program.data]
# "FileLock, to the next" = "held"
# "file of SoftFileLock" = "until removed"
# ///
"""Can the next one have the lock when its holder has ended that way, and is its file there still?

FileLock is a lock of the kernel, which ends with the process. SoftFileLock is a file that exists.
"""
from __future__ import print_function

import atexit
import sys

import endings
from filelock import FileLock, SoftFileLock


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


with FileLock("hard.lock"), SoftFileLock("soft.lock"):
    print("ready")
    sys.stdout.flush()
    endings.end_here()
