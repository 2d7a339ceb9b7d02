# /// script
# requires-python = ">=2.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "A Flask app on its development server, without the debugger"
# roles = ["main"]
# ready = "http"
# terminations = ["*"]
# launchers = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# server = "threads"
# ///
"""One process serves and registers A, B and C; a view may end it.

Requests are handled in threads, Flask's default since 1.0, so what a view
raises ends a thread and not the server.
"""
from __future__ import print_function

import atexit
import os

from flask import Flask

import endings

app = Flask(__name__)


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0)
