# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A child process of multiprocessing that makes a finalizer, as its parent has"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "finalize v",
#     {process = ["register D", "finalize w", "write", "end here"], method = "fork"},
#     "write", "join process",
# ]
# ///
"""A parent has a finalizer of weakref, v, when it starts a child by fork. The child registers D with
atexit, and makes a finalizer of its own, w, as tempfile.TemporaryDirectory does.

The documentation of weakref promises that a finalizer which is left is called at exit. Since 3.13
what a forked child of multiprocessing registers with atexit is called at its end.
"""
import atexit
import multiprocessing
import sys
import weakref

import endings


class Resource(object):
    """Something that has to be given back."""


resource = Resource()


@atexit.register
def A():
    print("A: cleaning up")


@endings.tells("weakref.finalize:v")
def v():
    print("v: cleaning up what the parent has opened")


def D():
    print("D: cleaning up what the child has opened")


@endings.tells("weakref.finalize:w")
def w():
    print("w: cleaning up what the child has opened")


def child():
    atexit.register(D)
    weakref.finalize(resource, w)
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    endings.end_here("child")


def parent():
    weakref.finalize(resource, v)
    context = multiprocessing.get_context("fork")  # novm: the header asks for 3.6
    process = context.Process(target=child)
    process.start()
    endings.mark("parent")
    process.join()


if __name__ == "__main__":
    parent()
