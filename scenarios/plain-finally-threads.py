# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Two threads in the middle of a `try` statement, one of them a daemon"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   {thread = [{try = ["nothing"], finally = "finally:t"}], ends = "after main"},
#   {thread = [{try = ["rest"], finally = "finally:d"}], ends = "never"},
# ]
# ///
"""Both threads are in the middle of a `try` statement when the main thread's code ends.

The documentation says that the program waits for a thread that is no daemon, whose
`finally` clause then has its time; and that daemon threads are stopped abruptly, so
that what they hold may not be released properly (threading, Thread objects).
"""
from __future__ import print_function

import atexit
import sys
import threading

import endings

main_ended = threading.Event()
resting = threading.Event()
never = threading.Event()


def shutdown(wait=threading._shutdown):
    """Every Python calls this when main's code has ended, and it waits for threads."""
    main_ended.set()
    wait()


threading._shutdown = shutdown


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


@endings.tells("finally:t")
def t():
    print("t: cleaning up")


@endings.tells("finally:d")
def d():
    print("d: cleaning up")


def work():
    try:
        main_ended.wait()
    finally:
        t()


def rest():
    try:
        resting.set()
        never.wait()
    finally:
        d()


threading.Thread(target=work).start()

daemon = threading.Thread(target=rest)
daemon.daemon = True
daemon.start()
resting.wait()

print("ready")
sys.stdout.flush()
endings.end_here()
