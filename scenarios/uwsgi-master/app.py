# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi"]
#
# [tool.exitmatrix]
# title = "uWSGI with a master and two processes"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app", "--master", "--processes", "2"]
# server = "uwsgi-master"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# busy = ["SIGTERM@master", "SIGTERM@worker", "SIGHUP@worker", "SIGHUP@master", "SIGKILL@worker", "SIGTERM-then-SIGTERM@worker", "SIGINT@worker", "SIGKILL@master", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@group", "SIGTERM-then-SIGKILL@group", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGKILL@worker", "SIGTERM@group", "SIGHUP@group", "SIGINT@master", "SIGINT@group"]
# ///
"""Whose handlers run when uWSGI with a master is stopped, reloaded, or loses a process?

The master imports the application and forks: each process has the handlers. SIGTERM does not stop it:
it starts anew, in the same process.
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
