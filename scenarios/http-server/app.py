# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "http.server, run as python -m does"
# roles = ["main"]
# ready = "listening"
# command = ["python", "app.py", "--bind", "127.0.0.1", "{port}"]
# server = "http-server"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL", "SIGTERM-then-SIGTERM"]
# ///
"""Do handlers run when `python -m http.server` is stopped?

That command runs no code but the standard library's, so nobody could register a handler in it. This
program registers three, and then runs the module as `-m` does.
"""

import atexit
import runpy


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


runpy.run_module("http.server", run_name="__main__", alter_sys=True)
