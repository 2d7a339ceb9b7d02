# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi>=2.0.30"]
#
# [tool.exitmatrix]
# title = "uWSGI while it loads an application, which takes some seconds"
# roles = ["main"]
# ready = {line = "late: begins"}
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app"]
# server = "uwsgi-late"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# ///
"""What comes of uWSGI that is told to stop while it loads its application?

It listens by then, and no handler of a worker is there yet.
"""

import atexit
import time

import uwsgi

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


@endings.tells("uwsgi.atexit:bye")
def bye():
    print("bye: cleaning up")


uwsgi.atexit = bye
print("late: begins", flush=True)
time.sleep(3)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
