# /// script
# requires-python = ">=3.10"
# dependencies = ["waitress"]
#
# [tool.exitmatrix]
# title = "waitress-serve"
# roles = ["main"]
# ready = "listening"
# command = ["python", "-m", "waitress", "--listen", "127.0.0.1:{port}", "app:app"]
# server = "waitress"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM-then-SIGTERM"]
# ///
"""Do handlers run when waitress is stopped?
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
