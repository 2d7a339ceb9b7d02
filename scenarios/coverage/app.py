# /// script
# requires-python = ">=3.7"
# dependencies = ["coverage"]
#
# [tool.exitmatrix]
# title = "`coverage run` of a program with three handlers"
# roles = ["main"]
# ready = {stdout = "ready"}
# runner = ["-m", "coverage", "run"]
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "exec", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "data of coverage" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use coverage", "register A", "register B", "register C", "end here"]
#
# [tool.exitmatrix.program.data]
# "data of coverage" = "until saved"
# ///
"""Is what coverage has measured saved when the program ends that way?

coverage keeps it in memory. It writes it when the program that it runs is over, and in
a handler of atexit.
"""
from __future__ import print_function

import atexit
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


print("ready")
sys.stdout.flush()
endings.end_here()
