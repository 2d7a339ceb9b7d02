# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A plain program that Python is given in another way"
# roles = ["main"]
# ready = "none"
# starts = ["c", "m", "runpy", "stdin", "interactive", "i", "s", "e", "isolated"]
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
#     "keyboard-interrupt",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# ///
"""Do handlers run as in a script, however Python was given the program?

The documentation of atexit speaks of the interpreter, and of no way to start it; that of
the command line says that -i enters interactive mode after the script, also when
sys.stdin is no terminal.
"""
import atexit
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


print("ready")
sys.stdout.flush()
endings.end_here()
