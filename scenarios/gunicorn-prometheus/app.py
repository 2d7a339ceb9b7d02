# /// script
# requires-python = ">=3.10"
# dependencies = ["prometheus-client"]
#
# [tool.exitmatrix]
# title = "gunicorn --max-requests 1, with prometheus_client in its mode for several processes"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-c", "settings.py", "--max-requests", "1", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-max-requests"
# terminations = ["SIGTERM@master", "SIGINT@master", "SIGHUP@master", "SIGTERM@worker", "SIGKILL@worker", "SIGKILL@master", "return"]
#
# [tool.exitmatrix.data]
# "counter of a dead worker" = "kept"
# "live gauge of a dead worker" = "removed"
# "file that a handler of atexit removes" = "removed"
#
# [tool.exitmatrix.program.data]
# "counter of a dead worker" = "on disk"
# "live gauge of a dead worker" = "until its master sees the end"
# "file that a handler of atexit removes" = "until its handlers run"
# ///
"""Which files of a worker stay when it is gone, and who can remove them?

Each worker has a file for its counters, which are to stay, and one for gauges of those that live.
gunicorn's hook `child_exit` runs in the master, and removes the gauges as the documentation of
prometheus_client says. Beside them is a file that a worker's own handler of atexit removes.
"""

import atexit
import os

import endings
from prometheus_client import Counter, Gauge

Counter("requests", "Requests so far").inc()
Gauge("busy", "Requests now", multiprocess_mode="livesum").set(1)
own = "own_%d" % os.getpid()
open(own, "w").close()


@atexit.register
def A():
    os.remove(own)


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def app(environ, start_response):
    if environ["PATH_INFO"] == "/end":
        endings.end_here()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
