# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Two finalizers of `weakref.finalize`, between handlers"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "finalize v", "register B", "finalize w", "register C"]
# ///
"""Do finalizers run at exit, and when: before, between or after atexit handlers?

The documentation promises that finalizers that are left run at exit, in the reverse of
the order of their creation. It does not say that they take one place in atexit's list
for all of them, that of the first one that was made.
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


@endings.tells("weakref.finalize:v")
def v():
    print("v: cleaning up")


weakref.finalize(resource, v)  # novm: not on 2.7


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@endings.tells("weakref.finalize:w")
def w():
    print("w: cleaning up")


weakref.finalize(resource, w)  # novm: not on 2.7


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()

print("ready")
sys.stdout.flush()
endings.end_here()
