# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi"]
#
# [tool.exitmatrix]
# title = "uWSGI --die-on-term, with a master and two processes"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app", "--master", "--processes", "2", "--die-on-term"]
# server = "uwsgi-die-on-term"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "SIGTERM-then-SIGTERM", "exception", "sys-exit-3"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# busy = ["SIGTERM@master", "SIGINT@master", "SIGHUP@master", "SIGKILL@master", "SIGTERM@worker", "SIGHUP@worker", "SIGTERM@group", "SIGINT@group", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM-then-SIGTERM@group"]
# ///
"""What does --die-on-term change when uWSGI is sent SIGTERM?

It exchanges what the master does on SIGTERM and on SIGQUIT.
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
    if environ["PATH_INFO"] == "/busy":
        endings.busy()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
