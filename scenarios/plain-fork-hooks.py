# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program that is told of forks by `os.register_at_fork`, and whose child leaves by os._exit"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "self-SIGTERM", "self-SIGKILL"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "call before:n", "call before:m",
#   {fork = ["call after_in_child:u", "call after_in_child:v", "os._exit 0"]},
#   "call after_in_parent:p", "call after_in_parent:q",
# ]
# ///
"""Which functions of os.register_at_fork run, in which process, and does an end call any?

The documentation says that those before a fork run in the reverse order, those after it in the
order in which they were registered, and that they run only if the child is expected to return to
the interpreter. Of ends it says nothing.
"""
import atexit
import os
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


def hook(label):
    @endings.tells(label)
    def told():
        print(label)

    return told


os.register_at_fork(after_in_parent=os.wait)  # the child has its turn first
for before, in_child, in_parent in ("mup", "nvq"):
    os.register_at_fork(
        before=hook("before:" + before),
        after_in_child=hook("after_in_child:" + in_child),
        after_in_parent=hook("after_in_parent:" + in_parent),
    )

print("ready")
sys.stdout.flush()
endings.mark("parent")
if os.fork() == 0:
    endings.hold("forked")
    endings.mark("child")
    os._exit(0)
else:
    endings.end_here("parent")
