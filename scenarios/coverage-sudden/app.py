# /// script
# requires-python = ">=3.7"
# dependencies = ["coverage"]
#
# [tool.exitmatrix]
# title = "`coverage run` with sigterm = true and patch = _exit"
# roles = ["main"]
# ready = {stdout = "ready"}
# runner = ["-m", "coverage", "run"]
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "exec", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "data of coverage" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use coverage, sigterm and _exit", "register A", "register B", "register C", "end here"]
#
# [tool.exitmatrix.program.data]
# "data of coverage" = "until saved"
# ///
"""Do two options of coverage save its data at a sudden end, and does the end stay what it is?

`sigterm = true` handles SIGTERM: it saves, and sends the signal again with what handled it before.
`patch = _exit` has os._exit save first.
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
