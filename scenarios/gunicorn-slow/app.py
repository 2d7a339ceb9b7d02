# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn>=23,!=25.*"]
#
# [tool.exitmatrix]
# title = "gunicorn with two sync workers, whose clean-up takes its time"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-slow"
# terminations = ["SIGINT@group"]
# handler-ms = [200]
# ///
"""What comes of clean-up that takes its time when Ctrl-C is pressed?

Each worker gets SIGINT, and SIGQUIT of its master besides. The handler of each raises SystemExit
where the main thread is.
"""

import atexit
import time

import endings


@atexit.register
def A():
    print("A: cleaning up")
    time.sleep(endings.seconds())


@atexit.register
def B():
    print("B: cleaning up")
    time.sleep(endings.seconds())


@atexit.register
def C():
    print("C: cleaning up")
    time.sleep(endings.seconds())


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
