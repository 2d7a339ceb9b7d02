# /// script
# requires-python = ">=3.9"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A function in the list of `threading`, and a thread that is alive"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "threading register t",
#   "threading register u",
#   {thread = [{try = ["nothing"], finally = "finally:h"}], ends = "after main"},
# ]
# ///
"""When do functions run that were registered with `threading._register_atexit`, as those of
concurrent.futures are: before or after threads are joined, and atexit handlers run?

No documentation names it. Its docstring says: before joining threads, in reverse.
"""
import atexit
import sys
import threading

import endings

told = threading.Event()


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
    told.set()


@endings.tells("threading._register_atexit:u")
def u():
    print("u: cleaning up")


@endings.tells("finally:h")
def h():
    print("h: cleaning up")


def work():
    try:
        told.wait()
    finally:
        h()


threading._register_atexit(t)
threading._register_atexit(u)
threading.Thread(target=work).start()

print("ready")
sys.stdout.flush()
endings.end_here()
