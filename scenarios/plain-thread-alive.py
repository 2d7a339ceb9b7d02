# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A thread that is alive when main ends"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return"]
# ///
"""Do handlers wait for a thread that is still at work when the main thread ends?

The documentation says that the program exits when no thread that is not a
daemon is left (threading, Thread Objects), and handlers run at that exit.
"""

from __future__ import print_function

import atexit
import sys
import threading

import endings

main = threading.current_thread()


def work():
    main.join()
    print("thread: still at work")


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


threading.Thread(target=work).start()

print("ready")
sys.stdout.flush()
endings.end_here()
