# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A thread that is alive when main ends"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "thread that ends after main"]
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

main_ended = threading.Event()


def watch(frame, event, argument):
    if event == "return" and frame.f_code.co_name == "<module>":
        sys.setprofile(None)
        main_ended.set()


def work():
    main_ended.wait()
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

# Tells when main's code has ended. Joining the main thread would do so too, but
# up to 3.12 it makes threading._shutdown fail now and then (`assert not
# lock.locked()` in Thread._stop), and then nobody waits for the thread.
sys.setprofile(watch)

print("ready")
sys.stdout.flush()
endings.end_here()
