# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A finalizer of `weakref.finalize` that calls `sys.exit`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "finalize v", "finalize w"]
# handlers = {"weakref.finalize:w" = "sys.exit 4"}
# ///
"""Does a finalizer that was made first still run when a later one raises SystemExit?

The documentation of weakref.finalize says that exceptions raised by finalizer callbacks
during exit are shown on the standard error output, and cannot be propagated. One handler
of atexit runs them all, and it catches Exception only.
"""
import atexit
import sys
import weakref

import endings


class Resource(object):
    """Something that has to be given back."""


resource = Resource()


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


@endings.tells("weakref.finalize:v")
def v():
    print("v: cleaning up")


@endings.tells("weakref.finalize:w")
def w():
    print("w: cleaning up")
    sys.exit(4)


weakref.finalize(resource, v)  # novm: not on 2.7
weakref.finalize(resource, w)  # novm: not on 2.7

print("ready")
sys.stdout.flush()
endings.end_here()
