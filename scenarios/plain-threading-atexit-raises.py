# /// script
# requires-python = ">=3.9"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A function in the list of `threading` that raises"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "threading register t",
#   "threading register u",
# ]
# handlers = {"threading._register_atexit:u" = "raise ValueError: failed"}
# ///
"""Does the function that was registered first still run when a later one raises?

No documentation names this list. threading._shutdown calls one function after another,
without a word about exceptions.
"""
import atexit
import sys
import threading

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


@endings.tells("threading._register_atexit:t")
def t():
    print("t: cleaning up")


@endings.tells("threading._register_atexit:u")
def u():
    print("u: cleaning up")
    raise ValueError("failed")


threading._register_atexit(t)
threading._register_atexit(u)

print("ready")
sys.stdout.flush()
endings.end_here()
