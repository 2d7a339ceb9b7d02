# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn!=21.*,!=22.*,!=23.*,!=24.*,!=25.*"]
#
# [tool.exitmatrix]
# title = "gunicorn --preload with two sync workers"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "--preload", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-preload"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGTERM@worker", "SIGTERM@group", "SIGTERM-then-SIGTERM@master", "SIGINT@worker", "SIGQUIT@worker", "SIGKILL@master", "SIGABRT@worker", "SIGHUP@master"]
# ///
"""Whose handlers run when the master imports the application before it forks?

The workers are forked with the handlers of the master: each process has its own copy.
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
