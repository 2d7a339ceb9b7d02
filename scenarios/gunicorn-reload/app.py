# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn>=27"]
#
# [tool.exitmatrix]
# title = "gunicorn --reload"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "--reload", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-reload"
# terminations = ["SIGUSR1@worker"]
# ///
"""Does clean-up run when a file is saved that gunicorn watches?

On SIGUSR1 the program saves its own file. A thread of the worker looks at the files once a second.
"""

import atexit
import os
import signal


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def save(number, frame):
    os.utime(__file__)


signal.signal(signal.SIGUSR1, save)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
