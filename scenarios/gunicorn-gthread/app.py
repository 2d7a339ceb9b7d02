# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn!=21.*,!=22.*,!=24.*,!=25.*"]
#
# [tool.exitmatrix]
# title = "gunicorn with two workers of threads"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-k", "gthread", "--threads", "2", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-gthread"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "sys-exit-3", "os-exit-3", "os-exit-7", "exception", "self-SIGTERM", "SIGABRT", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGQUIT@master", "SIGKILL@master", "SIGTERM@worker", "SIGINT@worker", "SIGQUIT@worker", "SIGKILL@worker", "SIGTERM@group", "SIGINT@group", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGKILL@worker", "SIGTERM-then-SIGKILL@group", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGABRT@worker", "SIGHUP@master"]
# ///
"""Whose handlers run when workers of gunicorn serve with threads?

A thread answers, and the main thread waits: it takes the signals, and looks each second whether
its master lives.
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
