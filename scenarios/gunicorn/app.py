# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn!=24.*,!=25.*"]
#
# [tool.exitmatrix]
# title = "gunicorn with two sync workers"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "sys-exit-3", "os-exit-3", "os-exit-7", "exception", "self-SIGTERM", "SIGABRT", "SIGUSR1", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGQUIT@master", "SIGKILL@master", "SIGTERM@worker", "SIGINT@worker", "SIGQUIT@worker", "SIGKILL@worker", "SIGTERM@group", "SIGINT@group", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGKILL@worker", "SIGTERM-then-SIGKILL@group", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGABRT@worker", "SIGABRT@group", "SIGTERM-then-SIGTERM@group", "SIGHUP@master"]
# ///
"""Whose handlers run when gunicorn is stopped, reloaded, or loses a process?

Each worker imports the application, so each worker has its handlers; the master has none.
"""

import atexit

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


def app(environ, start_response):
    if environ["PATH_INFO"] == "/end":
        endings.end_here()
    if environ["PATH_INFO"] == "/busy":
        endings.busy()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
