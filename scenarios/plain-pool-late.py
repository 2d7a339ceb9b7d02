# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A pool of threads that is asked when main's code has ended"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "import logging", "import executor", "register B", "register C",
#   {thread = ["submit pool:h"], ends = "after main"},
# ]
# handlers = {A = "submit pool:a", C = "submit pool:c"}
# ///
"""Who may still submit to a ThreadPoolExecutor when the main thread's code has ended: a thread
that is alive, a handler that was registered before the pool's module was imported, one behind?

The documentation of concurrent.futures does not say; `submit` raises RuntimeError then.
"""
import atexit
import sys
import threading

import endings


@endings.tells("pool:a")
def a():
    print("a: executed in the pool")


@endings.tells("pool:c")
def c():
    print("c: executed in the pool")


@endings.tells("pool:h")
def h():
    print("h: executed in the pool")


@atexit.register
def A():
    pool.submit(a).result()


main_ended = threading.Event()
if hasattr(threading, "_register_atexit"):
    # It runs behind what the pool's module registers there later.
    threading._register_atexit(main_ended.set)
else:

    def shutdown(wait=threading._shutdown):
        """Every Python calls this when main's code has ended, and it waits for threads."""
        main_ended.set()
        wait()

    threading._shutdown = shutdown

from concurrent.futures import ThreadPoolExecutor  # noqa: E402 - the order is what is asked

pool = ThreadPoolExecutor(max_workers=1)
pool.submit(len, "").result()


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    pool.submit(c).result()


def work():
    main_ended.wait()
    pool.submit(h).result()


threading.Thread(target=work).start()

print("ready")
sys.stdout.flush()
endings.end_here()
