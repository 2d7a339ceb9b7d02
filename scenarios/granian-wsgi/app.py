# /// script
# requires-python = ">=3.10"
# dependencies = ["granian"]
#
# [tool.exitmatrix]
# title = "granian with two workers, a WSGI app"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "granian", "--interface", "wsgi", "--workers", "2", "--port", "{port}", "app:app"]
# not-on = {pypy = "there is no wheel of granian for it, and building one takes Rust"}
# server = "granian-wsgi"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGABRT", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGKILL@master", "SIGTERM@worker", "SIGINT@worker", "SIGKILL@worker", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGKILL@worker", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM-then-SIGTERM@group", "SIGHUP@master"]
# ///
"""Whose handlers run when the master of granian is stopped, reloaded, or loses one of two workers?
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
