# /// script
# requires-python = ">=3.10"
# dependencies = ["gevent"]
#
# [tool.exitmatrix]
# title = "gunicorn with two workers of gevent"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-k", "gevent", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-gevent"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT@master", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGABRT", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGKILL@master", "SIGTERM@worker", "SIGINT@worker", "SIGKILL@worker", "SIGTERM@group", "SIGINT@group", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGKILL@worker", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM-then-SIGTERM@group", "SIGABRT@worker", "SIGTERM-then-SIGKILL@group", "SIGHUP@master"]
# ///
"""Whose handlers run when workers of gunicorn serve with gevent?

Each request has a greenlet: a view that waits lets others run, and the main one too.
"""

import atexit
import select

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


def busy():
    with endings.telling(endings.BUSY):
        select.select([endings.gate(endings.ANSWERING)], [], [])


def app(environ, start_response):
    if environ["PATH_INFO"] == "/end":
        endings.end_here()
    if environ["PATH_INFO"] == "/busy":
        busy()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
