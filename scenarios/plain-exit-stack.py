# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A plain program that cleans up by `contextlib.ExitStack`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", {try = [{try = ["end here"], finally = "ExitStack:t"}], finally = "ExitStack:s"}]
# ///
"""Is ended in a `with` statement whose ExitStack holds two callbacks.

The documentation promises that the callbacks are called when the instance is closed, in
the reverse of the order of their registration, and compares them with nested `with`
statements (library/contextlib, ExitStack).
"""
import atexit
import contextlib
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


@endings.tells("ExitStack:s")
def s():
    print("s: cleaning up")
    endings.linger()


@endings.tells("ExitStack:t")
def t():
    print("t: cleaning up")
    endings.linger()


print("ready")
sys.stdout.flush()
with contextlib.ExitStack() as stack:  # novm: not on 2.7
    stack.callback(s)
    stack.callback(t)
    endings.end_here()
