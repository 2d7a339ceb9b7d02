# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn>=27"]
#
# [tool.exitmatrix]
# title = "gunicorn with hooks, a timeout and --max-requests"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-c", "hooks.py", "--timeout", "3", "--max-requests", "1", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-hooks"
# terminations = ["SIGTERM", "SIGINT", "SIGQUIT@master", "SIGQUIT@group", "SIGHUP@master", "SIGHUP@group", "SIGABRT@worker", "SIGKILL", "os-exit-7", "return", "hang", "SIGTERM-then-SIGTERM@group", "SIGTERM-then-SIGTERM@master", "SIGTTIN@master", "SIGTTOU@master"]
# ///
"""Which hooks of gunicorn run where, and when, beside the atexit handlers?

Its configuration is `hooks.py`. A worker answers one request and is then replaced, and one that
does not come back for three seconds is ended by its master.
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
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
