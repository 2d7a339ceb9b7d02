# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi"]
#
# [tool.exitmatrix]
# title = "uWSGI in one process"
# roles = ["main"]
# ready = "listening"
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app"]
# server = "uwsgi"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# ///
"""Which handlers run when uWSGI is stopped, and what of `uwsgi.atexit`?

Without --master there is one process, which serves: there is nobody to start it again.
"""

import atexit

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


def app(environ, start_response):
    if environ["PATH_INFO"] == "/end":
        endings.end_here()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
